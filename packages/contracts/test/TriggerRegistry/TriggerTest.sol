// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {TriggerRegistry} from "../../src/compute/TriggerRegistry.sol";
import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";

/// @notice A registry, an agent, and configs of each kind.
abstract contract TriggerTest is Test {
    LedgerManager internal ledger;
    TriggerRegistry internal triggers;
    address internal agent = makeAddr("agent");
    address internal stranger = makeAddr("stranger");

    ITriggerRegistry.TriggerType internal constant CRON = ITriggerRegistry.TriggerType.Cron;
    ITriggerRegistry.TriggerType internal constant WEBHOOK = ITriggerRegistry.TriggerType.Webhook;
    ITriggerRegistry.TriggerType internal constant EVENT = ITriggerRegistry.TriggerType.Event;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        ledger = new LedgerManager();
        triggers = new TriggerRegistry(ledger);
    }

    function _create(ITriggerRegistry.TriggerType triggerType, bytes memory config)
        internal
        returns (uint256)
    {
        vm.prank(agent);
        return triggers.createTrigger(triggerType, config);
    }

    /// @dev Three failures, an hour's delay, 200,000 gas, the agent itself.
    function _header() internal pure returns (bytes memory) {
        return _headerWith(200, address(0), "");
    }

    function _headerWith(uint16 gasLimit, address target, bytes memory data)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(uint8(1), uint8(3), uint16(60), gasLimit, target, uint16(data.length), data);
    }

    function _cron(string memory expression) internal pure returns (bytes memory) {
        return abi.encodePacked(_header(), uint8(0), int8(0), expression);
    }

    function _webhook(uint8 kind, bytes memory key) internal pure returns (bytes memory) {
        return abi.encodePacked(_header(), uint8(0), kind, key);
    }

    function _event(address emitter, uint8 topics, bytes memory values) internal pure returns (bytes memory) {
        return abi.encodePacked(_header(), emitter, topics, values);
    }
}
