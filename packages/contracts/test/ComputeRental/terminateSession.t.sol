// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract TerminateSessionTest is ComputeTest {
    function _terminate(address caller, uint256 sessionId) private {
        vm.prank(caller);
        rental.terminateSession(sessionId);
    }

    /// RENT-8: the renter ends a session at any time; the seconds used are owed, the rest goes back in the same call.
    function test_paysBackWhatWasNotUsed() external {
        uint256 sessionId = _run(24);
        skip(2 hours + 1);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionTerminated(
            sessionId, 1, PRICE * 7201 / 3600, 0.24 ether - PRICE * 7201 / 3600
        );
        _terminate(renter, sessionId);

        vm.assertEq(renter.balance, PURSE - PRICE * 7201 / 3600, "renter's purse");
        vm.assertEq(address(rental).balance, PRICE * 7201 / 3600, "escrow");
        vm.assertEq(rental.getSession(sessionId).endTime, block.timestamp, "ended now");
        vm.assertFalse(rental.getSession(sessionId).active, "over");
    }

    /// RENT-8: the renter ends a session at any time; the seconds used are owed, the rest goes back in the same call.
    function test_splitsTheWholeDeposit(uint256 price, uint256 durationHours, uint256 elapsed) external {
        price = bound(price, 1, 50 ether);
        durationHours = bound(durationHours, 1, 2160);
        uint256 providerId = _register();
        vm.prank(provider);
        registry.updatePricing(price);
        uint256 sessionId = _rent(providerId, durationHours);
        vm.prank(provider);
        rental.activateSession(sessionId, 0);
        elapsed = bound(elapsed, 0, durationHours * 1 hours - 1);

        skip(elapsed);
        _terminate(renter, sessionId);
        skip(2 hours);
        uint256 before = provider.balance;
        _collect(provider, sessionId);

        uint256 used = elapsed < 10 minutes ? 10 minutes : elapsed;
        vm.assertEq(provider.balance - before, price * used / 3600, "provider's pay, rounded down");
        vm.assertEq(
            renter.balance,
            PURSE - price * durationHours + price * durationHours - price * used / 3600,
            "rest"
        );
        vm.assertEq(address(rental).balance, 0, "nothing left behind");
        vm.assertFalse(rental.hasObligations(providerId), "nothing owed");
    }

    /// RENT-9: once activated, at least 10 minutes are owed.
    function test_owesTenMinutesAtLeast() external {
        uint256 sessionId = _run(1);
        _terminate(renter, sessionId);
        (uint256 matured, uint256 unmatured) = rental.owed(sessionId);
        vm.assertEq(matured, 0, "not matured");
        vm.assertEq(unmatured, PRICE / 6, "ten minutes");
        vm.assertEq(renter.balance, PURSE - PRICE / 6, "renter's purse");
    }

    /// RENT-10: a renter who ends a pending session has everything back.
    function test_paysAllBackBeforeActivation() external {
        uint256 sessionId = _rent(_register(), 24);
        skip(5 minutes);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionTerminated(sessionId, 1, 0, 0.24 ether);
        _terminate(renter, sessionId);

        vm.assertEq(renter.balance, PURSE, "renter's purse");
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Cancelled), "status");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-11: a provider who ends a session keeps only what has matured; the renter is credited the rest.
    function test_costsTheProviderWhatHasNotMatured() external {
        uint256 sessionId = _run(24);
        skip(3 hours);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionTerminated(sessionId, 1, 0.02 ether, 0.22 ether);
        _terminate(provider, sessionId);

        (uint256 matured, uint256 unmatured) = rental.owed(sessionId);
        vm.assertEq(matured, 0.02 ether, "two of three hours");
        vm.assertEq(unmatured, 0, "the third is forfeited");
        vm.assertEq(ledger.getBalance(renter), 0.22 ether, "renter's credit");
    }

    /// RENT-11: a provider who ends a session keeps only what has matured; the renter is credited the rest.
    function test_leavesTheProviderNothingInTheFirstHour() external {
        uint256 sessionId = _run(24);
        skip(1 hours);
        _terminate(provider, sessionId);
        vm.assertEq(ledger.getBalance(renter), 0.24 ether, "renter's credit");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-11: what the provider has collected before it ends a session stays its own.
    function test_keepsWhatWasCollected() external {
        uint256 sessionId = _run(24);
        skip(3 hours);
        _collect(provider, sessionId);
        _terminate(provider, sessionId);
        vm.assertEq(provider.balance, PURSE - 0.1 ether + 0.02 ether, "provider's purse");
        vm.assertEq(ledger.getBalance(renter), 0.22 ether, "renter's credit");
        vm.assertEq(address(rental).balance, 0, "escrow");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-12: after its end anyone closes a session, and the whole deposit is the provider's.
    function test_givesTheProviderAllAfterTheEnd() external {
        uint256 sessionId = _run(24);
        skip(24 hours);
        vm.assertFalse(rental.getSession(sessionId).active, "over by time");
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionTerminated(sessionId, 1, 0.24 ether, 0);
        _terminate(stranger, sessionId);

        skip(1 hours);
        vm.assertEq(_collect(provider, sessionId), 0.24 ether, "pay");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-12: after its end not even the provider's own call costs it pay.
    function test_costsTheProviderNothingAfterTheEnd() external {
        uint256 sessionId = _run(2);
        skip(2 hours);
        _terminate(provider, sessionId);
        (uint256 matured, uint256 unmatured) = rental.owed(sessionId);
        vm.assertEq(matured + unmatured, 0.02 ether, "all of it");
    }

    /// RENT-12: before its end only its renter and its provider's owner end a session.
    function test_revertsWhen_callerIsNoParty() external {
        uint256 sessionId = _run(24);
        skip(24 hours - 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, stranger));
        _terminate(stranger, sessionId);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, operator));
        _terminate(operator, sessionId);
    }

    /// RENT-10: a pending session is declined by its provider, not terminated.
    function test_revertsWhen_providerEndsAPendingSession() external {
        uint256 sessionId = _rent(_register(), 24);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, provider));
        _terminate(provider, sessionId);
    }

    /// RENT-13: a session ends once.
    function test_revertsWhen_over() external {
        uint256 sessionId = _run(24);
        _terminate(renter, sessionId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Ended
            )
        );
        _terminate(renter, sessionId);
        skip(48 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Ended
            )
        );
        _terminate(stranger, sessionId);
    }

    /// RENT-13: a session ends once.
    function test_revertsWhen_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.SessionUnknown.selector, 1));
        _terminate(renter, 1);
    }
}
