// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Guardians warn of providers: a public mark with a reason, which lists may hide by. No money is in it, nothing is
/// stopped by it, and a vote takes it away again.
/// @dev For 3 days those vote who were guardians for 7 days when the vote began, and are not the provider's owner. It is one vote each. At least three must vote, and more for the change than against it. The mark is the owner's, so that
/// registering again does not shed it.
interface IProviderFlags {
    /// @dev `flagging` says what is voted on: to flag, or to take the flag away. `endsAt` 0 means that there is no vote.
    struct Motion {
        bool flagging;
        uint40 endsAt;
        uint40 round;
        uint32 inFavour;
        uint32 against;
        address openedBy;
        string reason;
    }

    /// @notice No provider has this id.
    error ProviderUnknown(uint256 providerId);

    /// @notice A reason has 1 to `maximum` bytes.
    error ReasonOutOfRange(uint256 length, uint256 maximum);

    /// @notice There is a vote on this provider already.
    error VoteGoesOn(uint256 providerId, uint256 endsAt);

    /// @notice There is no vote on this provider, or its time is over.
    error NoVote(uint256 providerId);

    /// @notice The account was no guardian for 7 days when the vote began, or is a side of it.
    error NotEligible(uint256 providerId, address account);

    /// @notice A guardian votes once.
    error AlreadyVoted(uint256 providerId, address guardian);

    /// @notice Guardians vote until `endsAt` on flagging the provider, or on taking its flag away.
    event MotionOpened(
        uint256 indexed providerId, address indexed guardian, bool flagging, string reason, uint256 endsAt
    );

    /// @notice A guardian voted.
    event MotionVoted(uint256 indexed providerId, address indexed guardian, bool inFavour);

    /// @notice The vote is over; `carried` means that the flag changed.
    event MotionResolved(uint256 indexed providerId, bool carried, bool flagged);

    /// @notice Begins a vote on flagging a provider or, where it is flagged, on taking the flag away. The caller votes for it.
    /// @param reason For people, 1 to 256 bytes.
    function open(uint256 providerId, string memory reason) external;

    /// @notice Votes on what is open about a provider, once.
    function vote(uint256 providerId, bool inFavour) external;

    /// @notice Ends a vote after 3 days. By anyone.
    function resolve(uint256 providerId) external;

    /// @notice Whether the provider's owner is flagged.
    function isFlagged(uint256 providerId) external view returns (bool);

    /// @notice Why the provider is flagged; empty if it is not.
    function reasonOf(uint256 providerId) external view returns (string memory);

    /// @notice What is voted on about the provider.
    function motionOf(uint256 providerId) external view returns (Motion memory);

    /// @notice Whether the guardian voted on what is open about the provider.
    function hasVoted(uint256 providerId, address guardian) external view returns (bool);
}
