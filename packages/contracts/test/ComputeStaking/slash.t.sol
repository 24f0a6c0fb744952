// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract SlashTest is ComputeTest {
    function _slash(uint256 amount) private returns (uint256) {
        vm.prank(address(panel));
        return staking.slash(provider, amount);
    }

    /// STK-11: slashing burns stake, what is leaving included, and nobody gains.
    function test_burns() external {
        _register();
        uint256 burntBefore = address(0).balance;
        vm.expectEmit(address(staking));
        emit IComputeStaking.Slashed(provider, address(panel), 0.04 ether, 0.06 ether);
        vm.assertEq(_slash(0.04 ether), 0.04 ether, "burnt");
        vm.assertEq(staking.stakeOf(provider), 0.06 ether, "rest");
        vm.assertEq(address(0).balance - burntBefore, 0.04 ether, "to nobody");
        vm.assertEq(address(staking).balance, 0.06 ether, "held");
        vm.assertFalse(staking.isStaked(provider, IComputeStaking.Role.Provider), "below the minimum");
    }

    /// STK-11: more than there is cannot be slashed.
    function test_takesWhatThereIs(uint256 amount) external {
        _register();
        amount = bound(amount, 0.1 ether, type(uint256).max);
        vm.assertEq(_slash(amount), 0.1 ether, "all");
        vm.assertEq(staking.stakeOf(provider), 0, "nothing left");
        vm.assertEq(_slash(amount), 0, "nothing more");
    }

    /// STK-12: until it has left, stake on its way out is slashed first, so that roles stay covered while they can be.
    function test_takesWhatLeavesFirst() external {
        _register();
        vm.startPrank(provider);
        staking.stake{value: 0.1 ether}();
        staking.initiateUnstake(0.1 ether);
        vm.stopPrank();
        _slash(0.04 ether);
        (uint256 leaving,) = staking.pendingUnstake(provider);
        vm.assertEq(leaving, 0.06 ether, "leaving");
        vm.assertTrue(staking.isStaked(provider, IComputeStaking.Role.Provider), "still covered");

        _slash(0.08 ether);
        (leaving,) = staking.pendingUnstake(provider);
        vm.assertEq(leaving, 0, "nothing leaves");
        vm.assertEq(staking.stakeOf(provider), 0.08 ether, "stake");
        skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.NothingPending.selector, provider));
        vm.prank(provider);
        staking.completeUnstake();
    }

    /// STK-11: only the address fixed at deployment slashes.
    function test_revertsWhen_callerIsNotTheSlasher() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.NotSlasher.selector, stranger));
        vm.prank(stranger);
        staking.slash(provider, 1);
    }

    /// STK-4: a provider that was slashed below its minimum adds to its stake and is rentable again.
    function test_canBeMadeGood() external {
        uint256 providerId = _register();
        _slash(0.04 ether);
        (,, bool rentable) = registry.rentalTerms(providerId);
        vm.assertFalse(rentable, "not rentable");
        staking.stakeFor{value: 0.04 ether}(provider);
        (,, rentable) = registry.rentalTerms(providerId);
        vm.assertTrue(rentable, "rentable");
    }

    /// REG-14: the registry learns of it, and of it being made good.
    function test_registryLearnsOfIt() external {
        uint256 providerId = _register();
        vm.expectEmit(address(registry));
        emit IComputeRegistry.StakedSet(providerId, false);
        _slash(0.01 ether);
        vm.expectEmit(address(registry));
        emit IComputeRegistry.StakedSet(providerId, true);
        staking.stakeFor{value: 0.01 ether}(provider);
    }

    /// REG-14: nobody else tells the registry who is staked.
    function test_revertsWhen_aStrangerSaysWhoIsStaked() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotStaking.selector, stranger));
        vm.prank(stranger);
        registry.setStaked(provider, false);
    }
}
