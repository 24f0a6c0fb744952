// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Where money waits that neither its owner nor the ledger could be given.
interface IPayer {
    /// @notice Nothing of this token waits here for the account.
    error NothingUnpaid(address account, address token);

    /// @notice Only the contract pays out.
    error OnlyItself(address caller);

    /// @notice The token let neither the account nor the ledger have `amount`; it waits here.
    event Unpaid(address indexed account, address indexed token, uint256 amount);

    /// @notice What waited here for the account went to `to`.
    event UnpaidClaimed(address indexed account, address indexed token, address to, uint256 amount);

    /// @notice Pays to `to` what a token let neither the caller nor the ledger have when it was due.
    function claimUnpaid(address token, address to) external;

    /// @notice Pays tokens: by the contract itself alone, which goes on where this reverts.
    function payOut(address token, address to, uint256 amount, bool directly) external;

    /// @notice What waits here of a token for the account, since the token let nobody have it when it was due.
    function unpaidOf(address account, address token) external view returns (uint256);
}
