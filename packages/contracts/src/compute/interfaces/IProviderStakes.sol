// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Who wants to know when a provider's stake stops to cover its roles, or covers them again.
interface IProviderStakes {
    /// @notice Says whether the stake of a provider's owner covers all its roles now. Staking contract only.
    function setStaked(address owner, bool staked) external;
}
