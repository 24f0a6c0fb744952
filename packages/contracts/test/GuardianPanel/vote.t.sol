// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {DisputeTest} from "./DisputeTest.sol";

contract VoteTest is DisputeTest {
    function _refused(address who) private {
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NotEligible.selector, sessionId, who));
        _vote(who, true);
    }

    /// RENT-46: those vote who were guardians for 7 days when the session was disputed, once.
    function test_guardiansOfAgeVoteOnce() external {
        _guard(stranger);
        skip(2 hours);
        _dispute();
        _refused(stranger);
        skip(3 days - 1);
        vm.expectEmit(address(panel));
        emit IGuardianPanel.Voted(sessionId, guardians[0], true);
        _vote(guardians[0], true);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.AlreadyVoted.selector, sessionId, guardians[0]));
        _vote(guardians[0], false);

        vm.prank(guardians[1]);
        staking.resignGuardian();
        _refused(guardians[1]);
        skip(1);
        uint256 endsAt = panel.disputeOf(sessionId).endsAt;
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.VotingOver.selector, sessionId, endsAt));
        _vote(guardians[2], true);
    }

    /// RENT-46: exploit: guardians paying themselves. No side of a case votes in it, nor counts as one who may.
    function test_exploit_guardiansPayThemselves() external {
        _guard(renter);
        _guard(provider);
        skip(8 days);
        sessionId = _rent(1, 24);
        vm.prank(provider);
        rental.activateSession(sessionId, "");
        skip(2 hours);
        _dispute();
        _refused(renter);
        _refused(provider);

        vm.prank(guardians[0]);
        staking.resignGuardian();
        sessionId = _rent(1, 24);
        vm.prank(provider);
        rental.activateSession(sessionId, "");
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.TooFewGuardians.selector, 2));
        _dispute();
    }

    /// RENT-46: exploit: an owner names a guardian its operator, who then may neither vote nor count.
    function test_exploit_operatorNamedToSilenceAGuardian() external {
        vm.prank(provider);
        registry.setOperator(guardians[0]);
        skip(2 hours);
        _dispute();
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(provider);
            registry.setOperator(guardians[i]);
            _vote(guardians[i], true);
        }
        uint256 before = ledger.getBalance(renter);
        skip(3 days);
        panel.resolve(sessionId);
        vm.assertGt(
            ledger.getBalance(renter) - before, PRICE, "the hour's pay, and what of the bond does not divide"
        );
    }

    /// RENT-46: nobody votes on what was never disputed.
    function test_revertsWhen_thereIsNoDispute() external {
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NotOpen.selector, sessionId));
        _vote(guardians[0], true);
    }
}
