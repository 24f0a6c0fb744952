// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";
import {RentalHandler} from "./RentalHandler.sol";

contract ComputeInvariants is ComputeTest {
    RentalHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new RentalHandler(staking, registry, rental);
        for (uint256 i = 4; i < 8; i++) {
            handler.stake(i, 2 ether);
            handler.becomeGuardian(i);
        }
        skip(7 days);
        handler.register(0, 1 ether + 1);
        handler.register(1, 3601);
        handler.rent(2, 1, 3);
        handler.priceInToken(0, 1e6 + 1);
        handler.rentInToken(3, 1, 2);
        targetContract(address(handler));
    }

    /// RENT-26: the contract holds the sum over all sessions of deposit less what was collected and refunded, to the wei.
    function invariant_escrowHoldsWhatIsDueToTheWei() external view {
        uint256 due = 0;
        uint256 dueInToken = 0;
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            if (rental.orderOf(sessionId).token == address(0)) due += _held(sessionId);
            else dueInToken += _held(sessionId);
        }
        TestToken token = handler.TOKEN();
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            dueInToken += rental.unpaidOf(address(handler.wallets(i)), address(token));
        }
        vm.assertEq(address(rental).balance, due, "escrow");
        vm.assertEq(token.balanceOf(address(rental)), dueInToken, "escrow in tokens");
    }

    /// RENT-41, RENT-49: the panel holds pay and bonds of open disputes, shares that were not taken, and what waits for its owner.
    function invariant_panelHoldsWhatIsDueToTheWei() external view {
        TestToken token = handler.TOKEN();
        uint256 due = 0;
        uint256 dueInToken = 0;
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            IGuardianPanel.Dispute memory made = panel.disputeOf(sessionId);
            uint256 held = made.resolved ? made.share * _untaken(sessionId) : made.held + made.bond;
            if (made.token == address(0)) due += held;
            else dueInToken += held;
        }
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            dueInToken += panel.unpaidOf(address(handler.wallets(i)), address(token));
        }
        vm.assertEq(address(panel).balance, due, "panel");
        vm.assertEq(token.balanceOf(address(panel)), dueInToken, "panel's tokens");
    }

    /// RENT-18: what a session has paid and owes never exceeds its deposit.
    function invariant_sessionsEarnNoMoreThanTheirDeposit() external view {
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            IComputeRental.SessionDetails memory details = rental.sessionDetails(sessionId);
            uint256 earned = details.collected + details.matured + details.unmatured;
            vm.assertLe(earned, rental.getSession(sessionId).deposit, "earned");
        }
    }

    /// REG-7: a provider has obligations exactly while a session of it is pending, running or not paid out.
    function invariant_obligationsAreThoseOfSessions() external view {
        for (uint256 providerId = 1; providerId <= registry.providerCount(); providerId++) {
            (uint256[] memory ids,) = rental.sessionsAt(providerId, 0, type(uint256).max);
            bool isObliged = panel.openDisputes(providerId) != 0;
            for (uint256 i = 0; i < ids.length; i++) {
                vm.assertEq(rental.getSession(ids[i]).providerId, providerId, "listed under its provider");
                if (_isOpen(ids[i])) isObliged = true;
            }
            vm.assertEq(rental.hasObligations(providerId), isObliged, "obligations");
        }
    }

    /// STK-1: the contract holds the sum of all stakes, and what is leaving is part of it.
    function invariant_stakesAreHeld() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            address wallet = address(handler.wallets(i));
            (uint256 leaving,) = staking.pendingUnstake(wallet);
            vm.assertLe(leaving, staking.stakeOf(wallet), "leaving");
            sum += staking.stakeOf(wallet);
        }
        vm.assertEq(address(staking).balance, sum, "stakes");
    }

    /// STK-6, REG-14: an account that is staked covers the sum of its roles, and holds them as registry and guardians say.
    function invariant_stakesCoverRoles() external view {
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            address wallet = address(handler.wallets(i));
            uint256 needed = (registry.providerIdOf(wallet) == 0 ? 0 : 0.1 ether)
                + (staking.guardianSince(wallet) == 0 ? 0 : 1 ether);
            vm.assertEq(staking.required(wallet), needed, "roles");

            (uint256 leaving,) = staking.pendingUnstake(wallet);
            bool isStaked = staking.isStaked(wallet, IComputeStaking.Role.Provider)
                || staking.isStaked(wallet, IComputeStaking.Role.Guardian);
            if (isStaked) vm.assertGe(staking.stakeOf(wallet) - leaving, needed, "covered");
            (,, bool rentable) = registry.rentalTerms(registry.providerIdOf(wallet));
            vm.assertEq(
                rentable, staking.isStaked(wallet, IComputeStaking.Role.Provider), "as the registry was told"
            );
            // Only slashing leaves a role uncovered, and then nothing leaves.
            if (staking.stakeOf(wallet) < needed) {
                vm.assertEq(leaving, 0, "nothing leaves below the minimum");
            }
        }
    }

    /// LED-1: the ledger holds the sum of all balances.
    function invariant_ledgerHoldsItsBalances() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            sum += ledger.getBalance(address(handler.wallets(i)));
        }
        vm.assertEq(address(ledger).balance, sum, "balances");
        TestToken token = handler.TOKEN();
        sum = 0;
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            sum += ledger.getTokenBalance(address(handler.wallets(i)), address(token));
        }
        vm.assertEq(token.balanceOf(address(ledger)), sum, "balances in tokens");
    }

    /// RENT-22: at the end of every run a stranger closes and pays all sessions, whatever the wallets do, and nothing is left.
    function afterInvariant() external {
        handler.spoilToken(0, 0);
        skip(11 minutes);
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            if (rental.statusOf(sessionId) == IComputeRental.Status.Pending) rental.cancelSession(sessionId);
        }
        skip(3000 hours);
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            _collect(address(this), sessionId);
            vm.assertFalse(_isOpen(sessionId), "closed");
        }
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            IGuardianPanel.Dispute memory made = panel.disputeOf(sessionId);
            if (made.endsAt != 0 && !made.resolved) panel.resolve(sessionId);
        }
        for (uint256 providerId = 1; providerId <= registry.providerCount(); providerId++) {
            vm.assertFalse(rental.hasObligations(providerId), "free to go");
        }
        vm.assertEq(address(rental).balance, 0, "nothing is left");
        vm.assertGt(handler.successes(), 0, "something happened");
    }

    function _untaken(uint256 sessionId) private view returns (uint256 count) {
        for (uint256 i = 0; i < handler.walletCount(); i++) {
            if (panel.hasShare(sessionId, address(handler.wallets(i)))) count++;
        }
    }

    /// @dev Of a session's deposit, what is neither collected nor given back.
    function _held(uint256 sessionId) private view returns (uint256) {
        IComputeRental.SessionDetails memory details = rental.sessionDetails(sessionId);
        bool isLive = details.status == IComputeRental.Status.Pending
            || details.status == IComputeRental.Status.Running;
        if (isLive) return rental.getSession(sessionId).deposit - details.collected;
        return details.matured + details.unmatured;
    }

    function _isOpen(uint256 sessionId) private view returns (bool) {
        return _held(sessionId) != 0;
    }
}
