// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IInferenceRecords} from "./IInferenceRecords.sol";

/// @notice Pays for inference by the token, without a transaction per request.
/// @dev The user moves money into a channel for one session key, one provider and one token. The session key signs vouchers
///      for what it received; whoever holds vouchers settles many at once, and the provider's free balance grows.
/// @dev Amounts are wei or a token's smallest unit, times unix seconds, prices per 1,000,000 tokens. `token` is `address(0)`, ether,
///      or an ERC-20 that the provider offers models in; a signature for one of them is worth nothing in another.
/// @dev EIP-712 domain: name "Jeju InferenceServing", version "1", chain id, this contract. Signed structs:
///      `Session(address owner,address signer,uint128 cap,uint40 expiry)` by the session key, once;
///      `Voucher(address provider,address token,uint128 tally)` by the session key;
///      `Close(address provider,address signer,address token,uint128 tally,uint256 deadline)` by the provider or its operator;
///      and those of `IReservations` and `IReceipts`.
/// @dev A tally is `epoch << 120 | amount << 40 | tokens`: what was paid for in the channel's life, in wei (80 bits) and in
///      tokens (40 bits), and the epoch (8 bits) in which it counts.
/// @dev Warning: a stolen session key can spend what is deposited in its channels, to the providers of those channels, and
///      its cap of the owner's free balance, with any provider. It can never withdraw.
/// @dev The same address answers to the functions of `IInferenceAnnex` too.
interface IInferenceServing is IInferenceRecords {
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

    /// @notice Draws what `account` set in the ledger for this contract and `key`, if what is there is below the threshold. Anyone may.
    /// @dev `key` is a currency, as `bytes32(uint256(uint160(token)))`, for the account's free balance of it; or a channel of
    ///      the account, as `topUpKeyOf` names it, for what is left in that. The amount is the top-up's.
    /// @dev What this contract draws of an account's ledger: this, and nothing else. It needs no `allow`.
    /// @dev Credit has no event here: the ledger's `Drawn`, which no `ChannelFunded` follows, says whose balance grew by what.
    function topUp(address account, bytes32 key) external;

    /* CHANNELS */

    /// @notice Opens a channel, or adds to it, out of the value sent and, where that is short, of the caller's free balance. In
    ///         a token: out of the free balance and, where that is short, of what the caller approved.
    ///         So one transaction deposits, registers the session key and opens.
    /// @param amount what the channel gets; what the value sent exceeds it by goes to the free balance.
    /// @param cap what reservations signed by the key may draw of `token`; ether is kept in whole gwei, rounded down. `setCap`
    ///        changes it, and gives the key one for another token.
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

    /// @notice Like `openChannel` in ether, with all of the value sent, for less gas.
    /// @param terms the session key, its expiry and its cap in one word: `cap in gwei 56 | expiry 40 | signer 160`.
    /// @param r of the key's signature over `Session`, which has the cap in wei; needed at its first use only.
    /// @param vs of it, as EIP-2098 has it.
    /// @dev Where the key is new, `ChannelOpened` stands for the two events of `openChannel`.
    function openEtherChannel(address provider, uint256 terms, bytes32 r, bytes32 vs) external payable;

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

    /// @notice Settles vouchers of the caller and pays what they bring out to `to`, past the free balance.
    /// @dev Reverts if `to`, or the token, refuses the money; `settle` then credits.
    function settleAndWithdraw(address token, bytes calldata packed, address to)
        external
        returns (uint256 paid);

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

    /// @notice The channel's state; all zero if it was never opened.
    function channelOf(address provider, address token, address signer) external view returns (Channel memory);

    /// @notice The owner, what is left of the cap in ether and the expiry of a session key; all zero if unknown.
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

    /// @notice What `user` ever bought for ether, in tokens and in wei, through channels and meters, as far as it is settled.
    /// @dev Warning: reads all of the user's channels; `getUsagePage` is for callers on chain.
    function getUsage(address user) external view returns (uint256 totalTokens, uint256 totalCost);

    /// @notice A part of `getUsage`, with the pages of `channelsOf`.
    function getUsagePage(address user, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor);

    /// @notice The same for what was bought for a token, the cost in its smallest unit.
    function getTokenUsage(address user, address token)
        external
        view
        returns (uint256 totalTokens, uint256 totalCost);

    /// @notice A part of `getTokenUsage`, with the pages of `channelsOf`.
    function getTokenUsagePage(address user, address token, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor);

    /// @notice The EIP-712 digest that a session key signs.
    function voucherDigest(address provider, address token, uint128 tally) external view returns (bytes32);

    /* PRICES */

    /// @notice The hours that channels in ether opened with the caller from now on leave it for settling; 1 unless set.
    function setCloseWindow(uint8 closeWindow) external;

    /// @notice Posts the caller's price of a model in ether. A fall counts at once, a rise after an hour, each of the two by itself.
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

    /// @notice Like `recordUsageFor`, against the meter in a token and at the prices posted in it.
    function recordTokenUsage(
        address provider,
        address token,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) external;
}
