// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Who is told of ratings, such as a bridge to the reputation registry of ERC-8004.
interface IReputation {
    /// @notice `renter` gave the provider `score` of 5 for a session that had earned `paid` of `token`.
    function rated(
        uint256 providerId,
        address renter,
        uint256 sessionId,
        uint8 score,
        address token,
        uint256 paid
    ) external;
}
