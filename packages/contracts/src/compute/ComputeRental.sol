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

        Escrow.Rental storage rental = _rentals[sessionId];
        Sheet storage sheet = _sheets[providerId];
        rental.renter = msg.sender;
        rental.previousOfRenter = uint40(_newestOf[msg.sender]);
        rental.previousOfProvider = sheet.newest;
        // The registry's prices fit 80 bits, and its ids, each of which took a stake, 32.
        rental.pricePerHour = uint80(pricePerHour);
        rental.providerId = uint32(providerId);
        rental.since = uint40(block.timestamp);
        rental.durationHours = uint24(durationHours);
        rental.status = Status.Pending;
        _storeKey(rental, sshPublicKey);
        _newestOf[msg.sender] = sessionId;
        sheet.newest = uint40(sessionId);
        sheet.open++;
        emit SessionCreated(sessionId, msg.sender, providerId, durationHours, price, sshPublicKey);
    }

    /// @inheritdoc IComputeRental
    function extendSession(uint256 sessionId, uint256 additionalHours) external payable {
        Escrow.Rental storage rental = _known(sessionId);
        require(msg.sender == rental.renter, NotParty(sessionId, msg.sender));
        Status status = rental.currentStatus();
        require(status == Status.Running, SessionNotActive(sessionId, status));
        uint256 endTime = rental.endTime();
        uint256 room = (MAX_HOURS * 1 hours - (endTime - block.timestamp)) / 1 hours;
        require(additionalHours != 0 && additionalHours <= room, DurationOutOfRange(additionalHours, room));
        uint256 providerId = rental.providerId;
        (, uint256 currentPrice, bool rentable) = REGISTRY.rentalTerms(providerId);
        require(rentable, ProviderInactive(providerId));
        require(currentPrice <= rental.pricePerHour, PriceRose(rental.pricePerHour, currentPrice));
        uint256 price = rental.pricePerHour * additionalHours;
        require(msg.value == price, WrongValue(msg.value, price));

        endTime += additionalHours * 1 hours;

        // Never more than 2,160 hours ahead of the clock, so 24 bits of hours last for 1,900 years.
        rental.durationHours += uint24(additionalHours);
        emit SessionExtended(sessionId, providerId, additionalHours, endTime);
    }

    /// @inheritdoc IComputeRental
    function terminateSession(uint256 sessionId) external nonReentrant {
        Escrow.Rental storage rental = _known(sessionId);
        Status status = rental.status;
        require(status == Status.Pending || status == Status.Running, SessionNotActive(sessionId, status));
        bool isOver = rental.currentStatus() == Status.Ended;
        address renter = rental.renter;
        uint256 providerId = rental.providerId;
        bool byProvider = !isOver && msg.sender != renter;
        require(
            !byProvider || (status == Status.Running && msg.sender == REGISTRY.ownerOf(providerId)),
            NotParty(sessionId, msg.sender)
        );

        rental.close(status == Status.Pending ? Status.Cancelled : Status.Ended, byProvider);
        uint256 earnedSeconds = rental.earnedSeconds();
        uint256 earned = rental.payOf(earnedSeconds);
        uint256 refund = rental.deposit() - earned;

        if (earnedSeconds == rental.paidSeconds) _sheets[providerId].open--;
        emit SessionTerminated(sessionId, providerId, earned, refund);

        LEDGER.pay(renter, refund);
    }

    /// @inheritdoc IComputeRental
    function cancelSession(uint256 sessionId) external nonReentrant {
        Escrow.Rental storage rental = _known(sessionId);
        require(rental.status == Status.Pending, SessionNotActive(sessionId, rental.currentStatus()));
        uint256 activateBy = rental.since + ACTIVATION_TIME;
        require(block.timestamp > activateBy, TooEarlyToCancel(sessionId, activateBy));

        rental.close(Status.Cancelled, false);
        _sheets[rental.providerId].open--;
        emit SessionCancelled(sessionId, rental.providerId);

        LEDGER.pay(rental.renter, rental.deposit());
    }

    /* PROVIDER */

    /// @inheritdoc IComputeRental
    function activateSession(uint256 sessionId, bytes32 accessHash) external {
        Escrow.Rental storage rental = _known(sessionId);
        uint256 providerId = rental.providerId;
        require(REGISTRY.isProviderOrOperator(providerId, msg.sender), NotParty(sessionId, msg.sender));
        require(rental.status == Status.Pending, SessionNotActive(sessionId, rental.currentStatus()));
        uint256 activateBy = rental.since + ACTIVATION_TIME;
        require(block.timestamp <= activateBy, TooLateToActivate(sessionId, activateBy));

        rental.since = uint40(block.timestamp);
        rental.status = Status.Running;
        rental.accessHash = accessHash;
        emit SessionActivated(sessionId, providerId, block.timestamp, rental.endTime(), accessHash);
    }

    /// @inheritdoc IComputeRental
    function declineSession(uint256 sessionId, string calldata reason) external nonReentrant {
        Escrow.Rental storage rental = _known(sessionId);
        uint256 providerId = rental.providerId;
        require(REGISTRY.isProviderOrOperator(providerId, msg.sender), NotParty(sessionId, msg.sender));
        require(rental.status == Status.Pending, SessionNotActive(sessionId, rental.currentStatus()));
        uint256 length = bytes(reason).length;
        require(length <= MAX_REASON_LENGTH, ReasonTooLong(length, MAX_REASON_LENGTH));

        rental.close(Status.Declined, false);
        _sheets[providerId].open--;
        emit SessionDeclined(sessionId, providerId, reason);

        LEDGER.pay(rental.renter, rental.deposit());
    }

    /// @inheritdoc IComputeRental
    function collect(uint256[] calldata sessionIds) external nonReentrant returns (uint256 paid) {
        if (sessionIds.length == 0) return 0;
        uint256 providerId = _known(sessionIds[0]).providerId;
        uint40 closed = 0;

        for (uint256 i = 0; i < sessionIds.length; i++) {
            Escrow.Rental storage rental = _known(sessionIds[i]);
            require(
                rental.providerId == providerId, OtherProvider(sessionIds[i], rental.providerId, providerId)
            );
            (uint256 amount, bool isLast) = rental.takeMatured();
            paid += amount;
            if (isLast) closed++;
            if (amount != 0) emit Collected(sessionIds[i], providerId, amount);
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
        Escrow.Rental storage rental = _known(sessionId);
        Status status = rental.currentStatus();
        return Session({
            renter: rental.renter,
            providerId: rental.providerId,
            startTime: rental.since,
            endTime: rental.endTime(),
            deposit: rental.deposit(),
            sshPublicKey: SshKey.unpack(rental.keyForm, rental.keyBody, rental.keyComment),
            active: status == Status.Pending || status == Status.Running
        });
    }

    /// @inheritdoc IComputeRental
    function sessionDetails(uint256 sessionId) external view returns (SessionDetails memory) {
        Escrow.Rental storage rental = _known(sessionId);
        (uint256 matured, uint256 unmatured) = rental.owed();
        return SessionDetails({
            status: rental.currentStatus(),
            pricePerHour: rental.pricePerHour,
            activateBy: rental.status == Status.Pending ? rental.since + ACTIVATION_TIME : 0,
            collected: rental.payOf(rental.paidSeconds),
            matured: matured,
            unmatured: unmatured,
            accessHash: rental.accessHash
        });
    }

    /// @inheritdoc IComputeRental
    function statusOf(uint256 sessionId) external view returns (Status) {
        return _rentals[sessionId].currentStatus();
    }

    /// @inheritdoc IComputeRental
    function owed(uint256 sessionId) external view returns (uint256 matured, uint256 unmatured) {
        return _known(sessionId).owed();
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
        require(cursor == 0 || _rentals[cursor].providerId == providerId, CursorUnknown(cursor));

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

    function _known(uint256 sessionId) private view returns (Escrow.Rental storage rental) {
        rental = _rentals[sessionId];
        require(rental.status != Status.None, SessionUnknown(sessionId));
    }

    function _storeKey(Escrow.Rental storage rental, string calldata sshPublicKey) private {
        (SshKey.Form form, bytes32 body, bytes32 comment) = SshKey.pack(bytes(sshPublicKey));
        rental.keyForm = form;
        rental.keyBody = body;
        if (comment != 0) rental.keyComment = comment;
    }

    /// @dev `length` is never more than the array has.
    function _shorten(uint256[] memory ids, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(ids, length)
        }
    }
}
