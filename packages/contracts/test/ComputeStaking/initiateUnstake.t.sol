// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract InitiateUnstakeTest is ComputeTest {
    /// STK-3: stake leaves 7 days after it was said to; saying it again starts the time anew, and 0 takes it back.
    function test_startsTheTimeAnew() external {
        vm.startPrank(renter);
        staking.stake{value: 3 ether}();
        vm.expectEmit(address(staking));
        emit IComputeStaking.UnstakeInitiated(renter, 1 ether, block.timestamp + 7 days);
        staking.initiateUnstake(1 ether);
        skip(6 days);
        staking.initiateUnstake(2 ether);
        (uint256 amount, uint256 availableAt) = staking.pendingUnstake(renter);
        vm.assertEq(amount, 2 ether, "replaced");
        vm.assertEq(availableAt, block.timestamp + 7 days, "anew");
        vm.assertEq(staking.stakeOf(renter), 3 ether, "still here");

        staking.initiateUnstake(0);
        (amount, availableAt) = staking.pendingUnstake(renter);
        vm.assertEq(amount + availableAt, 0, "taken back");
    }

    /// STK-4: what a role needs does not leave, and the error names the role to give back.
    function test_revertsWhen_aRoleNeedsIt() external {
        _register();
        vm.startPrank(provider);
        staking.stake{value: 1 ether}();
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeStaking.RoleHoldsStake.selector, IComputeStaking.Role.Provider, 1 ether + 1, 1 ether
            )
        );
        staking.initiateUnstake(1 ether + 1);
        staking.initiateUnstake(1 ether);
    }

    /// STK-4: what a role needs does not leave, and the error names the role to give back.
    function test_revertsWhen_theGuardiansRoleNeedsIt() external {
        vm.startPrank(renter);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeStaking.RoleHoldsStake.selector, IComputeStaking.Role.Guardian, 1, 0
            )
        );
        staking.initiateUnstake(1);
    }

    /// STK-3: no more than the stake leaves.
    function test_revertsWhen_stakeIsTooLow() external {
        vm.startPrank(renter);
        staking.stake{value: 5}();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 5, 6));
        staking.initiateUnstake(6);
    }
}
