// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract ActivateSessionTest is ComputeTest {
    uint256 private sessionId;
    uint256 private madeAt;

    function setUp() public override {
        super.setUp();
        sessionId = _rent(_register(), 24);
        madeAt = block.timestamp;
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_startsTheTime() external {
        skip(10 minutes);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionActivated(
            sessionId, 1, madeAt + 10 minutes, madeAt + 10 minutes + 24 hours, "access"
        );
        vm.prank(provider);
        rental.activateSession(sessionId, "access");

        IComputeRental.Session memory session = rental.getSession(sessionId);
        vm.assertEq(session.startTime, madeAt + 10 minutes, "start");
        vm.assertEq(session.endTime, madeAt + 10 minutes + 24 hours, "end");
        vm.assertTrue(session.active, "active");
        vm.assertEq(
            uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Running), "status after activation"
        );
        vm.assertEq(rental.sessionDetails(sessionId).accessHash, "access", "access hash");
        vm.assertEq(rental.sessionDetails(sessionId).activateBy, 0, "nothing to activate");
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_letsTheOperator() external {
        vm.prank(operator);
        rental.activateSession(sessionId, 0);
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Running), "status");
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_revertsWhen_tooLate() external {
        skip(10 minutes + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.TooLateToActivate.selector, sessionId, madeAt + 10 minutes)
        );
        vm.prank(provider);
        rental.activateSession(sessionId, 0);
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_revertsWhen_callerIsNotTheProvider() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, renter));
        vm.prank(renter);
        rental.activateSession(sessionId, 0);
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_revertsWhen_doneTwice() external {
        vm.startPrank(provider);
        rental.activateSession(sessionId, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Running
            )
        );
        rental.activateSession(sessionId, 0);
    }

    /// RENT-5: the provider or its operator starts a session's time within 10 minutes of its making.
    function test_revertsWhen_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.SessionUnknown.selector, 99));
        vm.prank(provider);
        rental.activateSession(99, 0);
    }
}
