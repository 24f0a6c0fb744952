// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IComputeRental} from "./interfaces/IComputeRental.sol";
import {IComputeStaking} from "./interfaces/IComputeStaking.sol";
import {IProviderRatings} from "./interfaces/IProviderRatings.sol";
import {IReputation} from "./interfaces/IReputation.sol";

/// @notice The ratings of providers by those who rented of them.
/// @dev Trusts, all fixed at deployment: the rental contract for sessions and their renters, the staking contract for who has a
/// user's stake, the registry for who is a provider. Holds no money. What reputation, which may be nobody, does with a rating
/// changes nothing here.
contract ProviderRatings is IProviderRatings {
    uint8 private constant BEST = 5;
    uint256 private constant REPUTATION_GAS = 600_000;
    /// @dev Of what is left a call passes on 63/64 at most.
    uint256 private constant GAS_WANTED = REPUTATION_GAS * 64 / 63 + 20_000;

    IComputeRegistry public immutable REGISTRY;
    IComputeStaking public immutable STAKING;
    IComputeRental public immutable RENTAL;
    IReputation public immutable REPUTATION;

    /* STORAGE */

    mapping(uint256 providerId => mapping(address renter => Rating)) private _ratings;
    mapping(uint256 providerId => Summary) private _summaries;

    constructor(
        IComputeRegistry registry,
        IComputeStaking staking,
        IComputeRental rental,
        IReputation reputation
    ) {
        REGISTRY = registry;
        STAKING = staking;
        RENTAL = rental;
        REPUTATION = reputation;
    }

    /// @inheritdoc IProviderRatings
    function rate(uint256 sessionId, address renter, uint8 score) external {
        require(msg.sender == address(RENTAL), NotRental(msg.sender));
        require(score != 0 && score <= BEST, ScoreOutOfRange(score));
        IComputeRental.Session memory session = RENTAL.getSession(sessionId);
        uint256 providerId = session.providerId;
        // Its operator may: the owner names it without asking, and could name whoever is about to rate.
        bool isOwner = renter == REGISTRY.ownerOf(providerId);
        require(renter == session.renter && !isOwner, NotRenter(sessionId, renter));
        IComputeRental.SessionDetails memory details = RENTAL.sessionDetails(sessionId);
        bool ran =
            details.status == IComputeRental.Status.Running || details.status == IComputeRental.Status.Ended;
        require(ran, SessionNeverRan(sessionId));
        require(STAKING.hasUserStake(renter), UserStakeNeeded(renter));

        Rating memory rating = Rating({
            score: score,
            sessionId: uint40(sessionId),
            token: RENTAL.orderOf(sessionId).token,
            paid: details.collected + details.matured + details.unmatured
        });

        _count(providerId, renter, rating);
        emit Rated(providerId, renter, sessionId, score, rating.token, rating.paid);

        _passOn(providerId, renter, rating);
    }

    /// @inheritdoc IProviderRatings
    function ratingOf(uint256 providerId, address renter) external view returns (Rating memory) {
        return _ratings[providerId][renter];
    }

    /// @inheritdoc IProviderRatings
    function summaryOf(uint256 providerId) external view returns (Summary memory) {
        return _summaries[providerId];
    }

    /// @dev Puts the rating in the place of what the renter said before.
    function _count(uint256 providerId, address renter, Rating memory rating) private {
        Rating memory before = _ratings[providerId][renter];
        (uint256 paidBefore, uint256 paid) = (_etherOf(before), _etherOf(rating));
        Summary storage summary = _summaries[providerId];

        if (before.score == 0) summary.count++;
        summary.sum = summary.sum - before.score + rating.score;
        summary.paid = summary.paid - paidBefore + paid;
        summary.weighted = summary.weighted - before.score * paidBefore + rating.score * paid;
        _ratings[providerId][renter] = rating;
    }

    function _passOn(uint256 providerId, address renter, Rating memory rating) private {
        if (address(REPUTATION) == address(0)) return;
        // Else whoever estimates gas would find that it works without.
        require(gasleft() >= GAS_WANTED, GasTooLow(gasleft(), GAS_WANTED));
        try REPUTATION.rated{gas: REPUTATION_GAS}(
            providerId, renter, rating.sessionId, rating.score, rating.token, rating.paid
        ) {}
        catch {
            emit ReputationRefused(rating.sessionId);
        }
    }

    function _etherOf(Rating memory rating) private pure returns (uint256) {
        return rating.token == address(0) ? rating.paid : 0;
    }
}
