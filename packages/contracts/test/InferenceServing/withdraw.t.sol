// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {Refuser} from "../utils/Refuser.sol";
import {Bomb} from "./Bomb.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract WithdrawTest is InferenceTest {
    /// INF-2: what was deposited can be withdrawn at once, by its account alone.
    function test_paysTheCaller(uint256 deposited, uint256 amount) external {
        deposited = bound(deposited, 1, PURSE);
        amount = bound(amount, 1, deposited);
        vm.startPrank(user);
        serving.deposit{value: deposited}();

        vm.expectEmit(address(serving));
        emit IInferenceRecords.Withdrawn(user, user, amount);
        serving.withdraw(amount);

        vm.assertEq(user.balance, PURSE - deposited + amount, "wallet");
        vm.assertEq(serving.getBalance(user), deposited - amount, "free balance");
    }

    /// INF-2: it goes elsewhere if the caller says so.
    function test_paysAnother() external {
        address payable to = payable(makeAddr("to"));
        vm.startPrank(user);
        serving.deposit{value: 2 ether}();
        serving.withdrawTo(2 ether, to);

        vm.assertEq(to.balance, 2 ether, "receiver's wallet");
    }

    /// INF-2: whoever pays, the account named gets it.
    function test_depositsForAnother() external {
        address other = makeAddr("other");
        vm.expectEmit(address(serving));
        emit IInferenceRecords.Deposited(other, user, 1 ether);
        vm.prank(user);
        serving.depositFor{value: 1 ether}(other);

        vm.assertEq(serving.getBalance(other), 1 ether, "free balance");
    }

    /// INF-2: never more than there is, never nothing, never to nobody.
    function test_revertsWhen_amountIsOff(uint256 amount) external {
        amount = bound(amount, 1 ether + 1, type(uint256).max);
        vm.startPrank(user);
        serving.deposit{value: 1 ether}();

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.InsufficientBalance.selector, user, 1 ether, amount)
        );
        serving.withdraw(amount);
        vm.expectRevert(IInferenceRecords.ZeroAmount.selector);
        serving.withdraw(0);
        vm.expectRevert(IInferenceRecords.ZeroAddress.selector);
        serving.withdrawTo(1, address(0));
        vm.expectRevert(IInferenceRecords.ZeroAddress.selector);
        serving.depositFor{value: 1}(address(0));
        vm.expectRevert(IInferenceRecords.ZeroAmount.selector);
        serving.deposit();
    }

    /// INF-2: a wallet that refuses the money keeps its balance, and can send it elsewhere.
    function test_revertsWhen_walletRefuses() external {
        Refuser refuser = new Refuser();
        vm.prank(user);
        serving.depositFor{value: 1 ether}(address(refuser));
        bytes memory withdrawal = abi.encodeCall(serving.withdraw, (1 ether));

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.TransferRefused.selector, address(refuser), 1 ether)
        );
        refuser.act(address(serving), 0, withdrawal);
        vm.assertEq(serving.getBalance(address(refuser)), 1 ether, "free balance");
        address to = makeAddr("to");
        refuser.act(address(serving), 0, abi.encodeCall(serving.withdrawTo, (1 ether, to)));
        vm.assertEq(to.balance, 1 ether, "elsewhere");
    }

    /// INF-2: who calls back while being paid is not paid twice.
    function test_attack_reentry() external {
        Refuser thief = new Refuser();
        vm.startPrank(user);
        serving.depositFor{value: 1 ether}(address(thief));
        serving.deposit{value: 5 ether}();
        vm.stopPrank();
        thief.callBack(address(serving), abi.encodeCall(serving.withdraw, (0.5 ether)));

        thief.act(address(serving), 0, abi.encodeCall(serving.withdraw, (0.5 ether)));

        vm.assertFalse(thief.callBackSucceeded(), "the call back");
        vm.assertEq(address(thief).balance, 0.5 ether, "thief's wallet");
        vm.assertEq(serving.getBalance(address(thief)), 0.5 ether, "thief's free balance");
    }

    /// INF-2: a receiver that returns a lot costs its caller no more than its own gas.
    function test_attack_returnBomb() external {
        Bomb bomb = new Bomb();
        vm.startPrank(user);
        serving.deposit{value: 1 ether}();

        uint256 before = gasleft();
        serving.withdrawTo(1 ether, address(bomb));

        vm.assertLt(before - gasleft(), 150_000, "gas");
    }
}
