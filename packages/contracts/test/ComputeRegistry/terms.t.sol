// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract TermsTest is ComputeTest {
    uint256 private providerId;

    function setUp() public override {
        super.setUp();
        providerId = _register();
        vm.startPrank(provider);
    }

    /// REG-9: the owner sets price, endpoint, hardware, operator and whether new sessions are taken.
    function test_areTheOwnersToSet() external {
        vm.expectEmit(address(registry));
        emit IComputeRegistry.PricingUpdated(providerId, 7);
        registry.updatePricing(7);
        vm.expectEmit(address(registry));
        emit IComputeRegistry.EndpointSet(providerId, "http://10.0.0.1");
        registry.setEndpoint("http://10.0.0.1");
        vm.expectEmit(address(registry));
        emit IComputeRegistry.HardwareSet(providerId, "");
        registry.setHardware("");
        vm.expectEmit(address(registry));
        emit IComputeRegistry.OperatorSet(providerId, stranger);
        registry.setOperator(stranger);
        vm.expectEmit(address(registry));
        emit IComputeRegistry.ActiveSet(providerId, false);
        registry.setActive(false);

        IComputeRegistry.Provider memory now_ = registry.getProvider(providerId);
        vm.assertEq(now_.pricePerHour, 7, "price");
        vm.assertEq(now_.endpoint, "http://10.0.0.1", "endpoint");
        vm.assertEq(now_.hardwareAttestation, "", "hardware");
        vm.assertEq(now_.gpuCount, 0, "no claim, no GPU");
        vm.assertFalse(now_.active, "inactive");
        vm.assertEq(registry.operatorOf(providerId), stranger, "operator");
    }

    /// REG-9: what is set later obeys the same limits as at registration.
    function test_obeyTheSameLimits() external {
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRegistry.PriceOutOfRange.selector, 0, type(uint80).max)
        );
        registry.updatePricing(0);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.EndpointMalformed.selector, "x"));
        registry.setEndpoint("x");
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.AttestationTooLong.selector, 2049, 2048));
        registry.setHardware(string(new bytes(2049)));
    }

    /// REG-10: an operator acts for the provider until it is replaced; nobody is the operator of no one.
    function test_knowTheOperator() external {
        vm.assertTrue(registry.isProviderOrOperator(providerId, provider), "owner");
        vm.assertTrue(registry.isProviderOrOperator(providerId, operator), "operator");
        vm.assertFalse(registry.isProviderOrOperator(providerId, stranger), "stranger");
        registry.setOperator(address(0));
        vm.assertFalse(registry.isProviderOrOperator(providerId, operator), "dismissed");
        vm.assertFalse(registry.isProviderOrOperator(providerId, address(0)), "nobody");
        vm.assertFalse(registry.isProviderOrOperator(99, address(0)), "nobody of nothing");
    }

    /// REG-11: a provider is rentable while it is registered, active and staked.
    function test_sayWhoIsRentable() external {
        (address owner, uint256 price, bool rentable) = registry.rentalTerms(providerId);
        vm.assertEq(owner, provider, "owner");
        vm.assertEq(price, PRICE, "price");
        vm.assertTrue(rentable, "rentable");
        registry.setActive(false);
        (,, rentable) = registry.rentalTerms(providerId);
        vm.assertFalse(rentable, "inactive");
        registry.setActive(true);
        (,, rentable) = registry.rentalTerms(providerId);
        vm.assertTrue(rentable, "active again");
        (owner,, rentable) = registry.rentalTerms(99);
        vm.assertEq(owner, address(0), "unknown");
        vm.assertFalse(rentable, "unknown");
    }

    /// REG-2: an id that never was is told.
    function test_revertsWhen_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.ProviderUnknown.selector, 99));
        registry.getProvider(99);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.ProviderUnknown.selector, 0));
        registry.attestation(0);
    }
}
