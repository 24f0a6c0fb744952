// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What InferenceServing keeps, refuses and records. Its functions are in `IInferenceServing` and `IInferenceAnnex`.
interface IInferenceRecords {
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

    /// @dev What `openChannel` takes, as one value.
    struct Opening {
        address provider;
        address token;
        uint256 amount;
        address signer;
        uint128 cap;
        uint40 expiry;
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

    /// @notice The caller is neither the provider nor its operator.
    error NotProviderOrOperator(address provider, address caller);

    /// @notice A meter counts at most 2^40 - 1 tokens in its life.
    error UsageTooLarge(uint256 inputTokens, uint256 outputTokens);

    /// @notice The user has not opened a meter for this provider: nobody is charged without consent.
    error NoMeter(address user, address provider);

    /// @notice What is left on the meter does not cover the usage.
    error MeterExhausted(address user, address provider, uint256 left, uint256 cost);

    /// @notice The meter's notice is over; usage counts until `closeAt`.
    error MeterClosed(address user, address provider, uint256 closeAt);

    /// @notice The provider offers nothing in this currency: it has posted neither a model nor a close window.
    error NothingOffered(address provider, address token);

    /// @notice Close windows are 1 to 24 hours.
    error InvalidCloseWindow(uint8 closeWindow);

    /// @notice The account is no registered provider.
    error NotProvider(address account);

    /// @notice A model's name is 1 to 128 bytes.
    error InvalidModel(string model);

    /// @notice Prices stay below 2^104 wei, or units, per 1,000,000 tokens.
    error PriceTooLarge(uint256 price);

    /// @notice The provider has not posted a price for this model in this currency.
    error UnknownModel(address provider, string model);

    /// @notice Zero is ether, which `deposit` and `withdraw` move.
    error NotAToken(address token);

    /// @notice A channel in a token takes no ether.
    error EtherNotWanted(uint256 value);

    /// @notice The annex of InferenceServing was called where it stands; call InferenceServing.
    error NotServing(address annex);

    /// @notice Ether comes in by the functions that count it, or from the ledger.
    error EtherUnasked(address from);

    /// @notice The key names no place to top up: neither a currency nor a channel that an offer's number stands for.
    error UnknownTopUp(bytes32 key);

    /// @notice `account`'s free balance grew by `amount`, sent by `from`.
    event Deposited(address indexed account, address indexed from, uint256 amount);

    /// @notice `amount` left `account`'s free balance for `to`.
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice `signer` is `owner`'s session key from now on.
    event SessionKeyRegistered(address indexed owner, address indexed signer, uint128 cap, uint40 expiry);

    /// @notice `amount` moved into the channel, `fromBalance` of it from the owner's free balance, the rest from the value
    ///         sent, the owner's wallet, or the ledger. What the value exceeds `amount` by is `Deposited`.
    event ChannelFunded(
        address indexed owner,
        address indexed signer,
        address indexed provider,
        address token,
        uint256 amount,
        uint256 fromBalance
    );

    /// @notice `signer` is `owner`'s session key from now on, and `amount` of the value sent lies in its first channel. It is
    ///         `SessionKeyRegistered` and `ChannelFunded` in one, where both are of ether.
    event ChannelOpened(
        address indexed owner,
        address indexed signer,
        address indexed provider,
        uint256 amount,
        uint128 cap,
        uint40 expiry
    );

    /// @notice Vouchers were settled and the provider was credited with `total`. Whose they were is in the call's data; what
    ///         their channels came to, `channelOf` tells.
    event Settled(address indexed provider, uint256 total);

    /// @notice The same in a token.
    event TokenSettled(address indexed provider, address indexed token, uint256 total);

    /// @notice Vouchers were settled and `total` was paid to `to`, past the provider's free balance. Token 0 is ether.
    event PaidOut(address indexed provider, address indexed token, address to, uint256 total);

    /// @notice The owner or its session key wants the channel closed; vouchers settle until `closeAt`, and until finalized.
    event CloseRequested(address indexed signer, address indexed provider, address token, uint256 closeAt);

    /// @notice The channel was closed: `paid` to the provider, `refund` to the owner's free balance.
    event ChannelClosed(
        address indexed signer, address indexed provider, address token, uint256 paid, uint256 refund
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

    /// @notice The same to a meter in a token.
    event TokenUsageRecorded(
        address indexed user,
        address indexed provider,
        address indexed token,
        string model,
        uint256 inputTokens,
        uint256 outputTokens,
        uint256 cost
    );

    /// @notice The close window that channels in ether copy, if opened from now on.
    event CloseWindowSet(address indexed provider, uint8 closeWindow);

    /// @notice The close window that channels in this token copy, if opened from now on.
    event TokenCloseWindowSet(address indexed provider, address indexed token, uint8 closeWindow);

    /// @notice Prices were posted; what rose takes effect at `effectiveAt`, what fell at once. 0 if nothing rose.
    event ModelSet(
        address indexed provider,
        bytes32 indexed modelHash,
        string model,
        uint256 inputPrice,
        uint256 outputPrice,
        uint256 effectiveAt
    );

    /// @notice The same in a token, in its smallest unit.
    event TokenModelSet(
        address indexed provider,
        address indexed token,
        bytes32 indexed modelHash,
        string model,
        uint256 inputPrice,
        uint256 outputPrice,
        uint256 effectiveAt
    );

    /// @notice `account`'s free balance of the token grew by `amount`, from `from`.
    event TokenDeposited(
        address indexed account, address indexed token, address indexed from, uint256 amount
    );

    /// @notice `amount` of the token left `account`'s free balance for `to`.
    event TokenWithdrawn(address indexed account, address indexed token, address indexed to, uint256 amount);

    /// @notice From now on reservations of this key may draw `cap` of the token. Token 0 is ether.
    event CapSet(address indexed signer, address indexed token, uint256 cap);
}
