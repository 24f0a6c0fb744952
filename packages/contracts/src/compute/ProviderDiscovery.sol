// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestationRegistry} from "./interfaces/IAttestationRegistry.sol";
import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IProviderDiscovery} from "./interfaces/IProviderDiscovery.sol";
import {IProviderFlags} from "./interfaces/IProviderFlags.sol";

/// @notice Pages of providers by what they claim, what is proven and what guardians say.
/// @dev Trusts the registry and the guardians' flags, fixed at deployment. Keeps nothing and changes nothing.
contract ProviderDiscovery is IProviderDiscovery {
    IComputeRegistry public immutable REGISTRY;
    IProviderFlags public immutable FLAGS;

    constructor(IComputeRegistry registry, IProviderFlags flags) {
        REGISTRY = registry;
        FLAGS = flags;
    }

    /// @inheritdoc IProviderDiscovery
    function find(Filter memory filter, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        (ids, nextCursor) = REGISTRY.listProviders(cursor, limit);
        uint256 found = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (matches(filter, ids[i])) ids[found++] = ids[i];
        }
        // Shortens the array to what was found, which is never more than its length.
        assembly ("memory-safe") {
            mstore(ids, found)
        }
    }

    /// @inheritdoc IProviderDiscovery
    function matches(Filter memory filter, uint256 providerId) public view returns (bool) {
        // Dear questions last.
        (, uint256 price, bool rentable) = REGISTRY.rentalTerms(providerId);
        if (filter.rentable && !rentable) return false;
        if (filter.maxPricePerHour != 0 && price > filter.maxPricePerHour) return false;
        if (filter.unflagged && FLAGS.isFlagged(providerId)) return false;
        return _isAttested(filter, providerId) && _hasGpus(filter, providerId);
    }

    function _isAttested(Filter memory filter, uint256 providerId) private view returns (bool) {
        bool anyType = filter.teeType == IAttestationRegistry.TeeType.None;
        if (anyType && filter.minLevel == 0) return true;
        (uint8 level, IAttestationRegistry.TeeType teeType,,,, uint256 quorumId) =
            REGISTRY.attestation(providerId);
        if (level == 1 && quorumId != filter.quorumId) return false;
        return level >= filter.minLevel && (anyType || teeType == filter.teeType);
    }

    function _hasGpus(Filter memory filter, uint256 providerId) private view returns (bool) {
        if (filter.gpuModelHash == 0 && filter.minGpuCount == 0) return true;
        IComputeRegistry.Provider memory provider = REGISTRY.getProvider(providerId);
        return provider.gpuCount >= filter.minGpuCount
            && (filter.gpuModelHash == 0 || keccak256(bytes(provider.gpuModel)) == filter.gpuModelHash);
    }
}
