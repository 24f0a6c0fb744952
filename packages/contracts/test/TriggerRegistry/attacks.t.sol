// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Agent} from "./Agent.sol";
import {TriggerTest} from "./TriggerTest.sol";

/// @notice A contract that executes for others, many times in one transaction.
contract Bundler {
    function execute(ITriggerRegistry triggers, uint256[] calldata triggerIds, bytes calldata input)
        external
    {
        for (uint256 i = 0; i < triggerIds.length; ++i) {
            triggers.executeTrigger(triggerIds[i], input);
        }
    }
}

/// @notice What others got wrong, or could: each attack on triggers that is known, and its answer.
contract TriggerAttacksTest is TriggerTest {
    uint256 internal constant NOW = 1_800_000_000;

    /// TRG-34: a stranger runs nothing that is not due. Others ran a weekday's job on a Saturday.
    function test_strangerOnASaturday() external {
        uint256 triggerId = _sponsored(CRON, _cron("30 12 * * 1-5"));
        uint256 saturday = NOW + 1 days + 4.5 hours;
        vm.warp(saturday);

        _expectReason(triggerId, ITriggerRegistry.Reason.NotInSchedule);
        vm.prank(stranger);
        triggers.executeTrigger(triggerId, _tick(saturday));
    }

    /// TRG-34: nor does asking a hundred times in a second drain a daily trigger. Others paid each time.
    function test_drainByRepetition() external {
        uint256 triggerId = _sponsored(CRON, _cron("0 8 * * *"));
        vm.warp(NOW + 1 days);
        _execute(triggerId, _tick(NOW + 1 days));
        uint256 balance = triggers.triggerDetails(triggerId).balance;
        uint256[] memory triggerIds = new uint256[](100);
        bytes[] memory inputs = new bytes[](100);
        for (uint256 i = 0; i < 100; ++i) {
            (triggerIds[i], inputs[i]) = (triggerId, _tick(NOW + 1 days));
        }

        _executeMany(triggerIds, inputs);

        vm.assertEq(triggers.triggerDetails(triggerId).balance, balance, "balance");
    }

    /// TRG-35: with too little gas for the promised call nothing happens; the tick is not burnt. Every gas limit that is
    /// accepted gives the call all it was promised.
    function test_tooLittleGas() external {
        uint256 promised = 300_000;
        bytes memory config =
            abi.encodePacked(_headerWith(300, address(0), ""), uint8(0), int8(0), "* * * * *");
        uint256 triggerId = _sponsored(CRON, config);
        uint256 accepted = 0;
        for (uint256 gas = 60_000; gas < 800_000; gas += 8000) {
            vm.warp(block.timestamp + 60);
            uint256 tick = block.timestamp / 60 * 60;
            uint256 runs = counter.runs();
            vm.prank(executor, executor);
            (bool ok,) = address(triggers).call{gas: gas}(
                abi.encodeCall(triggers.executeTrigger, (triggerId, _tick(tick)))
            );
            vm.assertEq(counter.runs(), ok ? runs + 1 : runs, "all or nothing");
            if (!ok) vm.assertEq(triggers.dueTick(triggerId) != 0, true, "the tick survives");
            if (!ok) continue;
            ++accepted;
            vm.assertGt(counter.gasGot(), promised - 1000, "what was promised");
        }
        vm.assertGt(accepted, 20, "many were accepted");
    }

    /// TRG-35: so it is through a forwarder.
    function test_tooLittleGasThroughAForwarder() external {
        Agent target = new Agent();
        bytes memory head = _headerWith(300, address(target), "");
        uint256 triggerId = _sponsored(CRON, abi.encodePacked(head, uint8(0), int8(0), "* * * * *"));
        for (uint256 gas = 60_000; gas < 800_000; gas += 8000) {
            vm.warp(block.timestamp + 60);
            uint256 runs = target.runs();
            vm.prank(executor, executor);
            (bool ok,) = address(triggers).call{gas: gas}(
                abi.encodeCall(triggers.executeTrigger, (triggerId, _tick(block.timestamp)))
            );
            vm.assertEq(target.runs(), ok ? runs + 1 : runs, "all or nothing");
            if (ok) vm.assertGt(target.gasGot(), 299_000, "what was promised");
        }
        vm.assertGt(target.runs(), 20, "many were accepted");
    }

    /// TRG-35: in a batch, one that the gas does not reach for is skipped.
    function test_tooLittleGasInABatch() external {
        uint256[] memory triggerIds = new uint256[](3);
        bytes[] memory inputs = new bytes[](3);
        vm.warp(NOW + 60);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory head = _headerWith(i == 1 ? 10_000 : 300, address(0), "");
            vm.warp(NOW);
            triggerIds[i] = _sponsored(CRON, abi.encodePacked(head, uint8(0), int8(0), "* * * * *"));
            inputs[i] = _tick(NOW + 60);
        }
        vm.warp(NOW + 60);
        vm.prank(executor, executor);
        ITriggerRegistry.Reason[] memory results = triggers.executeMany{gas: 3_000_000}(triggerIds, inputs);

        vm.assertEq(uint8(results[0]), 0, "ran");
        vm.assertEq(uint8(results[1]), uint8(ITriggerRegistry.Reason.TooLittleGas), "skipped");
        vm.assertEq(uint8(results[2]), 0, "ran too");
    }

    /// TRG-36: an agent that burns its gas, or returns a megabyte, costs its sponsor what it was promised and no more.
    function test_greedyAgent(bool bomb) external {
        bytes memory config =
            abi.encodePacked(_headerWith(200, address(0), ""), uint8(0), int8(0), "* * * * *");
        uint256 triggerId = _sponsored(CRON, config);
        counter.setMood(bomb ? Agent.Mood.ReturnBomb : Agent.Mood.BurnGas);
        vm.warp(NOW + 60);
        uint256 before = gasleft();

        vm.expectEmit(true, false, false, false, address(triggers));
        emit ITriggerRegistry.TriggerFailed(triggerId, 0);
        _execute(triggerId, _tick(NOW + 60));

        vm.assertLt(before - gasleft(), 290_000, "gas");
        uint256 paid = triggers.creditOf(executor) - 1;
        vm.assertLt(paid, 280_000 * 2.1 gwei, "paid");
        vm.assertGt(paid, 21_000 * 2.1 gwei, "the executor is repaid");
    }

    /// TRG-24: from within its call an agent cannot take away what the executor is to be paid from, nor run itself again.
    function test_agentRobsItsExecutor() external {
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        vm.deal(address(counter), 1 ether);
        vm.startPrank(address(counter));
        triggers.sponsor{value: 0.1 ether}(triggerId, 1 ether, 100 gwei, NOW + 1 days);
        triggers.requestWithdraw(triggerId);
        vm.stopPrank();
        bytes[5] memory calls = [
            abi.encodeCall(triggers.withdraw, triggerId),
            abi.encodeCall(triggers.sponsor, (triggerId, 1, 1, NOW + 1 days)),
            abi.encodeCall(triggers.executeTrigger, (triggerId, _tick(NOW + 20 minutes))),
            abi.encodeCall(triggers.collect, ()),
            abi.encodeCall(triggers.executeMany, (new uint256[](1), new bytes[](1)))
        ];
        for (uint256 i = 0; i < 5; ++i) {
            vm.warp(NOW + 20 minutes + i * 60);
            counter.callBack(address(triggers), calls[i]);
            uint256 before = triggers.creditOf(executor);
            _execute(triggerId, _tick(block.timestamp));
            vm.assertFalse(counter.callBackSucceeded(), "refused");
            vm.assertGt(triggers.creditOf(executor), before + 21_000 * 2.1 gwei, "paid whole");
        }
    }

    /// TRG-16: no agent can make the registry call another in its own name: not the ledger, where sponsors' ether is.
    function test_confusedDeputy() external {
        _allow(1 ether);
        bytes memory draw = abi.encodeCall(ILedgerManager.draw, (sponsor, address(0), 1 ether));
        bytes memory head = _headerWith(300, address(ledger), draw);
        uint256 triggerId = _createFor(CRON, abi.encodePacked(head, uint8(0), int8(0), "* * * * *"));
        vm.warp(NOW + 60);

        _execute(triggerId, _tick(NOW + 60));

        vm.assertEq(ledger.getBalance(sponsor), 1 ether, "ledger");
        vm.assertEq(triggers.triggerDetails(triggerId).failuresInARow, 1, "it failed");
    }

    /// TRG-42: what a sponsor allowed is for its own triggers alone. A stranger's trigger, whatever it and its friends do, draws
    /// nothing of it.
    function test_exploit_strangerSpendsAnAllowanceByATrigger() external {
        _allow(10 ether);
        vm.startPrank(stranger);
        uint256 triggerId = triggers.createTrigger(CRON, _everyMinute(0));
        triggers.inviteSponsor(triggerId, sponsor);
        triggers.sponsor(triggerId, 1 ether, 100 gwei, NOW + 1 days);
        vm.stopPrank();
        vm.warp(NOW + 60);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 60));
        vm.startPrank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(ILedgerManager.AllowanceTooLow.selector, sponsor, stranger, 0, 1)
        );
        ledger.draw(sponsor, address(0), 1);
        vm.expectPartialRevert(ILedgerManager.TopUpExhausted.selector);
        ledger.drawTopUp(sponsor, bytes32(triggerId), 1);
        vm.stopPrank();

        vm.assertEq(ledger.getBalance(sponsor), 10 ether, "ledger");
        vm.assertEq(ledger.allowanceOf(sponsor, address(triggers), address(0)), 10 ether, "allowance");
    }

    /// TRG-42: nor does a sponsor's own trigger beyond its cap, after its notice or after its expiry; nor by a top-up that was set
    /// for this contract.
    function test_exploit_drawsBeyondTheTerms() external {
        uint256 triggerId = _createFor(CRON, _everyMinute(0));
        vm.deal(sponsor, 100 ether);
        _allow(10 ether);
        vm.startPrank(sponsor);
        ledger.setTopUp(address(triggers), bytes32(triggerId), 1 ether, 1 ether, 1 ether);
        triggers.sponsor(triggerId, 0.02 ether, 100 gwei, NOW + 1 hours);
        vm.stopPrank();
        uint256 time = NOW;
        vm.txGasPrice(3 gwei);
        for (uint256 i = 0; i < 50; ++i) {
            time += 60;
            vm.warp(time);
            (bool due,) = triggers.isDue(triggerId, _tick(time));
            if (due) _execute(triggerId, _tick(time));
        }
        uint256 drawn = ledger.spentOn(sponsor, address(triggers), address(0));
        vm.assertGt(drawn, 0, "drawn");
        vm.assertLe(drawn, 0.02 ether + uint256(0.02 ether) * 50 / 1440, "within the cap");
        vm.assertEq(ledger.topUpOf(sponsor, address(triggers), bytes32(triggerId)).left, 1 ether, "top-up");

        vm.prank(sponsor);
        triggers.requestWithdraw(triggerId);
        _assertDrawsNothing(triggerId, time + 60);
        vm.prank(sponsor);
        triggers.sponsor(triggerId, 1 ether, 100 gwei, time + 120);
        _assertDrawsNothing(triggerId, time + 120);
    }

    /// TRG-24: what the agent does to its sponsor's place from within the call does not reach what the executor is owed.
    function test_exploit_agentTakesTheSponsorsPlaceInItsCall() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        counter.callBack(
            address(triggers), abi.encodeCall(triggers.inviteSponsor, (triggerId, address(counter)))
        );
        _execute(triggerId, _tick(NOW + 60));

        vm.assertTrue(counter.callBackSucceeded(), "an invitation moves nothing");
        vm.assertEq(triggers.triggerDetails(triggerId).sponsor, sponsor, "sponsor");
        vm.assertGt(triggers.creditOf(executor), 21_000 * 2.1 gwei, "paid whole");
    }

    /// TRG-36: an agent that always reverts is paid for by its sponsor until it pauses, and no longer.
    function test_exploit_agentAlwaysReverts() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        counter.setMood(Agent.Mood.Revert);
        for (uint256 i = 1; i <= 3; ++i) {
            vm.warp(NOW + i * 60);
            uint256 credit = triggers.creditOf(executor);
            _execute(triggerId, _tick(NOW + i * 60));
            vm.assertGt(triggers.creditOf(executor), credit, "paid");
        }
        vm.warp(NOW + 240);
        _expectReason(triggerId, ITriggerRegistry.Reason.Paused);
        _execute(triggerId, _tick(NOW + 240));
    }

    /// TRG-12: a call cannot be held back beyond the maximum delay and then be run at a moment of somebody's choice.
    function test_exploit_heldBackForABetterMoment() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60 + 1 hours + 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.TooLate);
        _execute(triggerId, _tick(NOW + 60));
    }

    /// TRG-40: a builder that executes keeps no tip that it pays to itself: beyond TIP_CAP none is repaid, and none earns a premium.
    function test_exploit_builderPaysItselfATip() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        uint256[4] memory prices = [uint256(1 gwei), 1 gwei, 3 gwei, 90 gwei];
        uint256[4] memory paid;
        for (uint256 i = 0; i < 4; ++i) {
            vm.warp(NOW + (i + 1) * 60);
            vm.txGasPrice(prices[i]);
            uint256 credit = triggers.creditOf(executor);
            _execute(triggerId, _tick(block.timestamp));
            paid[i] = triggers.creditOf(executor) - credit;
        }
        uint256 gas = paid[1] / 1.1 gwei;
        vm.assertApproxEqRel(paid[2], gas * 3.1 gwei, 0.05e18, "two gwei of tip, and a tenth of the base fee");
        vm.assertLe(paid[3], paid[2] * 101 / 100, "no more");
    }

    function _assertDrawsNothing(uint256 triggerId, uint256 time) private {
        uint256 drawn = ledger.spentOn(sponsor, address(triggers), address(0));
        vm.warp(time);
        (bool due,) = triggers.isDue(triggerId, _tick(time));
        if (due) _execute(triggerId, _tick(time));
        vm.assertEq(ledger.spentOn(sponsor, address(triggers), address(0)), drawn, "nothing is drawn");
    }

    /// TRG-37: who comes second loses little, and in a batch next to nothing.
    function test_frontRunExecutor() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        _execute(triggerId, _tick(NOW + 60));
        uint256[] memory triggerIds = new uint256[](1);
        bytes[] memory inputs = new bytes[](1);
        (triggerIds[0], inputs[0]) = (triggerId, _tick(NOW + 60));

        uint256 before = gasleft();
        _executeMany(triggerIds, inputs);
        vm.assertLt(before - gasleft(), 15_000, "beyond the transaction itself");
    }

    /// TRG-38: a block that is undone takes execution and mark with it; then it runs again, once.
    function test_reorg() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        uint256 state = vm.snapshotState();
        _execute(triggerId, _tick(NOW + 60));
        vm.revertToState(state);

        vm.assertEq(counter.runs(), 1, "undone");
        _execute(triggerId, _tick(NOW + 60));
        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, _tick(NOW + 60));
        vm.assertEq(counter.runs(), 2, "once");
    }

    /// TRG-39: calldata longer than its arguments is refused: nobody pays for padding.
    function test_padsCalldata(bytes calldata padding) external {
        vm.assume(padding.length != 0);
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        bytes memory one = abi.encodeCall(triggers.executeTrigger, (triggerId, _tick(NOW + 60)));
        _expectPadded(one, padding);
        uint256[] memory triggerIds = new uint256[](1);
        bytes[] memory inputs = new bytes[](1);
        (triggerIds[0], inputs[0]) = (triggerId, _tick(NOW + 60));
        _expectPadded(abi.encodeCall(triggers.executeMany, (triggerIds, inputs)), padding);
    }

    /// TRG-39: one input cannot be charged to several sponsors by pointing at it several times.
    function test_sharesAnInput() external {
        uint256[] memory triggerIds = new uint256[](2);
        bytes[] memory inputs = new bytes[](2);
        triggerIds[0] = _sponsored(CRON, _everyMinute(0));
        triggerIds[1] = _sponsored(CRON, _everyMinute(0));
        vm.warp(NOW + 60);
        inputs[0] = inputs[1] = _tick(NOW + 60);
        bytes memory data = abi.encodeCall(triggers.executeMany, (triggerIds, inputs));
        // the second offset becomes the first
        assembly ("memory-safe") {
            mstore(add(data, 264), mload(add(data, 232)))
        }
        vm.prank(executor, executor);
        (bool ok, bytes memory answer) = address(triggers).call(data);

        vm.assertFalse(ok, "refused");
        vm.assertEq(bytes4(answer), ITriggerRegistry.InvalidCalldataLength.selector, "reason");
    }

    /// TRG-39: a contract that executes many in one transaction is not repaid the transaction many times.
    function test_bundlesExecutions() external {
        Bundler bundler = new Bundler();
        uint256[] memory triggerIds = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            triggerIds[i] = _sponsored(CRON, _everyMinute(0));
        }
        vm.warp(NOW + 60);
        uint256 before = gasleft();
        vm.prank(executor, executor);
        bundler.execute(triggers, triggerIds, _tick(NOW + 60));
        uint256 used = before - gasleft();

        uint256 paid = triggers.creditOf(address(bundler));
        vm.assertGt(paid, 0, "repaid");
        vm.assertLe(paid, (used + 5 * 6000) * 2.1 gwei, "not more than was used");
    }

    /// TRG-39: in a batch, what is skipped and what another's input costs is nobody else's.
    function test_chargesEachForItsOwn() external {
        uint256 triggerId = _sponsored(CRON, _everyMinute(0));
        uint256 other = _createFor(WEBHOOK, _webhook(0, abi.encodePacked(stranger)));
        vm.warp(NOW + 60);
        uint256[] memory triggerIds = new uint256[](2);
        bytes[] memory inputs = new bytes[](2);
        (triggerIds[0], inputs[0]) = (other, new bytes(20_000));
        for (uint256 i = 0; i < 20_000; ++i) {
            inputs[0][i] = 0x01;
        }
        (triggerIds[1], inputs[1]) = (triggerId, _tick(NOW + 60));

        _executeMany(triggerIds, inputs);

        vm.assertLt(triggers.creditOf(executor), 150_000 * 2.1 gwei, "paid");
    }

    function _expectPadded(bytes memory data, bytes calldata padding) private {
        vm.prank(executor, executor);
        (bool ok, bytes memory answer) = address(triggers).call(abi.encodePacked(data, padding));
        vm.assertFalse(ok, "refused");
        vm.assertEq(bytes4(answer), ITriggerRegistry.InvalidCalldataLength.selector, "reason");
    }
}
