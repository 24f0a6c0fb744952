// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../interfaces/IComputeRegistry.sol";
import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {IGuardianPanel} from "../interfaces/IGuardianPanel.sol";
import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {IProviderObligations} from "../interfaces/IProviderObligations.sol";
import {Escrow} from "../libraries/Escrow.sol";
import {SshKey} from "../libraries/SshKey.sol";
import {Payer} from "./Payer.sol";

/// @notice The rental sessions, where they are listed, and how they are read.
abstract contract Sessions is IComputeRental, Payer {
    using Escrow for Escrow.Rental;
    using Escrow for Escrow.Terms;

    uint256 internal constant MAX_HOURS = 2160;
    uint256 internal constant ACTIVATION_TIME = 10 minutes;
    /// @dev Where in a provider's sheet the id of its newest session lies, and how many are open.
    uint256 private constant NEWEST = 160;
    uint256 private constant OPEN = 200;

    IComputeRegistry public immutable REGISTRY;
    IGuardianPanel public immutable PANEL;

    /* STORAGE */

    /// @inheritdoc IComputeRental
    uint256 public sessionCount;
    mapping(uint256 sessionId => Escrow.Rental) internal _rentals;
    mapping(address renter => uint256 sessionId) private _newestOf;
    /// @dev Of each provider that was ever rented: `owner 160 | newest session 40 | open sessions 40`, from the lowest bit. Open
    /// are those that are pending, running or not paid out.
    mapping(uint256 providerId => uint256) private _sheets;

    constructor(IComputeRegistry registry, ILedgerManager ledger, IGuardianPanel panel) Payer(ledger) {
        REGISTRY = registry;
        PANEL = panel;
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
        return _rentals[sessionId].read().currentStatus();
    }

    /// @inheritdoc IComputeRental
    function owed(uint256 sessionId) external view returns (uint256 matured, uint256 unmatured) {
        return _termsOf(sessionId).owed();
    }

    /// @inheritdoc IProviderObligations
    function hasObligations(uint256 providerId) external view returns (bool) {
        return _sheets[providerId] >> OPEN != 0 || PANEL.openDisputes(providerId) != 0;
    }

    /// @inheritdoc IComputeRental
    function sessionsOf(address renter, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        require(cursor == 0 || _rentals[cursor].renter == renter, CursorUnknown(cursor));

        return _page(cursor == 0 ? _newestOf[renter] : cursor, limit, true);
    }

    /// @inheritdoc IComputeRental
    function sessionsAt(uint256 providerId, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        require(cursor == 0 || _rentals[cursor].read().providerId == providerId, CursorUnknown(cursor));

        return _page(cursor == 0 ? uint40(_sheets[providerId] >> NEWEST) : cursor, limit, false);
    }

    /* INTERNAL */

    /// @dev Makes a pending session and enters it into the lists of its renter and its provider. The registry's prices fit 80
    /// bits, and its ids, each of which took a stake, 32.
    function _create(
        address renter,
        uint256 providerId,
        uint256 pricePerHour,
        uint256 durationHours,
        string calldata sshPublicKey,
        uint256 marks
    ) internal returns (uint256 sessionId) {
        uint256 price = _total(pricePerHour, durationHours);
        // Ids never reach 256 bits.
        unchecked {
            sessionId = sessionCount + 1;
        }

        sessionCount = sessionId;
        Escrow.Rental storage rental = _rentals[sessionId];
        uint256 previousOfProvider = _enter(providerId, sessionId);
        rental.open(providerId, pricePerHour, durationHours, marks);
        rental.list(renter, _newestOf[renter], previousOfProvider, _storeKey(rental, sshPublicKey));
        _newestOf[renter] = sessionId;
        emit SessionCreated(sessionId, renter, providerId, durationHours, price, sshPublicKey);
    }

    /// @dev 80 bits times at most 2,160.
    function _total(uint256 pricePerHour, uint256 durationHours) internal pure returns (uint256) {
        unchecked {
            return pricePerHour * durationHours;
        }
    }

    /// @dev `count` of the provider's sessions will never pay again.
    function _release(uint256 providerId, uint256 count) internal {
        _sheets[providerId] -= count << OPEN;
    }

    /// @dev The owner of a provider that was ever rented. It never changes.
    function _ownerOf(uint256 providerId) internal view returns (address) {
        return address(uint160(_sheets[providerId]));
    }

    function _termsOf(uint256 sessionId) internal view returns (Escrow.Terms memory terms) {
        terms = _rentals[sessionId].read();
        require(terms.status != Status.None, SessionUnknown(sessionId));
    }

    function _storeKey(Escrow.Rental storage rental, string calldata sshPublicKey)
        private
        returns (SshKey.Form)
    {
        (bool isWellFormed, SshKey.Form form, bytes32 body, bytes32 comment) =
            SshKey.pack(bytes(sshPublicKey));
        require(isWellFormed, SshKeyMalformed(sshPublicKey));

        rental.keyBody = body;
        if (comment != 0) rental.keyComment = comment;
        return form;
    }

    function _enter(uint256 providerId, uint256 sessionId) private returns (uint256 previous) {
        uint256 sheet = _sheets[providerId];
        previous = uint40(sheet >> NEWEST);
        if (sheet == 0) sheet = uint160(REGISTRY.ownerOf(providerId));
        // One open session more; there are never as many as 40 bits count.
        _sheets[providerId] = (sheet ^ (previous << NEWEST) | (sessionId << NEWEST)) + (1 << OPEN);
    }

    function _page(uint256 sessionId, uint256 limit, bool ofRenter)
        private
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        ids = new uint256[](limit < sessionCount ? limit : sessionCount);
        nextCursor = sessionId;
        uint256 length = 0;
        for (; length < ids.length && nextCursor != 0; length++) {
            ids[length] = nextCursor;
            Escrow.Rental storage rental = _rentals[nextCursor];
            nextCursor = ofRenter ? rental.previousOfRenter : rental.previousOfProvider;
        }
        // Shortens the array to what was found, which is never more than its length.
        assembly ("memory-safe") {
            mstore(ids, length)
        }
    }
}
