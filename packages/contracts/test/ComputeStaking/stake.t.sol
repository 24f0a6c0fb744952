// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract StakeTest is ComputeTest {
    /// STK-1: each account has one stake; anyone adds to it, its account alone takes out of it.
    function test_addsUp() external {
        vm.expectEmit(address(staking));
        emit IComputeStaking.Staked(renter, 1 ether, 1 ether);
        vm.prank(renter);
        staking.stake{value: 1 ether}();
        vm.expectEmit(address(staking));
        emit IComputeStaking.Staked(renter, 2 ether, 3 ether);
        vm.prank(stranger);
        staking.stakeFor{value: 2 ether}(renter);
        vm.assertEq(staking.stakeOf(renter), 3 ether, "stake");
        vm.assertEq(staking.stakeOf(stranger), 0, "the giver has none");
    }

    /// STK-1: a stake is of something, for someone.
    function test_revertsWhen_emptyOrForNobody() external {
        vm.expectRevert(IComputeStaking.NothingStaked.selector);
        staking.stake();
        vm.expectRevert(IComputeStaking.NothingStaked.selector);
        staking.stakeFor(renter);
        vm.expectRevert(IComputeStaking.StakeForNobody.selector);
        staking.stakeFor{value: 1}(address(0));
    }

    /// STK-2: the minimums are 0.01 ETH for users, 0.1 ETH for providers and 1 ETH for guardians.
    function test_hasTheSpecsMinimums() external view {
        vm.assertEq(staking.USER_STAKE(), 0.01 ether, "user");
        vm.assertEq(staking.PROVIDER_STAKE(), 0.1 ether, "provider");
        vm.assertEq(staking.GUARDIAN_STAKE(), 1 ether, "guardian");
        vm.assertEq(staking.UNSTAKE_DELAY(), 7 days, "delay");
    }
}
