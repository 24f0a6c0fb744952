// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {TriggerRegistry} from "../../src/compute/TriggerRegistry.sol";
import {AttesterQuorums} from "../../src/compute/attestation/AttesterQuorums.sol";
import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Agent} from "./Agent.sol";

/// @notice A registry, agents and a sponsor, and configs and inputs of each kind.
abstract contract TriggerTest is Test {
    ComputeStaking internal staking;
    AttesterQuorums internal quorums;
    LedgerManager internal ledger;
    TriggerRegistry internal triggers;
    address internal agent = makeAddr("agent");
    address internal stranger = makeAddr("stranger");
    address internal sponsor = makeAddr("sponsor");
    address internal executor = makeAddr("executor");
    Agent internal counter;

    ITriggerRegistry.TriggerType internal constant CRON = ITriggerRegistry.TriggerType.Cron;
    ITriggerRegistry.TriggerType internal constant WEBHOOK = ITriggerRegistry.TriggerType.Webhook;
    ITriggerRegistry.TriggerType internal constant EVENT = ITriggerRegistry.TriggerType.Event;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        ledger = new LedgerManager();
        staking = new ComputeStaking(address(this), address(this), address(this));
        quorums = new AttesterQuorums(staking);
        triggers = new TriggerRegistry(ledger, quorums);
        counter = new Agent();
        vm.deal(sponsor, 1000 ether);
        vm.deal(executor, 1 ether);
        vm.fee(1 gwei);
        vm.txGasPrice(2 gwei);
        vm.prank(executor);
        triggers.openCredit{value: 1}();
    }

    /// @dev A trigger of `counter`'s, which nobody sponsors.
    function _createFor(ITriggerRegistry.TriggerType triggerType, bytes memory config)
        internal
        returns (uint256)
    {
        return counter.create(triggers, triggerType, config);
    }

    /// @dev One of `counter`'s that is sponsored with a first balance.
    function _sponsored(ITriggerRegistry.TriggerType triggerType, bytes memory config)
        internal
        returns (uint256 triggerId)
    {
        triggerId = _createFor(triggerType, config);
        _sponsor(triggerId, 0.1 ether);
    }

    function _sponsor(uint256 triggerId, uint256 value) internal {
        vm.prank(sponsor);
        triggers.sponsor{value: value}(triggerId, 1 ether, 100 gwei, block.timestamp + 365 days);
    }

    /// @dev Lets the registry draw `amount` of what `sponsor` deposits.
    function _allow(uint256 amount) internal {
        vm.startPrank(sponsor);
        ledger.deposit{value: amount}();
        ledger.allow(address(triggers), address(0), amount);
        vm.stopPrank();
    }

    /// @dev As a transaction of the executor's own.
    function _execute(uint256 triggerId, bytes memory input) internal {
        vm.prank(executor, executor);
        triggers.executeTrigger(triggerId, input);
    }

    function _expectReason(uint256 triggerId, ITriggerRegistry.Reason reason) internal {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotExecutable.selector, triggerId, reason));
    }

    function _executeMany(uint256[] memory triggerIds, bytes[] memory inputs)
        internal
        returns (ITriggerRegistry.Reason[] memory)
    {
        vm.prank(executor, executor);
        return triggers.executeMany(triggerIds, inputs);
    }

    function _tick(uint256 time) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(1), uint40(time));
    }

    function _everyMinute(uint8 policy) internal pure returns (bytes memory) {
        return abi.encodePacked(_header(), policy, int8(0), "* * * * *");
    }

    function _create(ITriggerRegistry.TriggerType triggerType, bytes memory config)
        internal
        returns (uint256)
    {
        vm.prank(agent);
        return triggers.createTrigger(triggerType, config);
    }

    /// @dev Three failures, an hour's delay, 2,000,000 gas, the agent itself.
    function _header() internal pure returns (bytes memory) {
        return _headerWith(2000, address(0), "");
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
