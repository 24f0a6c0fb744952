// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {TestToken} from "../utils/TestToken.sol";
import {DisputeTest} from "./DisputeTest.sol";

contract ResolveTest is DisputeTest {
    /// @dev What was earned and had matured when the session was disputed.
    uint256 private constant MATURED = PRICE;
    uint256 private constant BOND = PRICE / 5;

    function _disputeAfter(uint256 time) private {
        skip(time);
        _dispute();
    }

    /// RENT-47: more votes against the provider give the pay back and burn as much of its stake.
    function test_verdictAgainstTheProvider() external {
        _disputeAfter(2 hours);
        _resolve(2, 1);
        uint256 dust = BOND % 3;
        vm.assertEq(ledger.getBalance(renter), PRICE + dust, "pay, back");
        vm.assertEq(ledger.getBalance(provider), MATURED, "what had matured");
        vm.assertEq(staking.stakeOf(provider), 0.1 ether - PRICE, "burnt");
        vm.assertFalse(rental.hasObligations(1), "free");
    }

    /// RENT-47: else the provider is paid and nothing burns.
    function test_verdictForTheProvider() external {
        _disputeAfter(2 hours);
        _resolve(1, 2);
        vm.assertEq(ledger.getBalance(provider), MATURED + PRICE + BOND % 3, "paid");
        vm.assertEq(ledger.getBalance(renter), 0, "nothing back");
        vm.assertEq(staking.stakeOf(provider), 0.1 ether, "nothing burnt");
    }

    /// RENT-48: without three votes the bond goes back and the provider is paid, whatever was said.
    function test_noQuorum(bool against) external {
        _disputeAfter(2 hours);
        _resolve(against ? 2 : 0, against ? 0 : 1);
        vm.assertEq(ledger.getBalance(provider), MATURED + PRICE, "paid");
        vm.assertEq(ledger.getBalance(renter), BOND, "bond");
        vm.assertEq(staking.stakeOf(provider), 0.1 ether, "nothing burnt");
        vm.assertEq(address(panel).balance, 0, "nothing is left");
    }

    /// RENT-49: those who voted share the bond equally, whatever they said, once each.
    function test_votersShareTheBond(bool against) external {
        _disputeAfter(2 hours);
        _resolve(against ? 3 : 1, against ? 0 : 2);
        for (uint256 i = 0; i < 3; i++) {
            uint256 before = guardians[i].balance;
            vm.startPrank(guardians[i]);
            panel.takeShare(sessionId);
            vm.assertEq(guardians[i].balance - before, BOND / 3, "a third");
            vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NoShare.selector, sessionId, guardians[i]));
            panel.takeShare(sessionId);
            vm.stopPrank();
        }
        vm.assertEq(address(panel).balance, 0, "nothing is left");
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NoShare.selector, sessionId, stranger));
        vm.prank(stranger);
        panel.takeShare(sessionId);
    }

    /// RENT-50: at most 0.05 ETH of an owner's stake burn in any 30 days.
    function test_burnsLittle(uint256 gap) external {
        gap = bound(gap, 0, 60 days);
        vm.prank(provider);
        registry.updatePricing(0.04 ether);
        sessionId = _restart();
        _disputeAfter(2 hours);
        _resolve(3, 0);
        vm.assertEq(staking.stakeOf(provider), 0.06 ether, "the pay in question");
        vm.prank(provider);
        staking.stake{value: 1 ether}();

        skip(gap);
        sessionId = _restart();
        _disputeAfter(2 hours);
        _resolve(3, 0);
        // 3 days and 2 hours between the verdicts are the second dispute's.
        uint256 burnt = gap + 3 days + 2 hours >= 30 days ? 0.04 ether : 0.01 ether;
        vm.assertEq(staking.stakeOf(provider), 1.06 ether - burnt, "up to the limit");
    }

    /// RENT-51: exploit: a lost dispute locks escrow, or one guardian freezes a stake. Anyone ends it after 3 days, once.
    function test_exploit_lostDisputeLocksEscrow() external {
        _disputeAfter(2 hours);
        uint256 endsAt = panel.disputeOf(sessionId).endsAt;
        skip(3 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.VotingGoesOn.selector, sessionId, endsAt));
        panel.resolve(sessionId);
        skip(1);
        vm.prank(stranger);
        panel.resolve(sessionId);
        vm.expectRevert(abi.encodeWithSelector(IGuardianPanel.NotOpen.selector, sessionId));
        panel.resolve(sessionId);
        vm.startPrank(provider);
        registry.unregister();
        staking.initiateUnstake(0.1 ether);
        skip(7 days);
        staking.completeUnstake();
    }

    /// RENT-51: exploit: unstaking before slashing. While a dispute is open the provider's stake stays.
    function test_exploit_unstakeBeforeSlashing() external {
        _disputeAfter(2 hours);
        vm.startPrank(provider);
        vm.expectRevert();
        registry.unregister();
        vm.expectRevert();
        staking.initiateUnstake(1);
    }

    /// RENT-52: a session in a token is disputed in it, and no stake burns for it.
    function test_disputeInAToken() external {
        TestToken token = new TestToken();
        token.mint(renter, 100e6);
        vm.prank(provider);
        rental.setTokenPrice(address(token), 5e6);
        vm.startPrank(renter);
        token.approve(address(rental), 100e6);
        sessionId = rental.createSessionFor(1, 4, ED25519_KEY, address(token), "", 0, 20e6);
        vm.stopPrank();
        vm.prank(provider);
        rental.activateSession(sessionId, "");
        skip(2 hours);
        vm.prank(renter);
        rental.dispute(sessionId);
        vm.assertEq(token.balanceOf(address(panel)), 6e6, "pay and bond");
        vm.assertEq(token.balanceOf(renter), 89e6, "what is unused is back");
        _resolve(3, 0);
        vm.assertEq(ledger.getTokenBalance(renter, address(token)), 5e6 + 1e6 % 3, "pay, back");
        vm.assertEq(staking.stakeOf(provider), 0.1 ether, "nothing burnt");
    }

    function _restart() private returns (uint256 made) {
        made = _rent(1, 24);
        vm.prank(provider);
        rental.activateSession(made, "");
    }
}
