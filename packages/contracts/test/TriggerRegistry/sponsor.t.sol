// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {ITriggerSponsors} from "../../src/compute/interfaces/ITriggerSponsors.sol";
import {Refuser} from "../utils/Refuser.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract SponsorTest is TriggerTest {
    uint256 internal constant NOW = 1_800_000_000;
    uint256 internal triggerId;

    function setUp() public override {
        super.setUp();
        triggerId = _createFor(CRON, _everyMinute(0));
    }

    /// TRG-25: the sponsor's own call sets the terms and the first balance; all of it can be read.
    function test_setsTheTerms(uint256 perPeriod, uint256 maxGasPrice, uint256 expiry) external {
        perPeriod = bound(perPeriod, 1 ether, type(uint72).max);
        maxGasPrice = bound(maxGasPrice, 1, 2047 << 31);
        expiry = bound(expiry, NOW + 1, type(uint40).max);
        vm.expectEmit(address(triggers));
        emit ITriggerSponsors.TriggerSponsored(triggerId, sponsor, perPeriod, maxGasPrice, expiry);
        vm.prank(sponsor);
        triggers.sponsor{value: 1 ether}(triggerId, perPeriod, maxGasPrice, expiry);

        ITriggerRegistry.Details memory details = triggers.triggerDetails(triggerId);
        vm.assertEq(details.sponsor, sponsor, "sponsor");
        vm.assertEq(details.balance, 1 ether, "balance");
        vm.assertEq(details.perPeriod, perPeriod, "per period");
        vm.assertEq(details.expiry, expiry, "expiry");
        vm.assertLe(details.maxGasPrice, maxGasPrice, "rounded down");
        vm.assertGe(details.maxGasPrice, maxGasPrice - maxGasPrice / 1024, "to 11 bits");
        vm.assertEq(triggers.getTrigger(triggerId).config, _everyMinute(0), "nothing else changes");
    }

    /// TRG-25: terms out of bounds are refused.
    function test_revertsWhen_termsAreInvalid() external {
        uint256[3][6] memory terms = [
            [uint256(0), 1 gwei, NOW + 1],
            [uint256(1 << 72), 1 gwei, NOW + 1],
            [uint256(1 ether), 0, NOW + 1],
            [uint256(1 ether), (2047 << 31) + 1, NOW + 1],
            [uint256(1 ether), 1 gwei, NOW],
            [uint256(1 ether), 1 gwei, 1 << 40]
        ];
        for (uint256 i = 0; i < 6; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITriggerSponsors.InvalidTerms.selector, terms[i][0], terms[i][1], terms[i][2]
                )
            );
            triggers.sponsor(triggerId, terms[i][0], terms[i][1], terms[i][2]);
        }
    }

    /// TRG-26: the place is its holder's; the agent, and whom it invites, take it, and the holder's balance goes to its ledger.
    function test_placeIsTakenByInvitation() external {
        _sponsor(triggerId, 0.5 ether);
        vm.deal(stranger, 2 ether);
        vm.expectRevert(
            abi.encodeWithSelector(ITriggerSponsors.AlreadySponsored.selector, triggerId, sponsor)
        );
        vm.prank(stranger);
        triggers.sponsor(triggerId, 1 ether, 1 gwei, NOW + 1 days);

        vm.prank(address(counter));
        triggers.inviteSponsor(triggerId, stranger);
        vm.expectEmit(address(triggers));
        emit ITriggerSponsors.SponsorLeft(triggerId, sponsor, 0.5 ether);
        vm.prank(stranger);
        triggers.sponsor{value: 0.1 ether}(triggerId, 1 ether, 1 gwei, NOW + 1 days);

        vm.assertEq(ledger.getBalance(sponsor), 0.5 ether, "the old one's balance");
        vm.assertEq(triggers.triggerDetails(triggerId).balance, 0.1 ether, "the new one's balance");
        vm.assertEq(triggers.triggerDetails(triggerId).sponsor, stranger, "sponsor");
    }

    /// TRG-26: a place that is free, or whose terms have expired, is anyone's, unless the agent has invited somebody.
    function test_freePlaceIsAnyones() external {
        _sponsor(triggerId, 0);
        vm.warp(block.timestamp + 366 days);
        vm.prank(stranger);
        triggers.sponsor(triggerId, 1 ether, 1 gwei, block.timestamp + 1 days);
        vm.assertEq(triggers.triggerDetails(triggerId).sponsor, stranger, "sponsor");

        uint256 other = _createFor(CRON, _everyMinute(0));
        vm.prank(address(counter));
        triggers.inviteSponsor(other, sponsor);
        vm.expectPartialRevert(ITriggerSponsors.AlreadySponsored.selector);
        vm.prank(stranger);
        triggers.sponsor(other, 1 ether, 1 gwei, block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, other, stranger));
        vm.prank(stranger);
        triggers.inviteSponsor(other, stranger);
    }

    /// TRG-27: the balance is refilled from the sponsor's ledger when it does not cover the worst case, for some executions.
    function test_refillsFromTheLedger() external {
        _sponsor(triggerId, 0);
        _allow(1 ether);
        vm.warp(NOW + 60);

        _execute(triggerId, _tick(NOW + 60));

        uint256 drawn = ledger.spentOn(sponsor, address(triggers), address(0));
        uint256 paid = triggers.creditOf(executor) - 1;
        vm.assertGt(paid, 0, "paid");
        vm.assertEq(triggers.triggerDetails(triggerId).balance, drawn - paid, "balance");
        vm.assertEq(ledger.getBalance(sponsor), 1 ether - drawn, "ledger");
        vm.warp(NOW + 120);
        _execute(triggerId, _tick(NOW + 120));
        vm.assertEq(ledger.spentOn(sponsor, address(triggers), address(0)), drawn, "no second draw");
    }

    /// TRG-27: in any time, no more than the cap and its share of that time is drawn.
    function test_refillsWithinTheCap(uint256 seed) external {
        uint256 cap = 0.06 ether;
        vm.prank(sponsor);
        triggers.sponsor(triggerId, cap, 100 gwei, NOW + 365 days);
        _allow(100 ether);
        vm.txGasPrice(3 gwei);
        for (uint256 i = 0; i < 60; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + 60 + seed % 2 hours);
            uint256 tick = triggers.dueTick(triggerId);
            (bool due,) = triggers.isDue(triggerId, _tick(tick));
            if (due) _execute(triggerId, _tick(tick));
            uint256 drawn = ledger.spentOn(sponsor, address(triggers), address(0));
            uint256 most = cap + cap * (block.timestamp - NOW) / 1 days;
            vm.assertLe(drawn, most, "drawn");
            vm.assertLe(triggers.triggerDetails(triggerId).balance, cap, "balance");
        }
        vm.assertGt(counter.runs(), 1, "some ran");
    }

    /// TRG-27: without cover it does not run: no balance and no allowance, no ledger, terms expired, notice given.
    function test_revertsWhen_notCovered() external {
        _sponsor(triggerId, 0);
        vm.warp(NOW + 60);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 60));
        _allow(1 ether);
        vm.prank(sponsor);
        ledger.allow(address(triggers), address(0), 1 gwei);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 60));
        vm.startPrank(sponsor);
        ledger.allow(address(triggers), address(0), 1 ether);
        triggers.requestWithdraw(triggerId);
        vm.stopPrank();
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 60));
        vm.prank(sponsor);
        triggers.sponsor(triggerId, 1 ether, 100 gwei, NOW + 61);
        vm.warp(NOW + 61);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 60));
        (, ITriggerRegistry.Reason reason) = triggers.isDue(triggerId, _tick(NOW + 60));
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.NotCovered), "said before");
    }

    /// TRG-27: above the sponsor's gas price it waits.
    function test_revertsWhen_gasIsTooDear() external {
        vm.prank(sponsor);
        triggers.sponsor{value: 1 ether}(triggerId, 1 ether, 10 gwei, NOW + 1 days);
        vm.warp(NOW + 60);
        vm.fee(9 gwei);
        vm.txGasPrice(12 gwei);
        (, ITriggerRegistry.Reason reason) = triggers.isDue(triggerId, _tick(NOW + 60));
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.PriceTooHigh), "said before");
        _expectReason(triggerId, ITriggerRegistry.Reason.PriceTooHigh);
        _execute(triggerId, _tick(NOW + 60));

        // a tip above the cap is not repaid, and so not judged
        vm.fee(7 gwei);
        vm.txGasPrice(50 gwei);
        _execute(triggerId, _tick(NOW + 60));
    }

    /// TRG-28: the balance leaves after ten minutes' notice, to the sponsor, or to its ledger if its wallet refuses.
    function test_withdrawsAfterNotice(bool refuses) external {
        Refuser wallet = new Refuser();
        if (!refuses) wallet.setMood(Refuser.Mood.Accept);
        wallet.act{value: 0.3 ether}(
            address(triggers),
            0.3 ether,
            abi.encodeCall(triggers.sponsor, (triggerId, 1 ether, 1 gwei, NOW + 1 days))
        );
        bytes memory withdraw = abi.encodeCall(triggers.withdraw, triggerId);
        vm.expectRevert(abi.encodeWithSelector(ITriggerSponsors.WithdrawalTooEarly.selector, triggerId, 0));
        wallet.act(address(triggers), 0, withdraw);
        wallet.act(address(triggers), 0, abi.encodeCall(triggers.requestWithdraw, triggerId));
        vm.warp(NOW + 10 minutes - 1);
        vm.expectPartialRevert(ITriggerSponsors.WithdrawalTooEarly.selector);
        wallet.act(address(triggers), 0, withdraw);
        vm.warp(NOW + 10 minutes);
        wallet.act(address(triggers), 0, withdraw);

        vm.assertEq(refuses ? ledger.getBalance(address(wallet)) : address(wallet).balance, 0.3 ether, "paid");
        vm.assertEq(address(triggers).balance, 1, "but for the executor's credit nothing is left");
        vm.assertEq(triggers.triggerDetails(triggerId).sponsor, address(0), "left");
    }

    /// TRG-28: after its sponsor left, a trigger does not run unpaid by surprise.
    function test_doesNotRunUnpaidAfterwards() external {
        _sponsor(triggerId, 1 ether);
        vm.prank(sponsor);
        triggers.requestWithdraw(triggerId);
        vm.warp(NOW + 10 minutes);
        vm.prank(sponsor);
        triggers.withdraw(triggerId);

        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, _tick(NOW + 10 minutes));
    }

    /// TRG-28: nobody but the sponsor funds, gives notice or withdraws; a balance has at most one period's cap.
    function test_revertsWhen_notTheSponsor() external {
        _sponsor(triggerId, 0.5 ether);
        vm.deal(stranger, 1 ether);
        vm.startPrank(stranger);
        bytes memory error = abi.encodeWithSelector(ITriggerSponsors.NotSponsor.selector, triggerId, stranger);
        vm.expectRevert(error);
        triggers.fund{value: 1}(triggerId);
        vm.expectRevert(error);
        triggers.requestWithdraw(triggerId);
        vm.expectRevert(error);
        triggers.withdraw(triggerId);
        vm.expectRevert(abi.encodeWithSelector(ITriggerSponsors.NotLedger.selector, stranger));
        payable(address(triggers)).transfer(1);
        vm.startPrank(sponsor);
        vm.expectRevert(abi.encodeWithSelector(ITriggerSponsors.BalanceTooHigh.selector, 1.1 ether, 1 ether));
        triggers.fund{value: 0.6 ether}(triggerId);
        vm.expectRevert(ITriggerSponsors.NothingMoved.selector);
        triggers.fund(triggerId);
        triggers.fund{value: 0.5 ether}(triggerId);
        triggers.sponsor{value: 0.2 ether}(triggerId, 0.9 ether, 1 gwei, NOW + 1);
        vm.stopPrank();
        vm.assertEq(triggers.triggerDetails(triggerId).balance, 0.9 ether, "the cap");
        vm.assertEq(ledger.getBalance(sponsor), 0.3 ether, "the rest is in its ledger");
    }

    /// TRG-29: an executor takes its credit but for 1 wei, to itself or elsewhere.
    function test_collects() external {
        _sponsor(triggerId, 1 ether);
        vm.warp(NOW + 60);
        _execute(triggerId, _tick(NOW + 60));
        uint256 credit = triggers.creditOf(executor);
        uint256 before = executor.balance;

        vm.startPrank(executor);
        vm.assertEq(triggers.collect(), credit - 1, "paid");
        vm.assertEq(executor.balance, before + credit - 1, "received");
        vm.expectRevert(ITriggerSponsors.NothingMoved.selector);
        triggers.collect();
        triggers.openCredit{value: 5}();
        address refuser = address(new Refuser());
        vm.expectRevert(abi.encodeWithSelector(ITriggerSponsors.PaymentRefused.selector, refuser, 5));
        triggers.collectTo(refuser);
        triggers.collectTo(stranger);
        vm.stopPrank();
        vm.assertEq(stranger.balance, 5, "elsewhere");
    }
}
