// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IPayer} from "./IPayer.sol";
import {IProviderObligations} from "./IProviderObligations.sol";
import {ITokenPayments} from "./ITokenPayments.sol";

/// @notice Machines by the hour, paid by the second out of an escrow that belongs to nobody else.
/// @dev A session earns `pricePerHour * seconds / 3600`, rounded down. What is earned matures one hour later. At any time
/// deposit = collected + matured + unmatured + what the renter has back or would have back. Money goes by a call to the one
/// who asked; anyone else, and a wallet that refuses, finds it in LedgerManager.
interface IComputeRental is IProviderObligations, IPayer, ITokenPayments {
    /// @dev While it waits for its provider, a session starts when it was made. Once over, `endTime` is when it ended.
    /// `active` is true from creation to the end, be it by a call or by time.
    struct Session {
        address renter;
        uint256 providerId;
        uint256 startTime;
        uint256 endTime;
        uint256 deposit;
        string sshPublicKey;
        bool active;
    }

    enum Status {
        None,
        Pending,
        Running,
        Ended,
        Declined,
        Cancelled
    }

    /// @dev `activateBy` is the last second in which a pending session can start; 0 once it is not pending. `collected`,
    /// `matured` and `unmatured` are the provider's wei: paid out, payable now, payable within the hour after they were earned.
    struct SessionDetails {
        Status status;
        uint256 pricePerHour;
        uint256 activateBy;
        uint256 collected;
        uint256 matured;
        uint256 unmatured;
        bytes32 accessHash;
    }

    /// @dev What a session was ordered with, beyond the defaults. Token 0 is ether, an empty image the provider's own. `dataHash`
    /// commits to start data that the renter hands the node encrypted.
    struct Order {
        address token;
        bytes32 dataHash;
        string image;
    }

    /// @dev The arguments of `createSessionFor`.
    struct SessionOrder {
        uint256 providerId;
        uint256 durationHours;
        string sshPublicKey;
        address token;
        string image;
        bytes32 dataHash;
        uint256 maxTotal;
    }

    /// @notice No provider ever had this id.
    error ProviderUnknown(uint256 providerId);

    /// @notice The provider takes no sessions: it is inactive, unregistered, or its stake fell below the minimum.
    error ProviderInactive(uint256 providerId);

    /// @notice A session runs for 1 to `maximum` hours, and at most so many hours ahead.
    error DurationOutOfRange(uint256 durationHours, uint256 maximum);

    /// @notice The ether sent must be the price of the hours, to the wei.
    error WrongValue(uint256 sent, uint256 price);

    /// @notice An SSH key is one line of at most 2,048 bytes, begins with a type that OpenSSH knows and a space, and has no
    /// control characters.
    error SshKeyMalformed(string sshPublicKey);

    /// @notice No session has this id.
    error SessionUnknown(uint256 sessionId);

    /// @notice The session's status does not allow the call.
    error SessionNotActive(uint256 sessionId, Status status);

    /// @notice The session is accepted or ended by its parties alone.
    error NotParty(uint256 sessionId, address caller);

    /// @notice The session was to start until `activateBy`. Anyone may cancel it now.
    error TooLateToActivate(uint256 sessionId, uint256 activateBy);

    /// @notice The provider may still activate the session until `activateBy`.
    error TooEarlyToCancel(uint256 sessionId, uint256 activateBy);

    /// @notice The provider asks more than this session pays; make a new one.
    error PriceRose(uint256 sessionPrice, uint256 currentPrice);

    /// @notice A reason has at most `maximum` bytes.
    error ReasonTooLong(uint256 length, uint256 maximum);

    /// @notice The sessions of one call must be of one provider.
    error OtherProvider(uint256 sessionId, uint256 providerId, uint256 expected);

    /// @notice The list does not contain this cursor.
    error CursorUnknown(uint256 cursor);

    /// @notice The sessions of one call must be paid in one token. Token 0 is ether.
    error OtherToken(uint256 sessionId, address token, address expected);

    /// @notice The provider has no price in this token.
    error TokenNotAccepted(uint256 providerId, address token);

    /// @notice The price per hour lies between 0, for none, and `maximum`.
    error PriceOutOfRange(uint256 pricePerHour, uint256 maximum);

    /// @notice The session would cost more than its order allows.
    error PriceAboveLimit(uint256 total, uint256 maxTotal);

    /// @notice The name of an image has at most `maximum` bytes.
    error ImageTooLong(uint256 length, uint256 maximum);

