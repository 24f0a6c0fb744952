// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IComputeRental} from "./interfaces/IComputeRental.sol";
import {IGuardianPanel} from "./interfaces/IGuardianPanel.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {IProviderRatings} from "./interfaces/IProviderRatings.sol";
import {Escrow} from "./libraries/Escrow.sol";
import {Disputes} from "./rental/Disputes.sol";
import {Sessions} from "./rental/Sessions.sol";

/// @notice Rental sessions and their escrow.
/// @dev Trusts, all fixed at deployment: the registry for who owns a provider, what it asks and whether it may be rented; the
/// ledger to take credit for anyone; the guardians' panel to hold disputed pay. Renter and provider of a session trust the token
/// that they chose, and nobody else does.
/// @dev Holds, of ether and of each token, the sum of deposits, less what was paid out, refunded and handed to the panel, to the
/// wei. For funds never to be stuck: a renter whose provider does nothing has everything back after 10 minutes; a provider whose
/// renter does nothing is paid after the end; the one who calls is paid or credited, all others are credited, so no receiver
/// can block another; and what a token lets nobody have waits for its owner.
contract ComputeRental is Disputes {
    using Escrow for Escrow.Rental;
    using Escrow for Escrow.Terms;

    uint256 private constant MAX_REASON_LENGTH = 256;

    IProviderRatings public immutable RATINGS;

    constructor(
        IComputeRegistry registry,
        ILedgerManager ledger,
        IGuardianPanel panel,
        IProviderRatings ratings
    ) Sessions(registry, ledger, panel) {
        RATINGS = ratings;
    }

    /* RENTER */

    /// @inheritdoc IComputeRental
    function terminateSession(uint256 sessionId) external nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        Status status = terms.status;
        require(status == Status.Pending || status == Status.Running, SessionNotActive(sessionId, status));
        Escrow.Rental storage rental = _rentals[sessionId];
        address renter = rental.renter;
        bool byProvider = terms.currentStatus() != Status.Ended && msg.sender != renter;
        require(
            !byProvider || (status == Status.Running && msg.sender == _ownerOf(terms.providerId)),
            NotParty(sessionId, msg.sender)
        );

        terms.close(status == Status.Pending ? Status.Cancelled : Status.Ended, byProvider);
        uint256 earnedSeconds = terms.earnedSeconds();
        uint256 earned = terms.payOf(earnedSeconds);
        uint256 refund = terms.deposit() - earned;

        rental.write(terms);
        if (earnedSeconds == terms.paidSeconds) _release(terms.providerId, 1);
        emit SessionTerminated(sessionId, terms.providerId, earned, refund);

        _pay(_tokenOf(sessionId, terms), renter, refund);
    }

    /// @inheritdoc IComputeRental
    function cancelSession(uint256 sessionId) external nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        require(terms.status == Status.Pending, SessionNotActive(sessionId, terms.currentStatus()));
        uint256 activateBy = terms.since + ACTIVATION_TIME;
        require(block.timestamp > activateBy, TooEarlyToCancel(sessionId, activateBy));

        _giveBack(sessionId, terms, Status.Cancelled);
        emit SessionCancelled(sessionId, terms.providerId);

        _pay(_tokenOf(sessionId, terms), _rentals[sessionId].renter, terms.deposit());
    }

    /* PROVIDER */

    /// @inheritdoc IComputeRental
    function activateSession(uint256 sessionId, bytes32 accessHash) external {
        Escrow.Terms memory terms = _termsOf(sessionId);
        _requirePending(sessionId, terms);
        uint256 activateBy = terms.since + ACTIVATION_TIME;
        require(block.timestamp <= activateBy, TooLateToActivate(sessionId, activateBy));

        terms.since = block.timestamp;
        terms.status = Status.Running;
        _rentals[sessionId].write(terms);
        _rentals[sessionId].accessHash = accessHash;
        emit SessionActivated(sessionId, terms.providerId, block.timestamp, terms.endTime(), accessHash);
    }

    /// @inheritdoc IComputeRental
    function declineSession(uint256 sessionId, string calldata reason) external nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        _requirePending(sessionId, terms);
        uint256 length = bytes(reason).length;
        require(length <= MAX_REASON_LENGTH, ReasonTooLong(length, MAX_REASON_LENGTH));

        _giveBack(sessionId, terms, Status.Declined);
        emit SessionDeclined(sessionId, terms.providerId, reason);

        _pay(_tokenOf(sessionId, terms), _rentals[sessionId].renter, terms.deposit());
    }

    /// @inheritdoc IComputeRental
    function collect(uint256[] calldata sessionIds) external nonReentrant returns (uint256 paid) {
        uint256 count = sessionIds.length;
        if (count == 0) return 0;

        uint256 providerId = 0;
        address token = ETHER;
        uint256[] memory payments = new uint256[](count);
        uint256 closed = 0;
        for (uint256 i = 0; i < count; i++) {
            uint256 sessionId = sessionIds[i];
            Escrow.Terms memory terms = _termsOf(sessionId);
            address token_ = _tokenOf(sessionId, terms);
            if (i == 0) (providerId, token) = (terms.providerId, token_);
            require(token_ == token, OtherToken(sessionId, token_, token));
            require(terms.providerId == providerId, OtherProvider(sessionId, terms.providerId, providerId));
            (uint256 amount, bool isLast) = terms.takeMatured();
            if (amount != 0 || isLast) _rentals[sessionId].write(terms);
            payments[i] = (sessionId << 128) | amount;
            paid += amount;
            if (isLast) closed++;
        }
        if (closed != 0) _release(providerId, closed);
        if (paid != 0) emit Collected(providerId, payments);

        _pay(token, _ownerOf(providerId), paid);
    }

    /* RATINGS */

    /// @inheritdoc IComputeRental
    function rate(uint256 sessionId, uint8 score) external {
        RATINGS.rate(sessionId, msg.sender, score);
    }

    /* INTERNAL */

    /// @dev Closes a pending session, which leaves its provider nothing. Changes `terms` likewise.
    function _giveBack(uint256 sessionId, Escrow.Terms memory terms, Status newStatus) private {
        terms.close(newStatus, false);
        _rentals[sessionId].write(terms);
        _release(terms.providerId, 1);
    }

    function _requirePending(uint256 sessionId, Escrow.Terms memory terms) private view {
        require(REGISTRY.isProviderOrOperator(terms.providerId, msg.sender), NotParty(sessionId, msg.sender));
        require(terms.status == Status.Pending, SessionNotActive(sessionId, terms.currentStatus()));
    }
}
