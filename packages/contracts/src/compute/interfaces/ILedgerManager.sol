// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ITokenPayments} from "./ITokenPayments.sol";

/// @notice Free balances. What a wallet refused, and what others paid to it, waits here for its owner.
/// @dev Token 0 is ether. Tokens are taken exactly; one that takes a fee or rebases is refused.
interface ILedgerManager is ITokenPayments {
    /// @dev `left` is what may be drawn now: it fills up by `perDay` in a day, steadily, and is never more.
    struct TopUp {
        address token;
        uint256 threshold;
        uint256 amount;
        uint256 perDay;
        uint256 left;
    }

    /// @notice No ether was sent, or none asked for.
    error NothingMoved();

    /// @notice A balance of nobody would be lost.
    error BalanceOfNobody();

    /// @notice The account has less than it asked for.
    error BalanceTooLow(address account, uint256 balance, uint256 amount);

    /// @notice `to` refused the ether; the balance stays. Try `withdrawTo` another address.
    error PaymentRefused(address to, uint256 amount);

    /// @notice Zero is ether, which `deposit` and `withdraw` move.
    error NotAToken(address token);

    /// @notice Of the account's top-up for this key of the service, less is left for now than was asked for.
    error TopUpExhausted(address account, address service, bytes32 key, uint256 left, uint256 amount);

    /// @notice The service has `left` at this key, which is not below the top-up's threshold; with threshold 0 there is no top-up.
    error TopUpNotDue(address account, address service, bytes32 key, uint256 left, uint256 threshold);

    /// @notice The account's top-up for this key of the service is in `token`, and what the service would fill is not.
    error TopUpInOtherToken(address account, address service, bytes32 key, address token);

    /// @notice A top-up's figures fit 96 bits; the amount per day at least one top-up.
    error TopUpOutOfRange(uint256 threshold, uint256 amount, uint256 perDay);

    /// @notice The account lets the service draw less than it asked for.
    error AllowanceTooLow(address account, address service, uint256 allowance, uint256 amount);

    /// @notice `amount` was added to the account's balance by `from`. Token 0 is ether.
    event Deposited(address indexed account, address indexed token, address indexed from, uint256 amount);

    /// @notice `amount` left the account's balance for `to`. Token 0 is ether.
    event Withdrawn(address indexed account, address indexed token, address indexed to, uint256 amount);

    /// @notice From now on `service` may draw `amount` of the balance of `account`. Token 0 is ether.
    event Allowed(address indexed account, address indexed service, address indexed token, uint256 amount);

    /// @notice `service` drew `amount` of the account's balance. Token 0 is ether.
    event Drawn(address indexed account, address indexed service, address indexed token, uint256 amount);

    /// @notice The account refills `key` at `service` by `amount` below `threshold`, up to `perDay`; 0 per day means no longer.
    event TopUpSet(
        address indexed account,
        address indexed service,
        bytes32 indexed key,
        address token,
        uint256 threshold,
        uint256 amount,
        uint256 perDay
    );

    /// @notice Adds the ether sent to the caller's balance.
    function deposit() external payable;

    /// @notice Adds the ether sent to the balance of `account`, who alone can take it out.
    function depositFor(address account) external payable;

    /// @notice Adds `amount` of a token, which the caller approved, to the caller's balance.
    function depositToken(address token, uint256 amount) external;

    /// @notice Like `depositToken`, to the balance of `account`, who alone can take it out.
    function depositTokenFor(address account, address token, uint256 amount) external;

    /// @notice Like `depositToken`, after the caller's permit for this contract.
    function depositTokenWithPermit(address token, uint256 amount, Permit memory permit) external;

    /// @notice Adds `amount` of a token of `from`, by its EIP-3009 authorization, to its balance. Anyone may submit it.
    /// @dev Its nonce is `keccak256(abi.encode("depositToken", from, token, amount, validAfter, validBefore))`.
    function depositTokenWithAuthorization(
        address from,
        address token,
        uint256 amount,
        Authorization memory authorization
    ) external;

    /// @notice Pays `amount` of the caller's ether to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Pays `amount` of the caller's ether to `to`.
    function withdrawTo(uint256 amount, address to) external;

    /// @notice Pays `amount` of the caller's tokens to the caller.
    function withdrawToken(address token, uint256 amount) external;

    /// @notice Pays `amount` of the caller's tokens to `to`.
    function withdrawTokenTo(address token, uint256 amount, address to) external;

    /// @notice Lets a service contract draw up to `amount` of the caller's balance, in place of what it might draw before;
    ///         2^256 - 1 is without limit.
    /// @dev Warning: allow only contracts whose documented draws are what this account itself ordered there.
    function allow(address service, address token, uint256 amount) external;

    /// @notice Pays the caller, a service, out of the balance of an account that allowed it.
    function draw(address account, address token, uint256 amount) external;

    /// @notice Lets anyone have the caller's place `key` at a service refilled with ether: by `amount` once it is below
    /// `threshold`, up to `perDay`. 0 per day turns it off.
    /// @dev What `key` and `threshold` mean is the service's to say. The ledger never calls a service. Setting it fills the day up.
    /// @dev Warning: a top-up in a token also takes what the account's wallet approved to this contract, within `perDay`.
    function setTopUp(address service, bytes32 key, uint256 threshold, uint256 amount, uint256 perDay)
        external;

    /// @notice Like `setTopUp`, with a token.
    function setTopUpToken(
        address service,
        bytes32 key,
        address token,
        uint256 threshold,
        uint256 amount,
        uint256 perDay
    ) external;

    /// @notice Pays the caller, a service, out of the balance of an account that set a top-up for this key of it.
    /// @dev Within what is left of the top-up's day; needs no `allow`, and counts in no `spentOn`: its events tell. Where the balance
    /// in a token is short, the rest comes out of the account's wallet, as far as that approved it to the ledger.
    function drawTopUp(address account, bytes32 key, uint256 amount) external;

    /// @notice Like `drawTopUp`, by the amount that the account set, if `left`, which the caller has at `key`, is below the threshold.
    /// @dev One call for what `topUpOf` and `drawTopUp` do in two, where the service wants the whole amount.
    function drawDue(address account, bytes32 key, address token, uint256 left)
        external
        returns (uint256 amount);

    /// @notice The account's top-up for a key of the service; zeros if none is set.
    function topUpOf(address account, address service, bytes32 key) external view returns (TopUp memory);

    /// @notice The user's ether here, in wei.
    function getBalance(address user) external view returns (uint256 ethBalance);

    /// @notice The user's tokens here, in the token's smallest unit; token 0 is ether.
    function getTokenBalance(address user, address token) external view returns (uint256);

    /// @notice What the service may still draw of the account's balance, whether it is there or not.
    function allowanceOf(address account, address service, address token) external view returns (uint256);

    /// @notice All that the service ever drew of the account's balance by `allow`.
    function spentOn(address account, address service, address token) external view returns (uint256);
}
