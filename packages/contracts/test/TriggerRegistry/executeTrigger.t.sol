// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Agent} from "./Agent.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract ExecuteTriggerTest is TriggerTest {
    uint256 internal constant NOW = 1_800_000_000;

    /// TRG-9: anyone runs a tick that is due; the agent is called by the registry, with the tick as the key.
    function test_runsATick(address caller) external {
        vm.assume(caller != address(0));
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        vm.warp(NOW + 90);

        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerExecuted(triggerId, NOW + 60, caller, 0);
        vm.prank(caller);
        triggers.executeTrigger(triggerId, _tick(NOW + 60));

        vm.assertEq(counter.runs(), 2, "runs");
        vm.assertEq(counter.lastKey(), NOW + 60, "key");
        vm.assertEq(counter.lastTriggerId(), triggerId, "id");
        vm.assertEq(counter.lastPayload(), "", "payload");
        vm.assertEq(counter.lastCaller(), address(triggers), "caller");
    }

    /// TRG-9: not before its time, not for a minute that its expression does not name, not for half a minute.
    function test_revertsWhen_notDue() external {
        uint256 triggerId = _createFor(CRON, _cron("0 9 * * *"));

        _expectReason(triggerId, ITriggerRegistry.Reason.TooEarly);
        _execute(triggerId, _tick(NOW + 1 hours));
        vm.warp(NOW + 1 hours + 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotInSchedule);
        _execute(triggerId, _tick(NOW + 59 minutes));
        _expectReason(triggerId, ITriggerRegistry.Reason.NotInSchedule);
        _execute(triggerId, _tick(NOW + 1 hours - 1));
        _execute(triggerId, _tick(NOW + 1 hours));
    }

    /// TRG-9: an input of another form is refused.
    function test_revertsWhen_inputIsBad(bytes memory input) external {
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        vm.assume(input.length != 6 || input[0] != 0x01);

        _expectReason(triggerId, ITriggerRegistry.Reason.BadInput);
        _execute(triggerId, input);
    }

    /// TRG-10: missed ticks fold into one run.
    function test_coalesces(uint256 gap, uint256 which) external {
        gap = bound(gap, 1, 60);
        which = bound(which, 1, gap);
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        vm.warp(NOW + gap * 60 + 59);

        _execute(triggerId, _tick(NOW + which * 60));

        for (uint256 i = 1; i <= gap; ++i) {
            _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
            _execute(triggerId, _tick(NOW + i * 60));
        }
        vm.assertEq(counter.runs(), 2, "one run");
        vm.assertEq(triggers.dueTick(triggerId), 0, "nothing due");
    }

    /// TRG-11: with BACKFILL every tick runs, in order.
    function test_backfillsInOrder(uint256 gap) external {
        gap = bound(gap, 2, 60);
        uint256 triggerId = _createFor(CRON, _everyMinute(1));
        vm.warp(NOW + gap * 60);

        for (uint256 i = 1; i <= gap; ++i) {
            if (i < gap) {
                _expectReason(triggerId, ITriggerRegistry.Reason.OutOfOrder);
                _execute(triggerId, _tick(NOW + (i + 1) * 60));
            }
            vm.assertEq(triggers.dueTick(triggerId), NOW + i * 60, "due");
            _execute(triggerId, _tick(NOW + i * 60));
        }
        vm.assertEq(counter.runs(), 1 + gap, "all of them");
    }

    /// TRG-12: ticks older than the maximum delay expire, and do not hold up those after them.
    function test_expiresTicks(uint256 outage) external {
        outage = bound(outage, 62, 100_000);
        uint256 triggerId = _createFor(CRON, _everyMinute(1));
        vm.warp(NOW + outage * 60);
        uint256 first = NOW + (outage - 60) * 60;

        _expectReason(triggerId, ITriggerRegistry.Reason.TooLate);
        _execute(triggerId, _tick(first - 60));
        vm.assertEq(triggers.dueTick(triggerId), first, "due");
        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TicksExpired(triggerId, NOW, first - 1);
        _execute(triggerId, _tick(first));
        _execute(triggerId, _tick(first + 60));
    }

    /// TRG-12: the boundary is the maximum delay to the second, under both policies.
    function test_expiresToTheSecond(bool backfill) external {
        uint256 triggerId = _createFor(CRON, _everyMinute(backfill ? 1 : 0));
        vm.warp(NOW + 60 + 1 hours + 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.TooLate);
        _execute(triggerId, _tick(NOW + 60));

        vm.warp(NOW + 60 + 1 hours);
        _execute(triggerId, _tick(NOW + 60));
    }

    /// TRG-13: what is due can be asked before, and the answer is what happens.
    function test_isDueTells(uint256 wait, uint256 tick, bool backfill, uint256 mood) external {
        wait = bound(wait, 0, 3 hours);
        tick = bound(tick, NOW - 120, NOW + 3 hours);
        mood = bound(mood, 0, 2);
        bytes memory config = abi.encodePacked(_header(), uint8(backfill ? 1 : 0), int8(0), "*/7 * * * *");
        uint256 triggerId = _createFor(CRON, config);
        if (mood != 0) counter.act(address(triggers), abi.encodeCall(triggers.pauseTrigger, triggerId));
        if (mood == 2) counter.act(address(triggers), abi.encodeCall(triggers.deactivateTrigger, triggerId));
        vm.warp(NOW + wait);

        (bool due, ITriggerRegistry.Reason reason) = triggers.isDue(triggerId, _tick(tick));

        vm.assertEq(due, reason == ITriggerRegistry.Reason.None, "due");
        if (!due) _expectReason(triggerId, reason);
        _execute(triggerId, _tick(tick));
        vm.assertEq(counter.runs(), due ? 2 : 1, "runs");
    }

    /// TRG-13: the tick that is said to be due is.
    function test_dueTickIsDue(uint256 wait, bool backfill, uint8 which) external {
        wait = bound(wait, 0, 4 hours);
        string[4] memory expressions = ["* * * * *", "*/7 * * * *", "3,30 8-9 * * *", "0 0 1 1 *"];
        bytes memory config =
            abi.encodePacked(_header(), uint8(backfill ? 1 : 0), int8(0), expressions[which % 4]);
        uint256 triggerId = _createFor(CRON, config);
        vm.warp(NOW + wait);

        uint256 tick = triggers.dueTick(triggerId);
        vm.assertEq(triggers.triggerDetails(triggerId).dueTick, tick, "the same in the details");
        if (tick == 0) return;
        (bool due,) = triggers.isDue(triggerId, _tick(tick));
        vm.assertTrue(due, "due");
    }

    /// TRG-14: a call that reverts has happened; after the maximum of failures in a row the trigger pauses.
    function test_pausesAfterFailures() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        counter.setMood(Agent.Mood.Revert);
        for (uint256 i = 1; i <= 3; ++i) {
            vm.warp(NOW + i * 60);
            uint256 before = triggers.creditOf(executor);
            vm.expectEmit(address(triggers));
            emit ITriggerRegistry.TriggerFailed(triggerId, NOW + i * 60);
            if (i == 3) {
                vm.expectEmit(address(triggers));
                emit ITriggerRegistry.TriggerPaused(triggerId, 3);
            }
            _execute(triggerId, _tick(NOW + i * 60));
            vm.assertGt(triggers.creditOf(executor), before, "paid");
            vm.assertEq(triggers.triggerDetails(triggerId).failuresInARow, i, "failures");
        }
        vm.warp(NOW + 240);
        _expectReason(triggerId, ITriggerRegistry.Reason.Paused);
        _execute(triggerId, _tick(NOW + 240));
        vm.assertFalse(triggers.getTrigger(triggerId).active, "active");
    }

    /// TRG-14: a success in between forgets failures; with no maximum it never pauses.
    function test_forgetsFailures() external {
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        bytes memory endless = _everyMinute(0);
        endless[1] = 0;
        uint256 other = _createFor(CRON, endless);
        for (uint256 i = 1; i <= 300; ++i) {
            vm.warp(NOW + i * 60);
            counter.setMood(i % 3 == 0 ? Agent.Mood.Count : Agent.Mood.Revert);
            _execute(triggerId, _tick(NOW + i * 60));
            counter.setMood(Agent.Mood.Revert);
            _execute(other, _tick(NOW + i * 60));
        }
        vm.assertTrue(triggers.getTrigger(triggerId).active, "active");
        vm.assertTrue(triggers.getTrigger(other).active, "other active");
        vm.assertEq(triggers.triggerDetails(other).failuresInARow, 255, "counted up to 255");
    }

    /// TRG-15: paused, nothing runs; resumed, the ticks of the pause are not made up.
    function test_pausesAndResumes(bool backfill) external {
        uint256 triggerId = _createFor(CRON, _everyMinute(backfill ? 1 : 0));
        counter.act(address(triggers), abi.encodeCall(triggers.pauseTrigger, triggerId));
        vm.warp(NOW + 600);
        _expectReason(triggerId, ITriggerRegistry.Reason.Paused);
        _execute(triggerId, _tick(NOW + 60));

        counter.act(address(triggers), abi.encodeCall(triggers.resumeTrigger, triggerId));

        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, _tick(NOW + 600));
        vm.warp(NOW + 660);
        _execute(triggerId, _tick(NOW + 660));
    }

    /// TRG-15: only the agent pauses and resumes, and not after the end.
    function test_revertsWhen_notTheAgents() external {
        uint256 triggerId = _create(CRON, _everyMinute(0));
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, triggerId, stranger));
        triggers.pauseTrigger(triggerId);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, triggerId, stranger));
        triggers.resumeTrigger(triggerId);
        vm.startPrank(agent);
        triggers.deactivateTrigger(triggerId);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.TriggerNotActive.selector, triggerId));
        triggers.pauseTrigger(triggerId);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.TriggerNotActive.selector, triggerId));
        triggers.resumeTrigger(triggerId);
        vm.stopPrank();
        _expectReason(triggerId, ITriggerRegistry.Reason.Deactivated);
        _execute(triggerId, _tick(NOW));
        _expectReason(99, ITriggerRegistry.Reason.NotFound);
        _execute(99, _tick(NOW));
    }

    /// TRG-16: another target than the agent is called through the agent's own account, and only for that agent.
    function test_callsThroughTheForwarder() external {
        Agent target = new Agent();
        bytes memory data = abi.encodeCall(Agent.poke, 42);
        bytes memory config =
            abi.encodePacked(_headerWith(200, address(target), data), uint8(0), int8(0), "* * * * *");
        uint256 triggerId = _createFor(CRON, config);
        uint256 plain = _createFor(
            CRON, abi.encodePacked(_headerWith(200, address(target), ""), uint8(0), int8(0), "* * * * *")
        );
        vm.warp(NOW + 60);

        _execute(triggerId, _tick(NOW + 60));
        vm.assertEq(target.lastKey(), 42, "data");
        vm.assertEq(target.lastCaller(), triggers.forwarderOf(address(counter)), "caller");
        _execute(plain, _tick(NOW + 60));
        vm.assertEq(target.lastKey(), NOW + 60, "default callback");
        vm.assertEq(target.runs(), 3, "both ran");
        vm.assertNotEq(triggers.forwarderOf(agent), triggers.forwarderOf(address(counter)), "its own");
    }

    /// TRG-16: the agent itself is called by the registry with data of its own too.
    function test_callsTheAgentWithItsData(bool named) external {
        bytes memory data = abi.encodeCall(Agent.poke, 43);
        address target = named ? address(counter) : address(0);
        bytes memory config = abi.encodePacked(_headerWith(200, target, data), uint8(0), int8(0), "* * * * *");
        uint256 triggerId = _createFor(CRON, config);
        vm.warp(NOW + 60);

        _execute(triggerId, _tick(NOW + 60));

        vm.assertEq(counter.lastKey(), 43, "data");
        vm.assertEq(counter.lastCaller(), address(triggers), "caller");
    }

    /// TRG-16: a forwarder obeys nobody but the registry.
    function test_forwarderObeysTheRegistryAlone(bytes memory data) external {
        bytes memory config =
            abi.encodePacked(_headerWith(200, stranger, hex"00"), uint8(0), int8(0), "* * * * *");
        _createFor(CRON, config);
        address forwarder = triggers.forwarderOf(address(counter));
        vm.assertGt(forwarder.code.length, 0, "deployed");

        vm.prank(address(counter));
        (bool ok,) = forwarder.call(data);
        vm.assertFalse(ok, "refused");
    }

    /// TRG-17: without a call on chain, only the turn is recorded.
    function test_recordsWithoutACall() external {
        bytes memory config = abi.encodePacked(_headerWith(0, address(0), ""), uint8(0), int8(0), "* * * * *");
        uint256 triggerId = _createFor(CRON, config);
        vm.warp(NOW + 60);

        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerExecuted(triggerId, NOW + 60, executor, 0);
        _execute(triggerId, _tick(NOW + 60));
        vm.assertEq(counter.runs(), 1, "not called");
        vm.assertEq(triggers.triggerDetails(triggerId).target, address(0), "no target");
    }

    /// TRG-18: several run in one transaction, what is not due is skipped and named, and nothing else fails by it.
    function test_executeManySkips() external {
        uint256[] memory triggerIds = new uint256[](4);
        bytes[] memory inputs = new bytes[](4);
        triggerIds[0] = _sponsored(CRON, _everyMinute(0));
        triggerIds[1] = _sponsored(CRON, _cron("0 0 1 1 *"));
        triggerIds[2] = 77;
        triggerIds[3] = _sponsored(CRON, _everyMinute(1));
        vm.warp(NOW + 60);
        for (uint256 i = 0; i < 4; ++i) {
            inputs[i] = _tick(NOW + 60);
        }
        inputs[2] = hex"02ff";

        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerSkipped(triggerIds[1], ITriggerRegistry.Reason.NotInSchedule);
        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerSkipped(77, ITriggerRegistry.Reason.NotFound);
        ITriggerRegistry.Reason[] memory results = _executeMany(triggerIds, inputs);

        vm.assertEq(uint8(results[0]), 0, "ran");
        vm.assertEq(uint8(results[1]), uint8(ITriggerRegistry.Reason.NotInSchedule), "not in schedule");
        vm.assertEq(uint8(results[2]), uint8(ITriggerRegistry.Reason.NotFound), "not found");
        vm.assertEq(uint8(results[3]), 0, "ran too");
        vm.assertEq(counter.runs(), 3, "runs");
        vm.assertEq(triggers.triggerDetails(triggerIds[1]).balance, 0.1 ether, "a skipped one pays nothing");
    }

    /// TRG-18: the same twice in one transaction runs once.
    function test_executeManyTheSameTwice() external {
        uint256[] memory triggerIds = new uint256[](2);
        bytes[] memory inputs = new bytes[](2);
        triggerIds[0] = triggerIds[1] = _createFor(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        inputs[0] = inputs[1] = _tick(NOW + 60);

        ITriggerRegistry.Reason[] memory results = _executeMany(triggerIds, inputs);

        vm.assertEq(uint8(results[1]), uint8(ITriggerRegistry.Reason.AlreadyDone), "done");
        vm.assertEq(counter.runs(), 2, "one run");
    }

    /// TRG-18: the last input is for all triggers that follow.
    function test_executeManyWithFewerInputs() external {
        uint256[] memory triggerIds = new uint256[](4);
        bytes[] memory inputs = new bytes[](2);
        triggerIds[0] = _sponsored(CRON, _cron("3 * * * *"));
        triggerIds[1] = _sponsored(CRON, _everyMinute(0));
        triggerIds[2] = _sponsored(CRON, _cron("0 0 1 1 *"));
        triggerIds[3] = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 120);
        (inputs[0], inputs[1]) = (_tick(NOW + 60), _tick(NOW + 120));

        ITriggerRegistry.Reason[] memory results = _executeMany(triggerIds, inputs);

        vm.assertEq(results.length, 4, "results");
        vm.assertEq(uint8(results[0]), uint8(ITriggerRegistry.Reason.NotInSchedule), "its own");
        vm.assertEq(uint8(results[1]), 0, "ran");
        vm.assertEq(uint8(results[2]), uint8(ITriggerRegistry.Reason.NotInSchedule), "not in schedule");
        vm.assertEq(uint8(results[3]), 0, "ran too");
        vm.assertEq(counter.lastKey(), NOW + 120, "tick");
        vm.assertEq(counter.runs(), 3, "runs");
    }

    /// TRG-18: no more inputs than triggers, and at least one.
    function test_revertsWhen_lengthsDiffer() external {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.LengthMismatch.selector, 1, 2));
        _executeMany(new uint256[](1), new bytes[](2));
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.LengthMismatch.selector, 1, 0));
        _executeMany(new uint256[](1), new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.LengthMismatch.selector, 0, 0));
        _executeMany(new uint256[](0), new bytes[](0));
    }

    /// TRG-24: the agent may end its trigger from within its call: once means once.
    function test_endsItselfFromWithin() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        counter.callBack(address(triggers), abi.encodeCall(triggers.deactivateTrigger, triggerId));
        vm.warp(NOW + 60);

        _execute(triggerId, _tick(NOW + 60));

        vm.assertTrue(counter.callBackSucceeded(), "allowed");
        vm.assertTrue(triggers.triggerDetails(triggerId).deactivated, "ended");
        vm.assertGt(triggers.creditOf(executor), 1, "paid all the same");
    }
}
