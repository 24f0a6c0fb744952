// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract DepositTest is ComputeTest {
    /// LED-1: ether deposited is the depositor's free balance.
    function test_addsToTheCallersBalance(uint256 amount) external {
        amount = bound(amount, 1, PURSE);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Deposited(renter, address(0), renter, amount);
        vm.prank(renter);
        ledger.deposit{value: amount}();
        vm.assertEq(ledger.getBalance(renter), amount, "balance");
        vm.assertEq(ledger.getTokenBalance(renter, address(0)), amount, "ether is token 0");
        vm.assertEq(address(ledger).balance, amount, "held");
    }

    /// LED-2: anyone deposits for another, who alone can take it out.
    function test_addsToAnothersBalance() external {
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Deposited(provider, address(0), renter, 5);
        vm.startPrank(renter);
        ledger.depositFor{value: 5}(provider);
        vm.assertEq(ledger.getBalance(provider), 5, "provider's balance");
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 0, 5));
        ledger.withdraw(5);
    }

    /// LED-2: a balance of nobody cannot be made.
    function test_revertsWhen_forNobody() external {
        vm.expectRevert(ILedgerManager.BalanceOfNobody.selector);
        ledger.depositFor{value: 5}(address(0));
    }

    /// LED-1: a deposit is of something.
    function test_revertsWhen_empty() external {
        vm.expectRevert(ILedgerManager.NothingMoved.selector);
        ledger.deposit();
    }

    /// LED-1: ether sent without a call is refused, since it would be nobody's.
    function test_refusesPlainEther() external {
        (bool ok,) = address(ledger).call{value: 1}("");
        vm.assertFalse(ok, "refused");
    }
}
