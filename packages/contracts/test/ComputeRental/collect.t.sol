// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {Refuser} from "../utils/Refuser.sol";

contract CollectTest is ComputeTest {
    function _collectAll(address caller, uint256[] memory sessionIds) private returns (uint256 paid) {
        vm.prank(caller);
        return rental.collect(sessionIds);
    }

    /// RENT-17: what is earned matures after an hour; `collect` pays what has matured and no more.
    function test_paysWhatHasMatured() external {
        uint256 sessionId = _run(24);
        skip(1 hours);
        vm.assertEq(_collect(provider, sessionId), 0, "nothing in the first hour");

        skip(90 minutes);
        uint256[] memory payments = new uint256[](1);
        payments[0] = (sessionId << 128) | 0.015 ether;
        vm.expectEmit(address(rental));
        emit IComputeRental.Collected(1, payments);
        vm.assertEq(_collect(provider, sessionId), 0.015 ether, "an hour and a half");
        vm.assertEq(provider.balance, PURSE - 0.1 ether + 0.015 ether, "provider's purse");

        (uint256 matured, uint256 unmatured) = rental.owed(sessionId);
        vm.assertEq(matured, 0, "collected");
        vm.assertEq(unmatured, 0.01 ether, "the last hour");
        vm.assertEq(rental.sessionDetails(sessionId).collected, 0.015 ether, "recorded");
        vm.assertTrue(rental.hasObligations(1), "still running");
    }

    /// RENT-18: however often it is collected, a session pays its earnings to the wei.
    function test_addsUpHoweverOften(uint256 price, uint256 seed) external {
        price = bound(price, 1, 1 ether);
        uint256 providerId = _register();
        vm.prank(provider);
        registry.updatePricing(price);
        uint256 sessionId = _rent(providerId, 5);
        vm.prank(provider);
        rental.activateSession(sessionId, 0);

        uint256 total = 0;
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            skip(seed % 1 hours);
            total += _collect(stranger, sessionId);
        }
        skip(6 hours);
        total += _collect(stranger, sessionId);

        vm.assertEq(total, price * 5, "the whole deposit");
        vm.assertEq(ledger.getBalance(provider), price * 5, "owner's credit");
        vm.assertEq(address(rental).balance, 0, "escrow");
        vm.assertFalse(rental.hasObligations(providerId), "nothing owed");
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Ended), "closed");
    }

    /// RENT-19: an id given twice is paid once.
    function test_paysAnIdOnce() external {
        uint256 sessionId = _run(1);
        skip(2 hours);
        uint256[] memory sessionIds = new uint256[](3);
        (sessionIds[0], sessionIds[1], sessionIds[2]) = (sessionId, sessionId, sessionId);
        vm.assertEq(_collectAll(provider, sessionIds), PRICE, "once");
        vm.assertEq(_collectAll(provider, sessionIds), 0, "and never again");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-20: one call pays many sessions of one provider by one transfer.
    function test_paysManyAtOnce() external {
        uint256 first = _run(3);
        uint256 second = _rent(1, 3);
        vm.prank(provider);
        rental.activateSession(second, 0);
        uint256 declined = _rent(1, 3);
        vm.prank(provider);
        rental.declineSession(declined, "");
        skip(4 hours);
        uint256[] memory sessionIds = new uint256[](3);
        (sessionIds[0], sessionIds[1], sessionIds[2]) = (first, declined, second);
        vm.assertEq(_collectAll(provider, sessionIds), 0.06 ether, "both");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }

    /// RENT-20: one call pays sessions of one provider only.
    function test_revertsWhen_sessionsAreOfTwoProviders() external {
        uint256 first = _run(1);
        vm.prank(stranger);
        uint256 otherProvider = registry.register{value: 0.1 ether}(ENDPOINT, "", PRICE);
        uint256 second = _rent(otherProvider, 1);
        uint256[] memory sessionIds = new uint256[](2);
        (sessionIds[0], sessionIds[1]) = (first, second);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.OtherProvider.selector, second, otherProvider, 1)
        );
        _collectAll(provider, sessionIds);
    }

    /// RENT-20: one call pays sessions of one provider only.
    function test_revertsWhen_sessionIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.SessionUnknown.selector, 5));
        _collect(provider, 5);
    }

    /// RENT-20: nothing asked for is nothing paid.
    function test_paysNothingForNothing() external {
        vm.assertEq(_collectAll(provider, new uint256[](0)), 0, "nothing");
    }

    /// RENT-21: whoever calls, the pay is the owner's: by transfer if it is the owner who asks, else as credit.
    function test_creditsTheOwnerWhenAStrangerAsks() external {
        uint256 sessionId = _run(1);
        skip(2 hours);
        _collect(stranger, sessionId);
        vm.assertEq(ledger.getBalance(provider), PRICE, "owner's credit");
        vm.assertEq(stranger.balance, PURSE, "stranger gains nothing");
        vm.assertEq(operator.balance, 0, "nor the operator");
    }

    /// RENT-22: a wallet that refuses ether, or burns the gas it is given, is credited instead and blocks nobody.
    function test_creditsAnOwnerWhoRefuses() external {
        Refuser owner = new Refuser();
        vm.deal(address(owner), 1 ether);
        owner.act(
            address(registry), 0.1 ether, abi.encodeCall(registry.register, (ENDPOINT, HARDWARE, PRICE))
        );
        uint256 sessionId = _rent(1, 1);
        owner.act(address(rental), 0, abi.encodeCall(rental.activateSession, (sessionId, "")));
        skip(90 minutes);
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = sessionId;
        owner.act(address(rental), 0, abi.encodeCall(rental.collect, (sessionIds)));
        vm.assertEq(ledger.getBalance(address(owner)), PRICE / 2, "credit of the refusing owner");

        owner.setMood(Refuser.Mood.BurnGas);
        skip(1 hours);
        owner.act{gas: 30_000_000}(address(rental), 0, abi.encodeCall(rental.collect, (sessionIds)));
        vm.assertEq(ledger.getBalance(address(owner)), PRICE, "credit of the burning owner");
    }

    /// RENT-23: no function that pays can be entered again from within a payment.
    function test_cannotBeReentered() external {
        Refuser owner = new Refuser();
        vm.deal(address(owner), 1 ether);
        owner.act(
            address(registry), 0.1 ether, abi.encodeCall(registry.register, (ENDPOINT, HARDWARE, PRICE))
        );
        uint256 sessionId = _rent(1, 1);
        uint256 other = _rent(1, 1);
        owner.act(address(rental), 0, abi.encodeCall(rental.activateSession, (sessionId, "")));
        owner.act(address(rental), 0, abi.encodeCall(rental.activateSession, (other, "")));
        skip(3 hours);
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = other;
        owner.callBack(address(rental), abi.encodeCall(rental.collect, (sessionIds)));
        sessionIds[0] = sessionId;
        owner.act(address(rental), 0, abi.encodeCall(rental.collect, (sessionIds)));

        vm.assertFalse(owner.callBackSucceeded(), "the call back failed");
        vm.assertEq(address(owner).balance, 0.9 ether + PRICE, "paid once");
        vm.assertEq(address(rental).balance, PRICE, "the other session's escrow");
    }
}