    /// @notice The account has no provider.
    error NotAProvider(address account);

    /// @notice Nobody but the ledger sends ether without a call.
    error EtherUnasked(address from);

    /// @notice What the session has ahead is worth more than the threshold of its renter's top-up.
    error TopUpNotDue(uint256 sessionId, uint256 ahead, uint256 threshold);

    /// @notice A session is disputed once.
    error AlreadyDisputed(uint256 sessionId);

    /// @notice Only pay that has not matured is disputed, and there is none.
    error NothingToDispute(uint256 sessionId);

    /// @notice A dispute takes a bond of a fifth of the pay in question.
    error BondTooLow(uint256 sent, uint256 bond);

    /// @notice A renter paid for a machine and waits for it.
    event SessionCreated(
        uint256 indexed sessionId,
        address indexed renter,
        uint256 indexed providerId,
        uint256 durationHours,
        uint256 deposit,
        string sshPublicKey
    );

    /// @notice The session was ordered with these. Token 0 is ether; an empty image is the provider's own.
    event SessionOrdered(uint256 indexed sessionId, address indexed token, string image, bytes32 dataHash);

    /// @notice An hour costs so much of the token; 0 means that the provider no longer takes it.
    event TokenPriceSet(uint256 indexed providerId, address indexed token, uint256 pricePerHour);

    /// @notice The machine is there, and is paid for from `startTime` on. `accessHash` commits to how it is reached.
    event SessionActivated(
        uint256 indexed sessionId,
        uint256 indexed providerId,
        uint256 startTime,
        uint256 endTime,
        bytes32 accessHash
    );

    /// @notice The provider will not serve the session; the deposit is the renter's again.
    event SessionDeclined(uint256 indexed sessionId, uint256 indexed providerId, string reason);

    /// @notice The provider let the session's time pass; the deposit is the renter's again.
    event SessionCancelled(uint256 indexed sessionId, uint256 indexed providerId);

    /// @notice The renter paid for more hours.
    event SessionExtended(
        uint256 indexed sessionId, uint256 indexed providerId, uint256 additionalHours, uint256 endTime
    );

    /// @notice The session ended; of its deposit `earned` is the provider's, `refund` the renter's.
    event SessionTerminated(
        uint256 indexed sessionId, uint256 indexed providerId, uint256 earned, uint256 refund
    );

    /// @notice What had matured in sessions of one provider was paid to its owner. Each payment is
    /// `sessionId << 128 | amount`; the amount is 0 where a session owed nothing.
    event Collected(uint256 indexed providerId, uint256[] payments);

    /// @notice The renter disputed the session: `held` of its pay, and the bond, are before the guardians.
    event SessionDisputed(
        uint256 indexed sessionId, uint256 indexed providerId, uint256 held, uint256 bond, uint256 refund
    );

    /// @notice Rents a machine: the ether sent, exactly price × hours, is kept until it is earned or goes back.
    /// @dev Price, hours and key are fixed from here on. The provider has 10 minutes to activate or decline.
    /// @param durationHours 1 to 2,160.
    /// @param sshPublicKey One line as in `id_ed25519.pub`. Its base64 is not judged here: a provider declines what OpenSSH
    /// could not use.
    function createSession(uint256 providerId, uint256 durationHours, string memory sshPublicKey)
        external
        payable
        returns (uint256 sessionId);

    /// @notice Rents with all choices. Token 0 is ether.
    /// @dev Paid exactly and by the caller: with the value sent, then from its balance in LedgerManager as far as it allowed that
    /// and it is there, then with tokens that its wallet approved. Draws nothing that the caller did not order here.
    /// @param image An OCI image of at most 256 bytes; empty for the provider's own.
    /// @param dataHash Commits to start data that the renter hands the node encrypted; 0 for none.
    /// @param maxTotal The most that all hours may cost.
    function createSessionFor(
        uint256 providerId,
        uint256 durationHours,
        string memory sshPublicKey,
        address token,
        string memory image,
        bytes32 dataHash,
        uint256 maxTotal
    ) external payable returns (uint256 sessionId);

    /// @notice Like `createSessionFor` with a token, after the caller's permit for this contract.
    function createSessionWithPermit(SessionOrder memory order, Permit memory permit)
        external
        returns (uint256 sessionId);

