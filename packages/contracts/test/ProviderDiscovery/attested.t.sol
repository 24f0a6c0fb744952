// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderDiscovery} from "../../src/compute/ProviderDiscovery.sol";
import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IProviderDiscovery} from "../../src/compute/interfaces/IProviderDiscovery.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";

contract AttestedTest is SyntheticPlatform {
    /// REG-26: kind and least level of attestation narrow it to what is proven now.
    function test_filtersByAttestation() external {
        _attest(_td());
        IProviderDiscovery.Filter memory filter;
        vm.assertEq(_count(filter), 2, "anything");
        filter.minLevel = 2;
        vm.assertEq(_count(filter), 1, "verified on chain");
        filter.teeType = IAttestationRegistry.TeeType.TDX;
        vm.assertEq(_count(filter), 1, "of TDX");
        filter.teeType = IAttestationRegistry.TeeType.SGX;
        vm.assertEq(_count(filter), 0, "of SGX");
        skip(7 days + 1);
        filter.teeType = IAttestationRegistry.TeeType.TDX;
        vm.assertEq(_count(filter), 0, "no longer");
    }

    /// REG-27: what is proven of a provider is what the attestation registry says now.
    function test_readsTheAttestation() external {
        _attest(_td());
        (bool ok, bytes memory said) =
            address(registry).staticcall(abi.encodeCall(registry.attestation, (providerId)));
        (bool known, bytes memory wanted) =
            address(attestations).staticcall(abi.encodeCall(attestations.attestation, (providerId)));
        vm.assertTrue(ok && known, "both answer");
        vm.assertEq(said, wanted, "the same");
        (uint8 level,,,,,) = registry.attestation(providerId);
        vm.assertEq(level, 2, "verified on chain");
    }

    function _count(IProviderDiscovery.Filter memory filter) private view returns (uint256) {
        (uint256[] memory ids,) = ProviderDiscovery(system.providerDiscovery).find(filter, 0, 100);
        return ids.length;
    }
}
