// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {INotYetSupported} from "./INotYetSupported.sol";

/// @notice Pays for inference by the token, without a transaction per request.
/// @dev The user moves money into a channel for one session key, one provider and one token. The session key signs vouchers
///      for what it received; whoever holds vouchers settles many at once, and the provider's free balance grows.
/// @dev Amounts are wei, times unix seconds, prices wei per 1,000,000 tokens. `token` is `address(0)`, ether, for now; any
///      other reverts with `NotYetSupported`.
/// @dev EIP-712 domain: name "Jeju InferenceServing", version "1", chain id, this contract. Signed structs:
///      `Session(address owner,address signer,uint128 cap,uint40 expiry)` by the session key, once;
///      `Voucher(address provider,address token,uint128 tally)` by the session key;
///      `Close(address provider,address signer,address token,uint128 tally,uint256 deadline)` by the provider or its operator.
/// @dev A tally is `epoch << 120 | amount << 40 | tokens`: what was paid for in the channel's life, in wei (80 bits) and in
///      tokens (40 bits), and the epoch (8 bits) in which it counts.
/// @dev Warning: a stolen session key can spend what is deposited in its channels, to the providers of those channels, and
///      later its cap. It can never withdraw.
interface IInferenceServing is INotYetSupported {
    /// @notice What is known of a channel. `deposit`, `claimed` and `tokens` are totals of its life; what is left is
    ///         `deposit - claimed`.
    struct Channel {
        uint256 deposit;
        uint256 claimed;
        uint256 tokens;
        uint8 epoch;
        uint40 closeAt;
        uint8 closeWindow;
    }

    /// @notice One channel, or one meter, in which case `signer` is the user.
    struct ChannelEntry {
        address provider;
        address token;
        address signer;
        bool metered;
        Channel channel;
    }

    /// @notice A model and its prices now; from `effectiveAt` on, unless that is 0, the next ones.
    struct ModelEntry {
        string model;
        uint256 inputPrice;
        uint256 outputPrice;
        uint256 nextInputPrice;
        uint256 nextOutputPrice;
        uint256 effectiveAt;
    }

    /// @notice The account's free balance is too small.
    error InsufficientBalance(address account, uint256 balance, uint256 amount);

    /// @notice The amount must not be zero.
    error ZeroAmount();

    /// @notice Money for the zero address would be lost.
    error ZeroAddress();

    /// @notice `to` did not take the money; nothing was withdrawn.
    error TransferRefused(address to, uint256 amount);

    /// @notice The consent is not a signature of `signer` over this owner, cap and expiry; the first use of a key needs one.
    error InvalidConsent(address owner, address signer);

    /// @notice The session key belongs to another owner, for ever.
    error SignerTaken(address signer, address owner);

    /// @notice No such session key; `openChannel` registers it.
    error UnknownSigner(address signer);

    /// @notice The session key expired; its vouchers still settle and its channels still close, but it gets no more money.
    error SessionExpired(address signer, uint256 expiry);

    /// @notice The provider offers nothing here: it has posted neither a model nor a close window.
    error NothingOffered(address provider);

    /// @notice The channel, or meter, was never opened.
    error ChannelNotOpen(address signer, address provider);

    /// @notice The channel, or meter, is being closed at `closeAt`.
    error ChannelClosing(address signer, address provider, uint256 closeAt);

    /// @notice Nobody asked to close the channel, or the meter.
    error CloseNotRequested(address signer, address provider);

    /// @notice The provider may still settle until `closeAt`.
    error CloseWindowOpen(uint256 closeAt, uint256 time);

    /// @notice A channel holds at most 2^80 - 1 wei in its life.
    error DepositTooLarge(uint256 deposit);

    /// @notice The channel was closed so often that it takes no more money; use another session key.
    error EpochsExhausted(address signer, address provider);

    /// @notice Only the channel's owner or its session key may do this.
    error NotParty(address signer, address caller);

    /// @notice The deadline passed, or is more than 10 minutes ahead.
    error InvalidDeadline(uint256 deadline, uint256 time);

    /// @notice The tally is of another epoch, or its amount below what is settled already.
    error StaleTally(uint128 tally, uint128 claimed);

    /// @notice The signature is neither the provider's nor its operator's.
    error InvalidProviderSignature(address provider);

    /// @notice Close windows are 1 to 24 hours.
    error InvalidCloseWindow(uint8 closeWindow);

    /// @notice The account is no registered provider.
    error NotProvider(address account);

    /// @notice The caller is neither the provider nor its operator.
    error NotProviderOrOperator(address provider, address caller);

    /// @notice A model's name is 1 to 128 bytes.
    error InvalidModel(string model);

    /// @notice Prices stay below 2^104 wei per 1,000,000 tokens.
    error PriceTooLarge(uint256 price);

    /// @notice The provider has not posted a price for this model.
    error UnknownModel(address provider, string model);

    /// @notice A meter counts at most 2^40 - 1 tokens in its life.
    error UsageTooLarge(uint256 inputTokens, uint256 outputTokens);

