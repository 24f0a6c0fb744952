// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {INotYetSupported} from "./INotYetSupported.sol";

/// @notice Free balances. What a wallet refused, and what others paid to it, waits here for its owner.
interface ILedgerManager is INotYetSupported {
    /// @notice No ether was sent, or none asked for.
    error NothingMoved();

    /// @notice A balance of nobody would be lost.
    error BalanceOfNobody();

    /// @notice The account has less than it asked for.
    error BalanceTooLow(address account, uint256 balance, uint256 amount);

    /// @notice `to` refused the ether; the balance stays. Try `withdrawTo` another address.
    error PaymentRefused(address to, uint256 amount);

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

    /// @notice Adds the ether sent to the caller's balance.
    function deposit() external payable;

    /// @notice Adds the ether sent to the balance of `account`, who alone can take it out.
    function depositFor(address account) external payable;

    /// @notice Adds tokens of the caller's to its balance. Not yet supported.
    function depositToken(address token, uint256 amount) external;

    /// @notice Pays `amount` of the caller's ether to the caller.
    function withdraw(uint256 amount) external;

    /// @notice Pays `amount` of the caller's ether to `to`.
    function withdrawTo(uint256 amount, address to) external;

    /// @notice Pays tokens of the caller's balance to the caller. Not yet supported.
    function withdrawToken(address token, uint256 amount) external;

    /// @notice Lets a service contract draw up to `amount` of the caller's balance, in place of what it might draw before;
    ///         2^256 - 1 is without limit. Ether only; other tokens are not yet supported.
    /// @dev Warning: allow only contracts whose documented draws are what this account itself ordered there.
    function allow(address service, address token, uint256 amount) external;

    /// @notice Pays the caller, a service, out of the balance of an account that allowed it.
    function draw(address account, address token, uint256 amount) external;

    /// @notice Lets anyone refill the caller's place at a service, up to `perDay`. Not yet supported.
    function setTopUp(address service, bytes32 key, uint256 threshold, uint256 amount, uint256 perDay)
        external;

    /// @notice The user's ether here, in wei.
    function getBalance(address user) external view returns (uint256 ethBalance);

    /// @notice The user's tokens here, in the token's smallest unit; token 0 is ether.
    function getTokenBalance(address user, address token) external view returns (uint256);

    /// @notice What the service may still draw of the account's balance, whether it is there or not.
    function allowanceOf(address account, address service, address token) external view returns (uint256);

    /// @notice All that the service ever drew of the account's balance.
    function spentOn(address account, address service, address token) external view returns (uint256);
}
