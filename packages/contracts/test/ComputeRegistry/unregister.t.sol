// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract UnregisterTest is ComputeTest {
    /// REG-6: a provider without obligations leaves; its stake may leave too, and its id is not used again.
    function test_freesTheStake() external {
        _register();
        vm.startPrank(provider);
        vm.expectEmit(address(registry));
        emit IComputeRegistry.ProviderUnregistered(1, provider);
        registry.unregister();

        vm.assertFalse(registry.getProvider(1).active, "shown inactive");
        vm.assertEq(registry.providerIdOf(provider), 0, "no provider now");
        vm.assertFalse(registry.isProviderOrOperator(1, operator), "the operator is dismissed");
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotRegistered.selector, provider));
        registry.getProviderByAddress(provider);

        staking.initiateUnstake(0.1 ether);
        skip(7 days);
        staking.completeUnstake();
        vm.assertEq(provider.balance, PURSE, "all back");
        vm.assertEq(registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE), 2, "a new id");
    }

    /// REG-7: a provider with a session that is pending, running or not paid out stays.
    function test_revertsWhen_obligationsRemain() external {
        bytes memory remain = abi.encodeWithSelector(IComputeRegistry.ObligationsRemain.selector, 1);
        uint256 sessionId = _rent(_register(), 24);
        vm.startPrank(provider);
        vm.expectRevert(remain);
        registry.unregister();

        rental.activateSession(sessionId, 0);
        vm.expectRevert(remain);
        registry.unregister();
        vm.stopPrank();

        skip(2 hours);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        _collect(provider, sessionId);
        vm.prank(provider);
        vm.expectRevert(remain);
        registry.unregister();

        skip(1 hours);
        _collect(stranger, sessionId);
        vm.prank(provider);
        registry.unregister();
    }

    /// REG-8: only the owner of a registered provider changes it.
    function test_revertsWhen_notRegistered() external {
        _register();
        bytes memory refusal = abi.encodeWithSelector(IComputeRegistry.NotRegistered.selector, operator);
        vm.startPrank(operator);
        vm.expectRevert(refusal);
        registry.unregister();
        vm.expectRevert(refusal);
        registry.updatePricing(1);
        vm.expectRevert(refusal);
        registry.setActive(false);
        vm.expectRevert(refusal);
        registry.setEndpoint(ENDPOINT);
        vm.expectRevert(refusal);
        registry.setHardware(HARDWARE);
        vm.expectRevert(refusal);
        registry.setOperator(operator);
    }
}