    /// @notice Like `createSessionFor` with a token, paid by and made for `renter` by its EIP-3009 authorization. Anyone may
    /// submit it.
    /// @dev Its nonce is the hash of this call's data behind selector and authorization, so all that is ordered is signed.
    /// Whether `renter` signed it is not left to the token: else a token could put sessions into anybody's list.
    function createSessionWithAuthorization(
        Authorization memory authorization,
        address renter,
        SessionOrder memory order
    ) external returns (uint256 sessionId);

    /// @notice Extends the account's session by its top-up in LedgerManager. By anyone, once due.
    /// @dev `key` is the session's id. Due while what the session has ahead is worth less than `threshold`; adds as many whole
    /// hours as `amount` pays for, by the rules of `extendSession`.
    function topUp(address account, bytes32 key) external;

    /// @notice Sets what an hour with the caller's provider costs in a token; 0 to take it no longer.
    /// @dev Sessions that exist keep their price.
    function setTokenPrice(address token, uint256 pricePerHour) external;

    /// @notice Starts the session's time: the machine is ready. By the provider or its operator, within 10 minutes.
    function activateSession(uint256 sessionId, bytes32 accessHash) external;

    /// @notice Refuses a pending session, for a reason of at most 256 bytes. By the provider or its operator.
    /// @dev The deposit is credited to the renter in LedgerManager.
    function declineSession(uint256 sessionId, string memory reason) external;

    /// @notice Gives the deposit of a session back that was not activated within 10 minutes. By anyone.
    function cancelSession(uint256 sessionId) external;

    /// @notice Adds hours to a running session at its own price. By its renter, before it ends.
    /// @dev At most 2,160 hours ahead; not if the provider is inactive or asks more by now.
    function extendSession(uint256 sessionId, uint256 additionalHours) external payable;

    /// @notice Ends the session. What the renter has not used goes back.
    /// @dev By the renter at any time: before activation all goes back, after it the seconds used are earned, at least 10
    /// minutes of them. By the provider's owner while it runs: the provider keeps what has matured. By anyone after the end:
    /// the whole deposit is earned.
    function terminateSession(uint256 sessionId) external;

    /// @notice Pays out what has matured in sessions of one provider: by one transfer if its owner asks, else as its owner's
    /// credit in LedgerManager.
    /// @dev By anyone. An id given twice is paid once; a session that owes nothing now adds nothing.
    function collect(uint256[] memory sessionIds) external returns (uint256 paid);

    /// @notice Ends the session, if it still runs, and puts its unmatured pay before the guardians. By its renter, once.
    /// @dev Takes a bond of a fifth of that pay, rounded up, in the session's currency: of the ether sent, what is more goes back;
    /// tokens are taken as in `createSessionFor`. What has matured is paid; what was not used goes back to the renter. Reverts
    /// where fewer than three guardians could vote. `GuardianPanel` says what follows.
    function dispute(uint256 sessionId) external payable;

    /// @notice Rates a session's provider with 1 to 5, in place of what its renter said before. By its renter, who has a user's
    /// stake, once the session runs or ran. `ProviderRatings` keeps it.
    function rate(uint256 sessionId, uint8 score) external;

    /// @notice The session, with the key as it was given, byte for byte.
    function getSession(uint256 sessionId) external view returns (Session memory);

    /// @notice What `getSession` has no room for.
    function sessionDetails(uint256 sessionId) external view returns (SessionDetails memory);

    /// @notice Where the session is in its life; `None` if it is unknown, `Ended` also when its time ran out.
    function statusOf(uint256 sessionId) external view returns (Status);

    /// @notice What the session earned and did not pay out yet: payable now, and payable later.
    function owed(uint256 sessionId) external view returns (uint256 matured, uint256 unmatured);

    /// @notice What the session was ordered with; zeros for the defaults.
    function orderOf(uint256 sessionId) external view returns (Order memory);

    /// @notice What an hour costs in a token; 0 if the provider does not take it.
    function tokenPriceOf(uint256 providerId, address token) external view returns (uint256);

    /// @notice How many sessions were ever made; ids run from 1 to this.
    function sessionCount() external view returns (uint256);

    /// @notice The renter's sessions, newest first.
    /// @param cursor 0 for the newest, then the `nextCursor` of the page before.
    /// @return ids At most `limit` of them.
    /// @return nextCursor 0 at the end.
    function sessionsOf(address renter, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor);

    /// @notice The provider's sessions, newest first.
    /// @param cursor 0 for the newest, then the `nextCursor` of the page before.
    /// @return ids At most `limit` of them.
    /// @return nextCursor 0 at the end.
    function sessionsAt(uint256 providerId, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor);
}
