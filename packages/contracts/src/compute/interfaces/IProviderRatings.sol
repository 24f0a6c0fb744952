// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What renters say of providers, shown with what they paid. One rating per renter and provider: the latest.
interface IProviderRatings {
    /// @dev `paid` is what the session had earned when it was rated, in `token`; 0 is ether. `score` 0 means no rating.
    struct Rating {
        uint8 score;
        uint40 sessionId;
        address token;
        uint256 paid;
    }

    /// @dev `sum` is of the scores of `count` renters. `weighted` is the sum of score times ether paid, and `paid` that ether, so
    /// that `weighted / paid` is a mean that nobody moves for nothing.
    struct Summary {
        uint256 count;
        uint256 sum;
        uint256 paid;
        uint256 weighted;
    }

    /// @notice Ratings come through the rental contract.
    error NotRental(address caller);

    /// @notice A score is 1 to 5.
    error ScoreOutOfRange(uint8 score);

    /// @notice Only the session's renter rates it, unless he is the provider too.
    error NotRenter(uint256 sessionId, address caller);

    /// @notice Only a session that ran is rated.
    error SessionNeverRan(uint256 sessionId);

    /// @notice Rating takes a user's stake of 0.01 ETH.
    error UserStakeNeeded(address renter);

    /// @notice The call needs `wanted` gas left for reputation elsewhere; it had `left`. What is not used comes back.
    error GasTooLow(uint256 left, uint256 wanted);

    /// @notice A renter rated a provider, in place of what he said before.
    event Rated(
        uint256 indexed providerId,
        address indexed renter,
        uint256 indexed sessionId,
        uint8 score,
        address token,
        uint256 paid
    );

    /// @notice Reputation elsewhere did not take the rating; here it counts.
    event ReputationRefused(uint256 indexed sessionId);

    /// @notice Rates the provider of a session in its renter's name. Rental only.
    function rate(uint256 sessionId, address renter, uint8 score) external;

    /// @notice What the renter last said of the provider.
    function ratingOf(uint256 providerId, address renter) external view returns (Rating memory);

    /// @notice What all renters say of the provider.
    function summaryOf(uint256 providerId) external view returns (Summary memory);
}
