// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract RolesTest is ComputeTest {
    IComputeStaking.Role private constant PROVIDER = IComputeStaking.Role.Provider;
    IComputeStaking.Role private constant GUARDIAN = IComputeStaking.Role.Guardian;

    /// STK-6: roles add up: no ether backs two of them.
    function test_addUp() external {
        _register();
        vm.startPrank(provider);
        staking.stake{value: 1 ether - 1}();
        vm.expectRevert(
            abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 1.1 ether - 1, 1.1 ether)
        );
        staking.becomeGuardian();
        staking.stake{value: 1}();
        staking.becomeGuardian();

        vm.assertEq(staking.required(provider), 1.1 ether, "the sum");
        vm.assertTrue(staking.isStaked(provider, PROVIDER), "provider");
        vm.assertTrue(staking.isStaked(provider, GUARDIAN), "guardian");
        vm.assertEq(staking.guardianSince(provider), block.timestamp, "since now");
    }

    /// STK-7: what is leaving backs no role.
    function test_doNotCountWhatLeaves() external {
        vm.startPrank(renter);
        staking.stake{value: 1.5 ether}();
        staking.initiateUnstake(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 0.5 ether, 1 ether));
        staking.becomeGuardian();
    }

    /// STK-8: a guardian becomes and resigns by its own call, once each.
    function test_areGivenBack() external {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.RoleNotHeld.selector, renter, GUARDIAN));
        staking.resignGuardian();
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.RoleHeld.selector, renter, GUARDIAN));
        staking.becomeGuardian();
        staking.resignGuardian();
        vm.assertFalse(staking.isStaked(renter, GUARDIAN), "given back");
        vm.assertEq(staking.guardianSince(renter), 0, "no longer");
        vm.assertEq(staking.required(renter), 0, "free");
        staking.initiateUnstake(1 ether);
    }

    /// STK-9: providers are bound and freed by the registry alone.
    function test_revertsWhen_callerIsNotTheRegistry() external {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.NotRegistry.selector, stranger));
        staking.bindProvider{value: 1 ether}(stranger);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.NotRegistry.selector, stranger));
        staking.unbindProvider(provider);
    }

    /// STK-10: a user's stake is 0.01 ETH above the account's roles and above what is leaving.
    function test_leaveRoomForTheUsersStake() external {
        _register();
        vm.assertFalse(staking.hasUserStake(provider), "all of it backs the provider");
        vm.startPrank(provider);
        staking.stake{value: 0.01 ether}();
        vm.assertTrue(staking.hasUserStake(provider), "0.01 ETH above");
        staking.initiateUnstake(1);
        vm.assertFalse(staking.hasUserStake(provider), "a wei leaves");
        vm.assertTrue(staking.isStaked(provider, PROVIDER), "still a provider");
    }
}
