// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IComputeRental} from "./interfaces/IComputeRental.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {IProviderObligations} from "./interfaces/IProviderObligations.sol";
import {Escrow} from "./libraries/Escrow.sol";
import {NonReentrant} from "./libraries/NonReentrant.sol";
import {Payout} from "./libraries/Payout.sol";
import {SshKey} from "./libraries/SshKey.sol";

/// @notice Rental sessions and their escrow.
/// @dev Trusts, both fixed at deployment: the registry for who owns a provider, what it asks and whether it may be rented; the
/// ledger to take credit for anyone. Holds the sum of deposits, less what was paid out and refunded, to the wei. No receiver can
/// block another: the one who calls is paid or credited, all others are credited. A renter whose provider does nothing has
/// everything back after 10 minutes; a provider whose renter does nothing is paid after the session's end.
contract ComputeRental is IComputeRental, NonReentrant {
    using Escrow for Escrow.Rental;
    using Escrow for Escrow.Terms;
    using Payout for ILedgerManager;

    /// @dev `open` counts the sessions that are pending, running or not paid out.
    struct Sheet {
        uint40 newest;
        uint40 open;
    }

    uint256 private constant MAX_HOURS = 2160;
    uint256 private constant MAX_REASON_LENGTH = 256;
    uint256 private constant ACTIVATION_TIME = 10 minutes;

    IComputeRegistry public immutable REGISTRY;
    ILedgerManager public immutable LEDGER;

    /* STORAGE */

    /// @inheritdoc IComputeRental
    uint256 public sessionCount;
    mapping(uint256 sessionId => Escrow.Rental) private _rentals;
    mapping(address renter => uint256 sessionId) private _newestOf;
    mapping(uint256 providerId => Sheet) private _sheets;

    constructor(IComputeRegistry registry, ILedgerManager ledger) {
        REGISTRY = registry;
        LEDGER = ledger;
    }

    /* RENTER */

    /// @inheritdoc IComputeRental
    function createSession(uint256 providerId, uint256 durationHours, string calldata sshPublicKey)
        external
        payable
        returns (uint256 sessionId)
    {
        require(
            durationHours != 0 && durationHours <= MAX_HOURS, DurationOutOfRange(durationHours, MAX_HOURS)
        );
        require(SshKey.isWellFormed(bytes(sshPublicKey)), SshKeyMalformed(sshPublicKey));
        (address owner, uint256 pricePerHour, bool rentable) = REGISTRY.rentalTerms(providerId);
        require(owner != address(0), ProviderUnknown(providerId));
        require(rentable, ProviderInactive(providerId));
        uint256 price = pricePerHour * durationHours;
        require(msg.value == price, WrongValue(msg.value, price));

        sessionId = ++sessionCount;
        (SshKey.Form keyForm, bytes32 keyBody, bytes32 keyComment) = SshKey.pack(bytes(sshPublicKey));

        _store(sessionId, providerId, pricePerHour, durationHours, keyForm);
        _rentals[sessionId].keyBody = keyBody;
        if (keyComment != 0) _rentals[sessionId].keyComment = keyComment;
        emit SessionCreated(sessionId, msg.sender, providerId, durationHours, price, sshPublicKey);
    }

    /// @inheritdoc IComputeRental
    function extendSession(uint256 sessionId, uint256 additionalHours) external payable {
        Escrow.Terms memory terms = _termsOf(sessionId);
        require(msg.sender == _rentals[sessionId].renter, NotParty(sessionId, msg.sender));
        Status status = terms.currentStatus();
        require(status == Status.Running, SessionNotActive(sessionId, status));
        uint256 endTime = terms.endTime();
        uint256 room = (MAX_HOURS * 1 hours - (endTime - block.timestamp)) / 1 hours;
        require(additionalHours != 0 && additionalHours <= room, DurationOutOfRange(additionalHours, room));
        (, uint256 currentPrice, bool rentable) = REGISTRY.rentalTerms(terms.providerId);
        require(rentable, ProviderInactive(terms.providerId));
        require(currentPrice <= terms.pricePerHour, PriceRose(terms.pricePerHour, currentPrice));
        uint256 price = terms.pricePerHour * additionalHours;
        require(msg.value == price, WrongValue(msg.value, price));

        endTime += additionalHours * 1 hours;

        // Never more than 2,160 hours ahead of the clock, so 24 bits of hours last for 1,900 years.
        _rentals[sessionId].terms.durationHours += uint24(additionalHours);
        emit SessionExtended(sessionId, terms.providerId, additionalHours, endTime);
    }

    /// @inheritdoc IComputeRental
    function terminateSession(uint256 sessionId) external nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        Status status = terms.status;
        require(status == Status.Pending || status == Status.Running, SessionNotActive(sessionId, status));
        Escrow.Rental storage rental = _rentals[sessionId];
        address renter = rental.renter;
        bool byProvider = terms.currentStatus() != Status.Ended && msg.sender != renter;
        require(
            !byProvider || (status == Status.Running && msg.sender == REGISTRY.ownerOf(terms.providerId)),
            NotParty(sessionId, msg.sender)
        );

        rental.close(terms, status == Status.Pending ? Status.Cancelled : Status.Ended, byProvider);
        uint256 earnedSeconds = terms.earnedSeconds();
        uint256 earned = terms.payOf(earnedSeconds);
        uint256 refund = terms.deposit() - earned;

        if (earnedSeconds == terms.paidSeconds) _sheets[terms.providerId].open--;
        emit SessionTerminated(sessionId, terms.providerId, earned, refund);

        LEDGER.pay(renter, refund);
    }

    /// @inheritdoc IComputeRental
    function cancelSession(uint256 sessionId) external nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        require(terms.status == Status.Pending, SessionNotActive(sessionId, terms.currentStatus()));
        uint256 activateBy = terms.since + ACTIVATION_TIME;
        require(block.timestamp > activateBy, TooEarlyToCancel(sessionId, activateBy));

        _giveBack(sessionId, terms, Status.Cancelled);
        emit SessionCancelled(sessionId, terms.providerId);

        LEDGER.pay(_rentals[sessionId].renter, terms.deposit());
    }

    /* PROVIDER */

    /// @inheritdoc IComputeRental
    function activateSession(uint256 sessionId, bytes32 accessHash) external {
        Escrow.Terms memory terms = _termsOf(sessionId);
        _requirePending(sessionId, terms);
        uint256 activateBy = terms.since + ACTIVATION_TIME;
        require(block.timestamp <= activateBy, TooLateToActivate(sessionId, activateBy));

        terms.since = uint40(block.timestamp);
        terms.status = Status.Running;
        _rentals[sessionId].terms = terms;
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

        LEDGER.pay(_rentals[sessionId].renter, terms.deposit());
    }

    /// @inheritdoc IComputeRental
    function collect(uint256[] calldata sessionIds) external nonReentrant returns (uint256 paid) {
        if (sessionIds.length == 0) return 0;
        uint256 providerId = _termsOf(sessionIds[0]).providerId;
        uint40 closed = 0;

        for (uint256 i = 0; i < sessionIds.length; i++) {
            uint256 sessionId = sessionIds[i];
            Escrow.Terms memory terms = _termsOf(sessionId);
            require(terms.providerId == providerId, OtherProvider(sessionId, terms.providerId, providerId));
            (uint256 amount, bool isLast) = _rentals[sessionId].takeMatured(terms);
            paid += amount;
            if (isLast) closed++;
            if (amount != 0) emit Collected(sessionId, providerId, amount);
        }
        if (closed != 0) _sheets[providerId].open -= closed;

        LEDGER.pay(REGISTRY.ownerOf(providerId), paid);
    }

    /* NOT YET SUPPORTED */

    /// @inheritdoc IComputeRental
    function createSessionFor(uint256, uint256, string calldata, address, string calldata, bytes32, uint256)
        external
        payable
        returns (uint256)
    {
        revert NotYetSupported("rentals with tokens, images and start data");
    }

    /// @inheritdoc IComputeRental
    function dispute(uint256) external payable {
        revert NotYetSupported("disputes");
    }

    /// @inheritdoc IComputeRental
    function rate(uint256, uint8) external pure {
        revert NotYetSupported("ratings");
    }

    /* VIEWS */

    /// @inheritdoc IComputeRental
    function getSession(uint256 sessionId) external view returns (Session memory) {
        Escrow.Terms memory terms = _termsOf(sessionId);
        Escrow.Rental storage rental = _rentals[sessionId];
        Status status = terms.currentStatus();
        return Session({
            renter: rental.renter,
            providerId: terms.providerId,
            startTime: terms.since,
            endTime: terms.endTime(),
            deposit: terms.deposit(),
            sshPublicKey: SshKey.unpack(rental.keyForm, rental.keyBody, rental.keyComment),
            active: status == Status.Pending || status == Status.Running
        });
    }

    /// @inheritdoc IComputeRental
    function sessionDetails(uint256 sessionId) external view returns (SessionDetails memory) {
        Escrow.Terms memory terms = _termsOf(sessionId);
        (uint256 matured, uint256 unmatured) = terms.owed();
        return SessionDetails({
            status: terms.currentStatus(),
            pricePerHour: terms.pricePerHour,
            activateBy: terms.status == Status.Pending ? terms.since + ACTIVATION_TIME : 0,
            collected: terms.payOf(terms.paidSeconds),
            matured: matured,
            unmatured: unmatured,
            accessHash: _rentals[sessionId].accessHash
        });
    }

    /// @inheritdoc IComputeRental
    function statusOf(uint256 sessionId) external view returns (Status) {
        Escrow.Terms memory terms = _rentals[sessionId].terms;
        return terms.currentStatus();
    }

    /// @inheritdoc IComputeRental
    function owed(uint256 sessionId) external view returns (uint256 matured, uint256 unmatured) {
        return _termsOf(sessionId).owed();
    }

    /// @inheritdoc IProviderObligations
    function hasObligations(uint256 providerId) external view returns (bool) {
        return _sheets[providerId].open != 0;
    }

    /// @inheritdoc IComputeRental
    function sessionsOf(address renter, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        require(cursor == 0 || _rentals[cursor].renter == renter, CursorUnknown(cursor));

        ids = new uint256[](limit < sessionCount ? limit : sessionCount);
        nextCursor = cursor == 0 ? _newestOf[renter] : cursor;
        uint256 length = 0;
        for (; length < ids.length && nextCursor != 0; length++) {
            ids[length] = nextCursor;
            nextCursor = _rentals[nextCursor].previousOfRenter;
        }
        _shorten(ids, length);
    }

    /// @inheritdoc IComputeRental
    function sessionsAt(uint256 providerId, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        require(cursor == 0 || _rentals[cursor].terms.providerId == providerId, CursorUnknown(cursor));

        ids = new uint256[](limit < sessionCount ? limit : sessionCount);
        nextCursor = cursor == 0 ? _sheets[providerId].newest : cursor;
        uint256 length = 0;
        for (; length < ids.length && nextCursor != 0; length++) {
            ids[length] = nextCursor;
            nextCursor = _rentals[nextCursor].previousOfProvider;
        }
        _shorten(ids, length);
    }

    /* INTERNAL */

    /// @dev Enters a session into the lists of its renter, the caller, and its provider.
    function _store(
        uint256 sessionId,
        uint256 providerId,
        uint256 pricePerHour,
        uint256 durationHours,
        SshKey.Form keyForm
    ) private {
        Escrow.Rental storage rental = _rentals[sessionId];
        Escrow.Terms storage terms = rental.terms;
        Sheet storage sheet = _sheets[providerId];
        uint256 previousOfRenter = _newestOf[msg.sender];
        (uint256 previousOfProvider, uint256 open) = (sheet.newest, sheet.open);

        rental.renter = msg.sender;
        rental.previousOfRenter = uint40(previousOfRenter);
        rental.previousOfProvider = uint40(previousOfProvider);
        rental.keyForm = keyForm;
        // The registry's prices fit 80 bits, and its ids, each of which took a stake, 32.
        terms.pricePerHour = uint80(pricePerHour);
        terms.providerId = uint32(providerId);
        terms.since = uint40(block.timestamp);
        terms.durationHours = uint24(durationHours);
        terms.status = Status.Pending;
        _newestOf[msg.sender] = sessionId;
        sheet.newest = uint40(sessionId);
        sheet.open = uint40(open + 1);
    }

    /// @dev Closes a pending session, which leaves its provider nothing. Changes `terms` likewise.
    function _giveBack(uint256 sessionId, Escrow.Terms memory terms, Status newStatus) private {
        _rentals[sessionId].close(terms, newStatus, false);
        _sheets[terms.providerId].open--;
    }

    function _requirePending(uint256 sessionId, Escrow.Terms memory terms) private view {
        require(REGISTRY.isProviderOrOperator(terms.providerId, msg.sender), NotParty(sessionId, msg.sender));
        require(terms.status == Status.Pending, SessionNotActive(sessionId, terms.currentStatus()));
    }

    function _termsOf(uint256 sessionId) private view returns (Escrow.Terms memory terms) {
        terms = _rentals[sessionId].terms;
        require(terms.status != Status.None, SessionUnknown(sessionId));
    }

    /// @dev `length` is never more than the array has.
    function _shorten(uint256[] memory ids, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(ids, length)
        }
    }
}
