// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IPayer} from "./IPayer.sol";

/// @notice Guardians decide about at most an hour of a session's pay, which its renter disputed.
/// @dev For 3 days those vote who were guardians for 7 days when it was disputed, and are neither its renter nor its
/// provider's owner. Those who voted share the bond equally, whatever they said.
interface IGuardianPanel is IPayer {
    /// @dev `share` is what each who voted has of the bond, once resolved; `against` and `inFavour` count votes on the provider.
    struct Dispute {
        uint256 providerId;
        address renter;
        address owner;
        address token;
        uint256 held;
        uint256 bond;
        uint256 endsAt;
        uint256 against;
        uint256 inFavour;
        uint256 share;
        bool resolved;
    }

    /// @notice Only the rental contract brings disputes.
    error NotRental(address caller);

    /// @notice A dispute needs three guardians who may vote; there are `count`.
    error TooFewGuardians(uint256 count);

    /// @notice No such dispute, or it is resolved.
    error NotOpen(uint256 sessionId);

    /// @notice Votes are cast until `endsAt`, exclusively.
    error VotingOver(uint256 sessionId, uint256 endsAt);

    /// @notice Votes are still cast until `endsAt`.
    error VotingGoesOn(uint256 sessionId, uint256 endsAt);

    /// @notice Two payments in a token need `wanted` gas left; there was `left`. What is not used comes back.
    error GasTooLow(uint256 left, uint256 wanted);

    /// @notice The account was no guardian for 7 days when the session was disputed, or is a side of it.
    error NotEligible(uint256 sessionId, address account);

    /// @notice A guardian votes once.
    error AlreadyVoted(uint256 sessionId, address guardian);

    /// @notice The guardian did not vote, has its share, or there is none to have.
    error NoShare(uint256 sessionId, address guardian);

    /// @notice Pay is in question; guardians vote until `endsAt`.
    event DisputeOpened(
        uint256 indexed sessionId, uint256 indexed providerId, uint256 held, uint256 bond, uint256 endsAt
    );

    /// @notice A guardian voted.
    event Voted(uint256 indexed sessionId, address indexed guardian, bool againstProvider);

    /// @notice The renter has `toRenter`, the provider `toProvider`, each who voted `share`; `burnt` of the provider's stake is gone.
    event DisputeResolved(
        uint256 indexed sessionId, uint256 toRenter, uint256 toProvider, uint256 share, uint256 burnt
    );

    /// @notice A guardian took its share of the bond.
    event ShareTaken(uint256 indexed sessionId, address indexed guardian, uint256 share);

    /// @notice Begins the vote on `held`, which came with the call, or before it in tokens, as did the bond. Rental only.
    function open(
        uint256 sessionId,
        uint256 providerId,
        address renter,
        address owner,
        address token,
        uint256 held,
        uint256 bond
    ) external payable;

    /// @notice Votes on a disputed session, once.
    function vote(uint256 sessionId, bool againstProvider) external;

    /// @notice Ends a vote after 3 days. By anyone.
    /// @dev Fewer than three votes: the provider is paid, the bond goes back. Else more votes against the provider than in favour
    /// give the pay back to the renter, and burn as much of the provider's stake, up to 0.05 ETH in any 30 days; for pay in a
    /// token, which has no price here, nothing burns. All else pays the provider. What does not divide of the bond goes along.
    /// @dev A payment in a token that takes more than 500,000 gas waits for its owner.
    function resolve(uint256 sessionId) external;

    /// @notice Pays the caller its share of the bond of a dispute that it voted on.
    function takeShare(uint256 sessionId) external;

    /// @notice The dispute about a session; zeros if there was none.
    function disputeOf(uint256 sessionId) external view returns (Dispute memory);

    /// @notice How many disputes about the provider are not resolved.
    function openDisputes(uint256 providerId) external view returns (uint256);

    /// @notice Whether the guardian voted.
    function hasVoted(uint256 sessionId, address guardian) external view returns (bool);

    /// @notice Whether the guardian voted and has a share that it did not take.
    function hasShare(uint256 sessionId, address guardian) external view returns (bool);
}
