// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {TriggerTest} from "./TriggerTest.sol";

/// @notice What calls cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract TriggerRegistryGasTest is TriggerTest {
    /// TRG-30: creating a cron trigger.
    function test_createCron() external {
        _create(CRON, _cron("*/5 * * * *"));
        uint256 first = vm.lastCallGas().gasTotalUsed;
        _create(CRON, _cron("30 12 * * 1-5"));
        uint256 further = vm.lastCallGas().gasTotalUsed;

        console.log("create cron: first, further", first, further);
        vm.assertLe(first, 152_000, "an agent's first");
        vm.assertLe(further, 118_500, "a further one");
    }

    /// TRG-30: creating a webhook trigger, whose config is stored as it is.
    function test_createWebhook() external {
        _create(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        _create(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        uint256 further = vm.lastCallGas().gasTotalUsed;

        console.log("create webhook", further);
        vm.assertLe(further, 149_000, "a further one");
    }
}
