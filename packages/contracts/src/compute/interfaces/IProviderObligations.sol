// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What a registry asks before it lets a provider go.
interface IProviderObligations {
    /// @notice Whether the provider has a session that is pending, running, or ended and not yet paid out in full.
    function hasObligations(uint256 providerId) external view returns (bool);
}
