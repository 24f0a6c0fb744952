// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAttestationRegistry} from "./IAttestationRegistry.sol";

/// @notice Finds providers on chain, for those who have no indexer, and for contracts.
interface IProviderDiscovery {
    /// @dev Zeros ask for anything.
    /// @param gpuModelHash keccak256 of the claimed model, as `getProvider` gives it.
    /// @param minGpuCount The least number of GPUs claimed.
    /// @param teeType The kind of TEE that is attested now.
    /// @param minLevel The least level of attestation now: 1 by a quorum, 2 on chain.
    /// @param quorumId The quorum whose word counts as level 1; with 0, which is none, level 1 counts as 0.
    /// @param maxPricePerHour In wei.
    /// @param rentable Registered, active and staked.
    /// @param unflagged Not flagged by the guardians.
    struct Filter {
        bytes32 gpuModelHash;
        uint256 minGpuCount;
        IAttestationRegistry.TeeType teeType;
        uint8 minLevel;
        uint256 quorumId;
        uint256 maxPricePerHour;
        bool rentable;
        bool unflagged;
    }

    /// @notice Ids of registered providers that the filter lets through, oldest first. Looks at `limit` ids from `cursor` on.
    /// @dev A filter by GPU reads what the provider claims, which costs gas by its length and pieces, at most 1.7 million each.
    /// @param cursor 0 for the first page, then the `nextCursor` of the page before.
    /// @return ids Those of the ids looked at that pass.
    /// @return nextCursor 0 at the end.
    function find(Filter memory filter, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor);

    /// @notice Whether the filter lets the provider through.
    function matches(Filter memory filter, uint256 providerId) external view returns (bool);
}
