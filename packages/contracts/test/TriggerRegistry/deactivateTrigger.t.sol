// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract DeactivateTriggerTest is TriggerTest {
    uint256 internal triggerId;

    function setUp() public override {
        super.setUp();
        triggerId = _create(CRON, _cron("*/5 * * * *"));
    }

    /// TRG-6: the agent ends its trigger; all else of it stays readable.
    function test_ends() external {
        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerDeactivated(triggerId);
        vm.prank(agent);
        triggers.deactivateTrigger(triggerId);

        vm.assertFalse(triggers.getTrigger(triggerId).active, "active");
        vm.assertEq(triggers.getTrigger(triggerId).config, _cron("*/5 * * * *"), "config");
    }

    /// TRG-6: nobody else does.
    function test_revertsWhen_callerIsNotTheAgent(address caller) external {
        vm.assume(caller != agent);

        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, triggerId, caller));
        vm.prank(caller);
        triggers.deactivateTrigger(triggerId);
    }

    /// TRG-6: it ends once.
    function test_revertsWhen_itHasEnded() external {
        vm.prank(agent);
        triggers.deactivateTrigger(triggerId);

        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.TriggerNotActive.selector, triggerId));
        vm.prank(agent);
        triggers.deactivateTrigger(triggerId);
    }

    /// TRG-6: what does not exist cannot end, nor be read.
    function test_revertsWhen_thereIsNone(uint256 other) external {
        vm.assume(other != triggerId);

        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.TriggerNotFound.selector, other));
        vm.prank(agent);
        triggers.deactivateTrigger(other);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.TriggerNotFound.selector, other));
        triggers.getTrigger(other);
    }
}
