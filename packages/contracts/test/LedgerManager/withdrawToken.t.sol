// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {TokenTest} from "./TokenTest.sol";

contract WithdrawTokenTest is TokenTest {
    /// LED-11: tokens leave in parts, to their owner or where it says, and never beyond the balance.
    function test_paysOut(uint256 amount) external {
        amount = bound(amount, 1, 9e6);
        _depositToken(10e6);
        vm.startPrank(renter);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Withdrawn(renter, address(token), renter, amount);
        ledger.withdrawToken(address(token), amount);
        ledger.withdrawTokenTo(address(token), 10e6 - amount, stranger);
        vm.assertEq(token.balanceOf(renter), 990e6 + amount, "own");
        vm.assertEq(token.balanceOf(stranger), 10e6 - amount, "where it says");

        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 0, 1));
        ledger.withdrawToken(address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.NotAToken.selector, address(0)));
        ledger.withdrawToken(address(0), 1);
    }

    /// LED-11: a deposit in one currency is not paid back in another.
    function test_revertsWhen_currencyIsAnother() external {
        _depositToken(10e6);
        vm.deal(address(ledger), 1 ether);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 0, 1));
        vm.prank(renter);
        ledger.withdraw(1);
    }

    /// LED-11: a receiver that the token blocks keeps its balance, and can send it elsewhere.
    function test_blockedReceiverSendsElsewhere() external {
        _depositToken(10e6);
        token.setBlocked(renter, true);
        vm.startPrank(renter);
        vm.expectRevert();
        ledger.withdrawToken(address(token), 10e6);
        ledger.withdrawTokenTo(address(token), 10e6, stranger);
        vm.assertEq(token.balanceOf(stranger), 10e6, "elsewhere");
    }

    /// LED-6: a service draws tokens as it draws ether: what was allowed, and no more.
    function test_servicesDrawTokens() external {
        _depositToken(10e6);
        vm.prank(renter);
        ledger.allow(stranger, address(token), 4e6);
        vm.prank(stranger);
        ledger.draw(renter, address(token), 3e6);
        vm.assertEq(token.balanceOf(stranger), 3e6, "drawn");
        vm.assertEq(ledger.spentOn(renter, stranger, address(token)), 3e6, "recorded");

        vm.expectRevert(
            abi.encodeWithSelector(ILedgerManager.AllowanceTooLow.selector, renter, stranger, 1e6, 2e6)
        );
        vm.prank(stranger);
        ledger.draw(renter, address(token), 2e6);
    }
}