    /// @notice The user has not opened a meter for this provider: nobody is charged without consent.
    error NoMeter(address user, address provider);

    /// @notice What is left on the meter does not cover the usage.
    error MeterExhausted(address user, address provider, uint256 left, uint256 cost);

    /// @notice The meter's notice is over; usage counts until `closeAt`.
    error MeterClosed(address user, address provider, uint256 closeAt);

    /// @notice `account`'s free balance grew by `amount`, sent by `from`.
    event Deposited(address indexed account, address indexed from, uint256 amount);

    /// @notice `amount` left `account`'s free balance for `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice `signer` is `owner`'s session key from now on.
    event SessionKeyRegistered(address indexed owner, address indexed signer, uint128 cap, uint40 expiry);

    /// @notice `amount` moved into the channel, `fromBalance` of it from the owner's free balance, the rest from the value
    ///         sent. What the value exceeds `amount` by is `Deposited`.
    event ChannelFunded(
        address indexed owner,
        address indexed signer,
        address indexed provider,
        address token,
        uint256 amount,
        uint256 fromBalance
    );

    /// @notice Vouchers were settled and the provider was credited with `total`. Whose they were is in the call's data; what
    ///         their channels came to, `channelOf` tells.
    event Settled(address indexed provider, uint256 total);

    /// @notice The owner or its session key wants the channel closed; vouchers settle until `closeAt`, and until finalized.
    event CloseRequested(address indexed signer, address indexed provider, address token, uint256 closeAt);

    /// @notice The channel was closed: `paid` to the provider, `refund` to the owner's free balance.
    event ChannelClosed(
        address indexed signer, address indexed provider, address token, uint256 paid, uint256 refund
    );

    /// @notice The close window that channels opened from now on copy.
    event CloseWindowSet(address indexed provider, uint8 closeWindow);

    /// @notice Prices were posted; what rose takes effect at `effectiveAt`, what fell at once. 0 if nothing rose.
    event ModelSet(
        address indexed provider,
        bytes32 indexed modelHash,
        string model,
        uint256 inputPrice,
        uint256 outputPrice,
        uint256 effectiveAt
    );

    /// @notice `amount` moved to the meter, `fromBalance` of it from the user's free balance, as with channels.
    event MeterFunded(
        address indexed user, address indexed provider, address token, uint256 amount, uint256 fromBalance
    );

    /// @notice The user wants the meter closed; usage counts until `closeAt`.
    event MeterCloseRequested(address indexed user, address indexed provider, address token, uint256 closeAt);

    /// @notice The meter was closed and `refund` went to the user's free balance.
    event MeterClosedOut(address indexed user, address indexed provider, address token, uint256 refund);

    /// @notice Usage was charged to a meter at the posted price.
    event UsageRecorded(
        address indexed user,
        address indexed provider,
        string model,
        uint256 inputTokens,
        uint256 outputTokens,
        uint256 cost
    );

    /* FREE BALANCE */

    /// @notice Adds the value sent to the caller's free balance.
    function deposit() external payable;

    /// @notice Adds the value sent to `account`'s free balance.
    function depositFor(address account) external payable;

    /// @notice Pays `amount` of the caller's free balance out to the caller.
    /// @dev Warning: reverts if the caller refuses the money; `withdrawTo` sends it elsewhere.
    function withdraw(uint256 amount) external;

    /// @notice Pays `amount` of the caller's free balance out to `to`.
    function withdrawTo(uint256 amount, address to) external;

    /// @notice What `user` can withdraw or put into channels now: credit of users and earnings of providers alike.
    function getBalance(address user) external view returns (uint256);

    /* CHANNELS */

    /// @notice Opens a channel, or adds to it, out of the value sent and, where that is short, of the caller's free balance.
    ///         So one transaction deposits, registers the session key and opens.
    /// @param amount what the channel gets; what the value sent exceeds it by goes to the free balance.
    /// @param cap what reservations signed by the key may draw in its life; kept in whole gwei, rounded down.
    /// @param expiry when the key stops getting money. Vouchers of an expired key still settle, else it could rob a provider.
    /// @param consent the key's signature over `Session`, needed at its first use only. Afterwards `cap`, `expiry` and
    ///        `consent` are ignored; they are fixed for the key's life.
    /// @dev The key never changes its owner, and the signature names the owner, so nobody can take it by being faster.
    function openChannel(
        address provider,
        address token,
        uint256 amount,
        address signer,
        uint128 cap,
        uint40 expiry,
        bytes calldata consent
    ) external payable;

    /// @notice Like `openChannel`, for a session key that the caller has registered.
    function fundChannel(address provider, address token, address signer, uint256 amount) external payable;

    /// @notice Settles vouchers of one provider. Anyone may; only the provider is credited.
    /// @param packed items of 80 bytes: r (32), vs (32, EIP-2098), tally (16).
    /// @return credited what the provider's free balance grew by.
    /// @dev Never reverts for an item: one that is forged, of another epoch, cut off, or no more than what is settled already,
    ///      is skipped. An amount above the channel's deposit counts up to it, and the rest once the channel was funded. The
    ///      tokens are those of the last voucher that counted.
    function settle(address provider, address token, bytes calldata packed)
        external
        returns (uint256 credited);

