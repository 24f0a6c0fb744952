// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice How a contract takes tokens: exactly, and only from the caller or by an authorization that names the whole call.
interface ITokenPayments {
    /// @dev ERC-2612. It is tried, and its failure ignored: whoever used it first only did what it says.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @dev EIP-3009, used through `receiveWithAuthorization`. Its nonce is the hash that the function taking it names.
    struct Authorization {
        uint256 validAfter;
        uint256 validBefore;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Of `amount` of the token `moved` came or went: it takes a fee or rebases, and is not accepted.
    error TokenNotExact(address token, uint256 amount, uint256 moved);

    /// @notice `from` did not sign this EIP-3009 authorization, whatever the token makes of it.
    error AuthorizationNotSigned(address token, address from);
}
