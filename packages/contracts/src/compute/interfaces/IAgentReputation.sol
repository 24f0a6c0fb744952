// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IReputation} from "./IReputation.sol";

/// @notice Who passes ratings on to the Reputation Registry of ERC-8004, tagged `starred` and `compute-rental`, from 20 for one star
/// to 100 for five. The feedback's file, in its URI, says who rated, which session, and what it had earned.
/// @dev A renter's feedback on an agent takes the place of what he said of it before, which is revoked.
interface IAgentReputation is IReputation {
    /// @notice Ratings come from the ratings contract alone.
    error NotRatings(address caller);

    /// @notice The provider has no agent, or sold it: what renters say is not said of another's.
    error NotItsAgent(uint256 providerId);

    /// @notice The index of what the renter last said of the agent, as this contract's feedback; 0 if nothing.
    function feedbackOf(uint256 agentId, address renter) external view returns (uint64);
}
