// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract DeclineSessionTest is ComputeTest {
    uint256 private sessionId;

    function setUp() public override {
        super.setUp();
        sessionId = _rent(_register(), 24);
    }

    /// RENT-6: the provider or its operator declines a pending session, and the renter is credited the whole deposit.
    function test_creditsTheRenter() external {
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionDeclined(sessionId, 1, "the node is full");
        vm.prank(operator);
        rental.declineSession(sessionId, "the node is full");

        vm.assertEq(ledger.getBalance(renter), 0.24 ether, "renter's credit");
        vm.assertEq(address(rental).balance, 0, "escrow");
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Declined), "status");
        vm.assertFalse(rental.getSession(sessionId).active, "no longer active");
        vm.assertFalse(rental.hasObligations(1), "nothing owed");
    }

    /// RENT-6: the provider or its operator declines a pending session, and the renter is credited the whole deposit.
    function test_revertsWhen_callerIsNotTheProvider() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, stranger));
        vm.prank(stranger);
        rental.declineSession(sessionId, "");
    }

    /// RENT-6: the provider or its operator declines a pending session, and the renter is credited the whole deposit.
    function test_revertsWhen_running() external {
        vm.startPrank(provider);
        rental.activateSession(sessionId, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Running
            )
        );
        rental.declineSession(sessionId, "");
    }

    /// RENT-6: the provider or its operator declines a pending session, and the renter is credited the whole deposit.
    function test_revertsWhen_doneTwice() external {
        vm.startPrank(provider);
        rental.declineSession(sessionId, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Declined
            )
        );
        rental.declineSession(sessionId, "");
    }

    /// RENT-6: a reason has at most 256 bytes.
    function test_revertsWhen_reasonIsTooLong() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ReasonTooLong.selector, 257, 256));
        vm.prank(provider);
        rental.declineSession(sessionId, string(new bytes(257)));
    }
}
