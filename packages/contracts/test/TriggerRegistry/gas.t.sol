// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {console} from "forge-std/console.sol";

import {Cron} from "../../src/compute/libraries/Cron.sol";
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
        vm.assertLe(first, 155_000, "an agent's first");
        vm.assertLe(further, 121_500, "a further one");
    }

    /// TRG-30: creating a webhook trigger, whose key is packed.
    function test_createWebhook() external {
        _create(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        _create(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        uint256 further = vm.lastCallGas().gasTotalUsed;

        console.log("create webhook", further);
        vm.assertLe(further, 118_000, "a further one");
    }

    /// TRG-30: to tell from cold storage whether a tick is in the schedule.
    function test_match() external view {
        uint256 spec = Cron.parse("30 12 * * 1-5", 0);
        uint256 dated = Cron.parse("0 0 29 2 *", 0);
        uint256 before = gasleft();
        Cron.matches(spec, 1_800_000_000);
        uint256 plain = before - gasleft();
        before = gasleft();
        Cron.matches(dated, 1_835_395_200);
        uint256 civil = before - gasleft();

        console.log("match: weekdays, dates", plain, civil);
        vm.assertLe(plain + 2100, 2500, "by weekday");
        vm.assertLe(civil + 2100, 3200, "by date");
    }
}
