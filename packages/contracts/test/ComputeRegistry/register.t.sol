// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract RegisterTest is ComputeTest {
    function _tryRegister(string memory endpoint, string memory hardware, uint256 price) private {
        vm.prank(provider);
        registry.register{value: 0.1 ether}(endpoint, hardware, price);
    }

    /// REG-1: a provider registers with at least 0.1 ETH, all of which becomes its stake; ids start at 1.
    function test_makesAProvider() external {
        vm.expectEmit(address(registry));
        emit IComputeRegistry.ProviderRegistered(1, provider, ENDPOINT, PRICE, 0.3 ether);
        vm.expectEmit(address(registry));
        emit IComputeRegistry.HardwareSet(1, HARDWARE);
        vm.prank(provider);
        uint256 providerId = registry.register{value: 0.3 ether}(ENDPOINT, HARDWARE, PRICE);

        IComputeRegistry.Provider memory made = registry.getProvider(providerId);
        vm.assertEq(providerId, 1, "first id");
        vm.assertEq(made.owner, provider, "owner");
        vm.assertEq(made.endpoint, ENDPOINT, "endpoint");
        vm.assertEq(made.hardwareAttestation, HARDWARE, "attestation");
        vm.assertEq(made.gpuCount, 8, "gpuCount");
        vm.assertEq(made.gpuModel, "NVIDIA H100 80GB HBM3", "gpuModel");
        vm.assertEq(made.pricePerHour, PRICE, "price");
        vm.assertTrue(made.active, "active");
        vm.assertEq(registry.providerIdOf(provider), 1, "id of its owner");
        vm.assertEq(registry.ownerOf(1), provider, "owner of its id");
        (uint8 level,,,,,) = registry.attestation(1);
        vm.assertEq(level, 0, "claimed only");
        vm.assertEq(staking.stakeOf(provider), 0.3 ether, "stake");
        vm.assertTrue(staking.isStaked(provider, IComputeStaking.Role.Provider), "staked");
        vm.assertEq(address(registry).balance, 0, "the registry keeps nothing");
        vm.assertEq(registry.getProviderByAddress(provider).pricePerHour, PRICE, "found by address");
    }

    /// REG-1: a provider registers with at least 0.1 ETH; what its account staked before counts, if nothing else needs it.
    function test_revertsWhen_stakeIsTooLow() external {
        vm.startPrank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRegistry.StakeTooLow.selector, 0.1 ether - 1, 0.1 ether)
        );
        registry.register{value: 0.1 ether - 1}(ENDPOINT, HARDWARE, PRICE);
        staking.stake{value: 1}();
        registry.register{value: 0.1 ether - 1}(ENDPOINT, HARDWARE, PRICE);
    }

    /// REG-1: stake that backs a guardian does not back a provider.
    function test_revertsWhen_stakeBacksAnotherRole() external {
        vm.startPrank(provider);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.StakeTooLow.selector, 1 ether, 1.1 ether));
        registry.register(ENDPOINT, HARDWARE, PRICE);
    }

    /// REG-2: each address has one provider at a time.
    function test_revertsWhen_registered() external {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.AlreadyRegistered.selector, provider, 1));
        _tryRegister(ENDPOINT, HARDWARE, PRICE);
    }

    /// REG-3: a price per hour lies between 1 wei and 2^80 - 1 wei.
    function test_revertsWhen_priceIsOutOfRange() external {
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRegistry.PriceOutOfRange.selector, 0, type(uint80).max)
        );
        _tryRegister(ENDPOINT, HARDWARE, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRegistry.PriceOutOfRange.selector, uint256(1 << 80), type(uint80).max
            )
        );
        _tryRegister(ENDPOINT, HARDWARE, 1 << 80);
    }

    /// REG-4: an endpoint is an http(s) URL of at most 256 printable ASCII characters.
    function test_revertsWhen_endpointIsMalformed() external {
        string memory long = string(bytes.concat("http://", new bytes(250)));
        string[9] memory endpoints = [
            "",
            "http://",
            "https://",
            "ftp://example.com",
            "javascript:alert(1)",
            "https://exa mple.com",
            "https://example.com/\n",
            unicode"https://zoë.example",
            long
        ];
        for (uint256 i = 0; i < endpoints.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.EndpointMalformed.selector, endpoints[i]));
            _tryRegister(endpoints[i], HARDWARE, PRICE);
        }
    }

    /// REG-5: an attestation has at most 2,048 bytes, and is given back as it is.
    function test_keepsAttestationsUpTo2048Bytes() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.AttestationTooLong.selector, 2049, 2048));
        _tryRegister(ENDPOINT, string(new bytes(2049)), PRICE);
        _tryRegister(ENDPOINT, string(new bytes(2048)), PRICE);
        vm.assertEq(bytes(registry.getProvider(1).hardwareAttestation).length, 2048, "kept");
    }
}
