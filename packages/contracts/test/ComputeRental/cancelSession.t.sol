// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract CancelSessionTest is ComputeTest {
    uint256 private sessionId;
    uint256 private madeAt;

    function setUp() public override {
        super.setUp();
        sessionId = _rent(_register(), 24);
        madeAt = block.timestamp;
    }

    /// RENT-7: after 10 minutes without activation anyone cancels, and the renter has everything back.
    function test_paysTheRenterWhoAsks() external {
        skip(10 minutes + 1);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionCancelled(sessionId, 1);
        vm.prank(renter);
        rental.cancelSession(sessionId);

        vm.assertEq(renter.balance, PURSE, "renter's purse");
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Cancelled), "status");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-7: after 10 minutes without activation anyone cancels, and the renter has everything back.
    function test_creditsTheRenterWhenAStrangerAsks() external {
        skip(10 minutes + 1);
        vm.prank(stranger);
        rental.cancelSession(sessionId);

        vm.assertEq(ledger.getBalance(renter), 0.24 ether, "renter's credit");
        vm.assertEq(stranger.balance, PURSE, "stranger gains nothing");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }

    /// RENT-7: after 10 minutes without activation anyone cancels, and the renter has everything back.
    function test_revertsWhen_tooEarly() external {
        skip(10 minutes);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.TooEarlyToCancel.selector, sessionId, madeAt + 10 minutes)
        );
        rental.cancelSession(sessionId);
    }

    /// RENT-7: after 10 minutes without activation anyone cancels, and the renter has everything back.
    function test_revertsWhen_running() external {
        vm.prank(provider);
        rental.activateSession(sessionId, 0);
        skip(11 minutes);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Running
            )
        );
        rental.cancelSession(sessionId);
    }

    /// RENT-7: after 10 minutes without activation anyone cancels, and the renter has everything back.
    function test_revertsWhen_doneTwice() external {
        skip(11 minutes);
        rental.cancelSession(sessionId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Cancelled
            )
        );
        rental.cancelSession(sessionId);
    }
}