    /// @notice Closes at once, with the provider's agreement: it is paid up to `tally`, the rest goes to the owner's free balance.
    /// @param tally the last one, at least what is settled and of the channel's epoch, so old signatures die with the epoch.
    /// @param deadline at most 10 minutes ahead.
    /// @param providerSignature of `Close` by the provider or its operator; ERC-1271 counts.
    /// @dev By the owner or the session key, who thereby agree to the tally.
    function closeChannel(
        address provider,
        address token,
        address signer,
        uint128 tally,
        uint256 deadline,
        bytes calldata providerSignature
    ) external;

    /// @notice Asks for closing without the provider: it has the channel's close window to settle what it holds.
    /// @dev By the owner or the session key. From then on the channel takes no money.
    function requestClose(address provider, address token, address signer) external;

    /// @notice Closes after the window: what is left goes to the owner's free balance. Anyone may.
    /// @dev Vouchers still settle until this call; afterwards those of the old epoch are worth nothing.
    function finalizeClose(address provider, address token, address signer) external;

    /// @notice The hours that channels opened with the caller from now on leave it for settling; 1 unless set.
    function setCloseWindow(uint8 closeWindow) external;

    /// @notice The channel's state; all zero if it was never opened.
    function channelOf(address provider, address token, address signer) external view returns (Channel memory);

    /// @notice The owner, what is left of the cap and the expiry of a session key; all zero if unknown.
    function sessionOf(address signer) external view returns (address owner, uint128 cap, uint40 expiry);

    /// @notice The channels and meters that `owner` ever opened, newest first.
    /// @param cursor 0 for the newest, then the one returned.
    /// @param limit records to read, of one to three entries each.
    /// @return entries what was read.
    /// @return nextCursor 0 at the end.
    function channelsOf(address owner, uint256 cursor, uint256 limit)
        external
        view
        returns (ChannelEntry[] memory entries, uint256 nextCursor);

    /// @notice What `user` ever bought, in tokens and in wei, through channels and meters, as far as it is settled.
    /// @dev Warning: reads all of the user's channels; `getUsagePage` is for callers on chain.
    function getUsage(address user) external view returns (uint256 totalTokens, uint256 totalCost);

    /// @notice A part of `getUsage`, with the pages of `channelsOf`.
    function getUsagePage(address user, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor);

    /// @notice The EIP-712 digest that a session key signs.
    function voucherDigest(address provider, address token, uint128 tally) external view returns (bytes32);

    /* PRICES */

    /// @notice Posts the caller's price of a model. A fall counts at once, a rise after an hour, each of the two by itself.
    /// @dev The first price of a model counts at once. A rise announced earlier and not exceeded keeps its time; any higher
    ///      one starts the hour anew.
    function setModel(string calldata model, uint256 inputPrice, uint256 outputPrice) external;

    /// @notice A model's prices now and next. `effectiveAt` is 0 when no rise is pending; with two, it is the later one's.
    function modelOf(address provider, string calldata model)
        external
        view
        returns (
            uint256 inputPrice,
            uint256 outputPrice,
            uint256 nextInputPrice,
            uint256 nextOutputPrice,
            uint256 effectiveAt,
            bool exists
        );

    /// @notice The provider's models in the order of posting; `cursor` counts models, and `nextCursor` is 0 at the end.
    function modelsOf(address provider, uint256 cursor, uint256 limit)
        external
        view
        returns (ModelEntry[] memory models, uint256 nextCursor);

    /* METERED */

    /// @notice Lets `provider` charge the caller by `recordUsage` at its posted prices, up to `amount` more in all.
    /// @dev The value sent is spent first, then the caller's free balance, as in `openChannel`.
    /// @dev Warning: this is for users who trust the provider's counting. Channels need no such trust.
    function openMeter(address provider, address token, uint256 amount) external payable;

    /// @notice Gives an hour's notice, in which the provider may still record usage.
    function closeMeter(address provider, address token) external;

    /// @notice After the notice, moves what is left to the caller's free balance.
    function finalizeMeter(address provider, address token) external;

    /// @notice The meter's state, in the form of a channel; all zero if it was never opened.
    function meterOf(address user, address provider, address token) external view returns (Channel memory);

    /// @notice Charges a user's meter, at the price the calling provider has posted for the model, rounded down.
    /// @dev Reverts with the reason when the user has no meter, the model no price, or the meter too little left.
    function recordUsage(address user, uint256 inputTokens, uint256 outputTokens, string memory model)
        external;

    /// @notice Like `recordUsage`, called by `provider` or its operator.
    function recordUsageFor(
        address provider,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) external;

    /* LATER */

    /// @notice Lets a provider open or fund a channel with the session key's signature. Not yet supported.
    function reserve(address provider, address token, bytes calldata reservation) external;
}
