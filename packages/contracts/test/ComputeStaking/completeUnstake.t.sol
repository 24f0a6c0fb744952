// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {Refuser} from "../utils/Refuser.sol";

contract CompleteUnstakeTest is ComputeTest {
    function setUp() public override {
        super.setUp();
        vm.startPrank(renter);
        staking.stake{value: 3 ether}();
        staking.initiateUnstake(2 ether);
        vm.stopPrank();
    }

    /// STK-3: stake leaves 7 days after it was said to.
    function test_paysAfterSevenDays() external {
        skip(7 days);
        vm.expectEmit(address(staking));
        emit IComputeStaking.Unstaked(renter, renter, 2 ether, 1 ether);
        vm.prank(renter);
        staking.completeUnstake();
        vm.assertEq(renter.balance, PURSE - 1 ether, "purse");
        vm.assertEq(staking.stakeOf(renter), 1 ether, "rest");
    }

    /// STK-3: stake leaves 7 days after it was said to, where its account says.
    function test_paysElsewhere() external {
        skip(7 days);
        vm.prank(renter);
        staking.completeUnstakeTo(stranger);
        vm.assertEq(stranger.balance, PURSE + 2 ether, "paid");
    }

    /// STK-3: stake leaves 7 days after it was said to.
    function test_revertsWhen_tooEarly() external {
        skip(7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.UnstakeNotReady.selector, block.timestamp + 1));
        vm.prank(renter);
        staking.completeUnstake();
    }

    /// STK-3: stake leaves once.
    function test_revertsWhen_nothingIsPending() external {
        skip(7 days);
        vm.startPrank(renter);
        staking.completeUnstake();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.NothingPending.selector, renter));
        staking.completeUnstake();
    }

    /// STK-5: a wallet that refuses keeps its stake, and can send it elsewhere; it cannot call back into a payment.
    function test_survivesHostileWallets() external {
        Refuser wallet = new Refuser();
        staking.stakeFor{value: 2}(address(wallet));
        wallet.act(address(staking), 0, abi.encodeCall(staking.initiateUnstake, (2)));
        skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.PaymentRefused.selector, address(wallet)));
        wallet.act(address(staking), 0, abi.encodeCall(staking.completeUnstake, ()));
        vm.assertEq(staking.stakeOf(address(wallet)), 2, "kept");

        wallet.callBack(address(staking), abi.encodeCall(staking.completeUnstake, ()));
        wallet.act(address(staking), 0, abi.encodeCall(staking.completeUnstake, ()));
        vm.assertFalse(wallet.callBackSucceeded(), "the call back failed");
        vm.assertEq(address(wallet).balance, 2, "paid once");
    }
}
