// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";
import {ComputeHandler} from "./ComputeHandler.sol";

/// @notice Staking, registry, rental, ledger and the guardians' panel, under whatever their users do.
contract ComputeInvariants is ComputeTest {
    address private constant ETHER = address(0);

    /// @dev What the contracts owe, by currency.
    struct Books {
        uint256 escrow;
        uint256 escrowInToken;
        uint256 panel;
        uint256 panelInToken;
        uint256 stakes;
        uint256 ledger;
        uint256 ledgerInToken;
        uint256 wallets;
    }

    ComputeHandler private handler;
    TestToken private token;
    address private sink = makeAddr("sink");

    function setUp() public override {
        super.setUp();
        handler = new ComputeHandler(rental);
        token = handler.TOKEN();
        for (uint256 i = 0; i < handler.WALLETS(); i++) {
            handler.turn(i, 2);
            handler.stake(i, 2 ether);
            if (i > 3) handler.takeRole(i, true);
        }
        skip(7 days);
        handler.register(0, 1 ether + 1);
        handler.register(1, 3601);
        handler.rent(2, 1, 3);
        handler.order(3, 1, 2, true);
        targetContract(address(handler));
        bytes4[] memory spared = new bytes4[](1);
        spared[0] = handler.healToken.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: spared}));
        targetSender(makeAddr("fuzzer"));
    }

    /// RENT-26, RENT-41, RENT-49, STK-1, LED-1: each contract holds what it owes, to the wei, and nothing is lost between them.
    /// RENT-2, RENT-18, STK-6, REG-7, REG-14, LED-6 hold for each session and wallet.
    function invariant_holdsWhatItOwes() external view {
        Books memory books;
        uint256[] memory open = new uint256[](registry.providerCount() + 1);
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            _addSession(books, open, sessionId);
        }
        for (uint256 i = 0; i < handler.disputedCount(); i++) {
            _addDispute(books, open, handler.disputed(i));
        }
        for (uint256 i = 0; i < handler.WALLETS(); i++) {
            _addWallet(books, address(handler.wallets(i)));
        }
        _assertHeld(books);
        for (uint256 providerId = 1; providerId < open.length; providerId++) {
            vm.assertEq(rental.hasObligations(providerId), open[providerId] != 0, "REG-7: obligations");
        }
    }

    /// RENT-22, RENT-37, RENT-51, STK-3, LED-3: at the end of every run, whatever wallets and token do, strangers close and pay
    /// all sessions and disputes; then everyone takes everything out, and nothing is left.
    function afterInvariant() external {
        skip(11 minutes);
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            if (rental.statusOf(sessionId) == IComputeRental.Status.Pending) rental.cancelSession(sessionId);
        }
        skip(3000 hours);
        for (uint256 sessionId = 1; sessionId <= rental.sessionCount(); sessionId++) {
            _collect(address(this), sessionId);
            IGuardianPanel.Dispute memory dispute = panel.disputeOf(sessionId);
            if (dispute.endsAt != 0 && !dispute.resolved) panel.resolve(sessionId);
        }
        for (uint256 providerId = 1; providerId <= registry.providerCount(); providerId++) {
            vm.assertFalse(rental.hasObligations(providerId), "free to go");
        }

        handler.healToken();
        for (uint256 i = 0; i < handler.WALLETS(); i++) {
            _leave(address(handler.wallets(i)));
        }
        skip(7 days);
        for (uint256 i = 0; i < handler.WALLETS(); i++) {
            _takeAll(address(handler.wallets(i)));
        }
        _assertEmpty(address(rental));
        _assertEmpty(address(panel));
        _assertEmpty(address(staking));
        _assertEmpty(address(ledger));
    }

    /* BOOKS */

    function _addSession(Books memory books, uint256[] memory open, uint256 sessionId) private view {
        IComputeRental.SessionDetails memory details = rental.sessionDetails(sessionId);
        (,, address paidIn, uint256 providerId, uint256 agreed, uint256 deposit) = handler.made(sessionId);
        vm.assertEq(details.pricePerHour, agreed, "RENT-2: price as agreed");
        uint256 earned = details.collected + details.matured + details.unmatured;
        vm.assertLe(earned, deposit, "RENT-18: earned");

        bool isLive = details.status == IComputeRental.Status.Pending
            || details.status == IComputeRental.Status.Running;
        uint256 held = isLive ? deposit - details.collected : details.matured + details.unmatured;
        if (paidIn == ETHER) books.escrow += held;
        else books.escrowInToken += held;
        if (held != 0) open[providerId]++;
    }

    function _addDispute(Books memory books, uint256[] memory open, uint256 sessionId) private view {
        IGuardianPanel.Dispute memory dispute = panel.disputeOf(sessionId);
        uint256 held = dispute.held + dispute.bond;
        if (dispute.resolved) {
            held = 0;
            for (uint256 i = 0; i < handler.WALLETS() && dispute.share != 0; i++) {
                if (panel.hasShare(sessionId, address(handler.wallets(i)))) held += dispute.share;
            }
        } else {
            open[dispute.providerId]++;
        }
        if (dispute.token == ETHER) books.panel += held;
        else books.panelInToken += held;
    }

    function _addWallet(Books memory books, address wallet) private view {
        books.wallets += wallet.balance;
        books.stakes += staking.stakeOf(wallet);
        books.ledger += ledger.getBalance(wallet);
        books.ledgerInToken += ledger.getTokenBalance(wallet, address(token));
        books.escrowInToken += rental.unpaidOf(wallet, address(token));
        books.panelInToken += panel.unpaidOf(wallet, address(token));
        _assertSpent(wallet, ETHER);
        _assertSpent(wallet, address(token));
        _assertRoles(wallet);
    }

    function _assertSpent(address wallet, address paidIn) private view {
        uint256 drawn = ledger.spentOn(wallet, address(rental), paidIn);
        vm.assertEq(drawn, handler.spent(wallet, paidIn), "LED-6: drawn for its own calls alone");
    }

    function _assertRoles(address wallet) private view {
        uint256 providerId = registry.providerIdOf(wallet);
        (uint256 leaving,) = staking.pendingUnstake(wallet);
        uint256 staked = staking.stakeOf(wallet);
        uint256 needed = staking.required(wallet);
        uint256 known = (providerId == 0 ? 0 : 0.1 ether) + (staking.guardianSince(wallet) == 0 ? 0 : 1 ether);
        vm.assertTrue(needed == known || needed == known + 1 ether, "STK-6: the sum of the roles");
        vm.assertLe(leaving, staked, "STK-1: leaving");
        // Only slashing leaves a role uncovered, and then nothing leaves.
        if (staked - leaving < needed) vm.assertEq(leaving, 0, "STK-4: nothing leaves below the minimum");
        bool isStaked = staking.isStaked(wallet, IComputeStaking.Role.Provider);
        if (isStaked) vm.assertGe(staked - leaving, needed, "STK-6: covered");
        (,, bool rentable) = registry.rentalTerms(providerId);
        vm.assertEq(rentable, isStaked, "REG-14: as the registry was told");
    }

    function _assertHeld(Books memory books) private view {
        vm.assertEq(address(rental).balance, books.escrow, "RENT-26: escrow");
        vm.assertEq(token.balanceOf(address(rental)), books.escrowInToken, "RENT-26: escrow in tokens");
        vm.assertEq(address(panel).balance, books.panel, "RENT-41: panel");
        vm.assertEq(token.balanceOf(address(panel)), books.panelInToken, "RENT-49: panel in tokens");
        vm.assertEq(address(staking).balance, books.stakes, "STK-1: stakes");
        vm.assertEq(address(ledger).balance, books.ledger, "LED-1: ledger");
        vm.assertEq(token.balanceOf(address(ledger)), books.ledgerInToken, "LED-7: ledger in tokens");
        uint256 held = books.escrow + books.panel + books.stakes + books.ledger;
        // What is burnt lies at the zero address.
        vm.assertEq(
            held + books.wallets + ETHER.balance, handler.WALLETS() * handler.PURSE(), "no wei made or lost"
        );
    }

    /* EXITS */

    /// @dev Of its own will, in whatever mood: roles, shares and what waits.
    function _leave(address wallet) private {
        vm.startPrank(wallet);
        for (uint256 i = 0; i < handler.disputedCount(); i++) {
            if (panel.hasShare(handler.disputed(i), wallet)) panel.takeShare(handler.disputed(i));
        }
        if (rental.unpaidOf(wallet, address(token)) != 0) rental.claimUnpaid(address(token), sink);
        if (panel.unpaidOf(wallet, address(token)) != 0) panel.claimUnpaid(address(token), sink);
        if (registry.providerIdOf(wallet) != 0) registry.unregister();
        if (staking.guardianSince(wallet) != 0) staking.resignGuardian();
        if (staking.required(wallet) != 0) staking.resignAttester();
        staking.initiateUnstake(staking.stakeOf(wallet));
        vm.stopPrank();
    }

    function _takeAll(address wallet) private {
        (uint256 ether_, uint256 tokens) =
            (ledger.getBalance(wallet), ledger.getTokenBalance(wallet, address(token)));
        vm.startPrank(wallet);
        if (staking.stakeOf(wallet) != 0) staking.completeUnstakeTo(sink);
        if (ether_ != 0) ledger.withdrawTo(ether_, sink);
        if (tokens != 0) ledger.withdrawTokenTo(address(token), tokens, sink);
        vm.stopPrank();
    }

    function _assertEmpty(address account) private view {
        vm.assertEq(account.balance, 0, "no ether is left");
        vm.assertEq(token.balanceOf(account), 0, "no token is left");
    }
}
