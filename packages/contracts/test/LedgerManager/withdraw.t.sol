// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {Refuser} from "../utils/Refuser.sol";

contract WithdrawTest is ComputeTest {
    /// LED-3: a balance is withdrawn at any time, in parts, to its owner or where its owner says.
    function test_paysTheCaller(uint256 amount, uint256 part) external {
        amount = bound(amount, 1, PURSE);
        part = bound(part, 1, amount);
        vm.startPrank(renter);
        ledger.deposit{value: amount}();
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Withdrawn(renter, address(0), renter, part);
        ledger.withdraw(part);
        vm.assertEq(renter.balance, PURSE - amount + part, "purse");
        vm.assertEq(ledger.getBalance(renter), amount - part, "rest");
    }

    /// LED-3: a balance is withdrawn at any time, in parts, to its owner or where its owner says.
    function test_paysWhomTheCallerNames() external {
        vm.startPrank(renter);
        ledger.deposit{value: 5}();
        ledger.withdrawTo(3, stranger);
        vm.assertEq(stranger.balance, PURSE + 3, "paid");
        vm.assertEq(ledger.getBalance(renter), 2, "rest");
    }

    /// LED-3: nobody withdraws more than the balance.
    function test_revertsWhen_balanceIsTooLow() external {
        vm.prank(stranger);
        ledger.deposit{value: 1 ether}();
        vm.startPrank(renter);
        ledger.deposit{value: 5}();
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 5, 6));
        ledger.withdraw(6);
    }

    /// LED-3: a withdrawal is of something, to someone.
    function test_revertsWhen_emptyOrToNobody() external {
        vm.startPrank(renter);
        ledger.deposit{value: 5}();
        vm.expectRevert(ILedgerManager.NothingMoved.selector);
        ledger.withdraw(0);
        vm.expectRevert(ILedgerManager.BalanceOfNobody.selector);
        ledger.withdrawTo(1, address(0));
    }

    /// LED-4: a wallet that refuses keeps its balance, and can send it elsewhere.
    function test_revertsWhen_walletRefuses() external {
        Refuser wallet = new Refuser();
        ledger.depositFor{value: 5}(address(wallet));
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.PaymentRefused.selector, address(wallet), 5));
        wallet.act(address(ledger), 0, abi.encodeCall(ledger.withdraw, (5)));
        wallet.act(address(ledger), 0, abi.encodeCall(ledger.withdrawTo, (5, stranger)));
        vm.assertEq(stranger.balance, PURSE + 5, "sent elsewhere");
    }

    /// LED-4: a withdrawal cannot be entered again from within.
    function test_cannotBeReentered() external {
        Refuser wallet = new Refuser();
        vm.prank(renter);
        ledger.deposit{value: 100}();
        ledger.depositFor{value: 10}(address(wallet));
        wallet.callBack(address(ledger), abi.encodeCall(ledger.withdraw, (5)));
        wallet.act(address(ledger), 0, abi.encodeCall(ledger.withdraw, (5)));
        vm.assertFalse(wallet.callBackSucceeded(), "the call back failed");
        vm.assertEq(address(wallet).balance, 5, "paid once");
        vm.assertEq(ledger.getBalance(address(wallet)), 5, "rest");
    }
}
