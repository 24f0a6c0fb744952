// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {Refuser} from "../utils/Refuser.sol";

contract DrawTest is ComputeTest {
    address private constant ETHER = address(0);
    Refuser private service;

    function setUp() public override {
        super.setUp();
        service = new Refuser();
        service.setMood(Refuser.Mood.Accept);
        vm.prank(renter);
        ledger.deposit{value: 10 ether}();
    }

    /// LED-6: a service draws up to what the account allowed it, and all that it drew is on record.
    function test_drawsUpToTheAllowance(uint256 allowed, uint256 amount) external {
        allowed = bound(allowed, 0, 20 ether);
        amount = bound(amount, 1, 20 ether);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Allowed(renter, address(service), ETHER, allowed);
        vm.prank(renter);
        ledger.allow(address(service), ETHER, allowed);

        bool may = amount <= allowed && amount <= 10 ether;
        if (amount > allowed) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ILedgerManager.AllowanceTooLow.selector, renter, service, allowed, amount
                )
            );
        } else if (!may) {
            vm.expectRevert(
                abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 10 ether, amount)
            );
        }
        _draw(amount);

        uint256 drawn = may ? amount : 0;
        vm.assertEq(address(service).balance, drawn, "service");
        vm.assertEq(ledger.getBalance(renter), 10 ether - drawn, "balance");
        vm.assertEq(ledger.allowanceOf(renter, address(service), ETHER), allowed - drawn, "allowance");
        vm.assertEq(ledger.spentOn(renter, address(service), ETHER), drawn, "spent");
    }

    /// LED-6: without limit is without limit; a later allowance replaces an earlier one.
    function test_allowanceIsReplaced() external {
        vm.startPrank(renter);
        ledger.allow(address(service), ETHER, type(uint256).max);
        vm.stopPrank();
        _draw(1 ether);
        vm.assertEq(ledger.allowanceOf(renter, address(service), ETHER), type(uint256).max, "no limit");

        vm.prank(renter);
        ledger.allow(address(service), ETHER, 0);
        vm.expectPartialRevert(ILedgerManager.AllowanceTooLow.selector);
        _draw(1);
        vm.assertEq(ledger.spentOn(renter, address(service), ETHER), 1 ether, "spent");
    }

    /// LED-6: nobody draws for another service, and nothing is no draw.
    function test_revertsWhen_notAllowed(address other) external {
        vm.assume(other != address(service));
        vm.prank(renter);
        ledger.allow(address(service), ETHER, 10 ether);

        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.AllowanceTooLow.selector, renter, other, 0, 1));
        vm.prank(other);
        ledger.draw(renter, ETHER, 1);
        vm.expectRevert(ILedgerManager.NothingMoved.selector);
        _draw(0);
    }

    /// LED-6: a service that refuses the ether has drawn nothing, and one that calls back in gets nothing more.
    function test_revertsWhen_theServiceMisbehaves() external {
        vm.prank(renter);
        ledger.allow(address(service), ETHER, 10 ether);
        service.setMood(Refuser.Mood.Revert);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.PaymentRefused.selector, service, 1 ether));
        _draw(1 ether);
        vm.assertEq(ledger.getBalance(renter), 10 ether, "balance");

        service.callBack(address(ledger), abi.encodeCall(ledger.draw, (renter, ETHER, 1 ether)));
        _draw(1 ether);
        vm.assertFalse(service.callBackSucceeded(), "entered");
        vm.assertEq(ledger.getBalance(renter), 9 ether, "drawn once");
    }

    function _draw(uint256 amount) private {
        vm.prank(address(service));
        ledger.draw(renter, ETHER, amount);
    }
}
