// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {DisputeTest} from "../GuardianPanel/DisputeTest.sol";

contract DisputeSessionTest is DisputeTest {
    /// RENT-41: a dispute ends the session: what matured is paid, what is unused goes back, the rest is held with the bond.
    function test_splitsTheDeposit(uint256 time) external {
        time = bound(time, 1, 24 hours);
        skip(time);
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);

        uint256 paid = time > 1 hours ? (time - 1 hours) * PRICE / 1 hours : 0;
        uint256 earned = (time < 10 minutes ? 10 minutes : time) * PRICE / 1 hours;
        IGuardianPanel.Dispute memory made = panel.disputeOf(sessionId);
        vm.assertEq(ledger.getBalance(provider), paid, "matured");
        vm.assertEq(made.held, earned - paid, "held");
        vm.assertEq(made.bond, (made.held + 4) / 5, "a fifth");
        vm.assertEq(renter.balance, PURSE - earned - made.bond, "renter");
        vm.assertEq(address(rental).balance, 0, "escrow");
        vm.assertEq(address(panel).balance, made.held + made.bond, "with the guardians");
        vm.assertEq(uint8(rental.statusOf(sessionId)), uint8(IComputeRental.Status.Ended), "over");
        vm.assertTrue(rental.hasObligations(1), "until it is resolved");
    }

    /// RENT-42: a session is disputed once, by its renter.
    function test_revertsWhen_notTheRenterOrAgain() external {
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, stranger));
        vm.prank(stranger);
        rental.dispute{value: 1 ether}(sessionId);
        _dispute();
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.AlreadyDisputed.selector, sessionId));
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);
    }

    /// RENT-42: exploit: a dispute after completion pays twice. What matured is out of reach, collected or not.
    function test_exploit_disputeAfterCompletion(bool isCollected, uint256 late) external {
        late = bound(late, 0, 2 hours);
        skip(24 hours + late);
        if (isCollected) _collect(provider, sessionId);
        if (late >= 1 hours) {
            vm.expectRevert(abi.encodeWithSelector(IComputeRental.NothingToDispute.selector, sessionId));
            vm.prank(renter);
            rental.dispute{value: 1 ether}(sessionId);
            return;
        }
        _dispute();
        uint256 held = panel.disputeOf(sessionId).held;
        vm.assertEq(_collect(provider, sessionId), 0, "nothing more to collect");
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Ended
            )
        );
        vm.prank(renter);
        rental.terminateSession(sessionId);
        uint256 paid = ledger.getBalance(provider) + provider.balance - (PURSE - 0.1 ether);
        vm.assertEq(paid + held, 24 * PRICE, "the deposit, once");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }

    /// RENT-42: a provider that ended its session has forfeited what could be disputed.
    function test_revertsWhen_nothingIsInQuestion() external {
        skip(3 hours);
        vm.prank(provider);
        rental.terminateSession(sessionId);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NothingToDispute.selector, sessionId));
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);

        uint256 pending = _rent(1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, pending, IComputeRental.Status.Pending
            )
        );
        vm.prank(renter);
        rental.dispute{value: 1 ether}(pending);
    }

    /// RENT-42: a renter who ended his session disputes its last hour within an hour.
    function test_disputesWhatHeEnded() external {
        skip(3 hours);
        vm.startPrank(renter);
        rental.terminateSession(sessionId);
        skip(30 minutes);
        rental.dispute{value: 1 ether}(sessionId);
        vm.stopPrank();
        vm.assertEq(panel.disputeOf(sessionId).held, PRICE / 2, "half an hour is in question");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }

    /// RENT-43: the bond is a fifth of the pay in question; less is refused.
    function test_revertsWhen_bondIsTooLow() external {
        skip(2 hours);
        uint256 bond = PRICE / 5;
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.BondTooLow.selector, bond - 1, bond));
        vm.prank(renter);
        rental.dispute{value: bond - 1}(sessionId);
    }

    /// RENT-44: with fewer than three guardians who may vote there is no dispute.
    function test_revertsWhen_guardiansAreTooFew() external {
        vm.prank(guardians[0]);
        staking.resignGuardian();
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.TooFewGuardians.selector, 2));
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);

        vm.prank(guardians[0]);
        staking.becomeGuardian();
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.TooFewGuardians.selector, 2));
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);
    }

    /// RENT-45: exploit: only the rental contract brings disputes.
    function test_exploit_disputeFromElsewhere() external {
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NotRental.selector, stranger));
        vm.prank(stranger);
        panel.open{value: 2}(7, 1, stranger, provider, address(0), 1, 1);
    }
}
