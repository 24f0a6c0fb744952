// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IToken} from "../interfaces/IToken.sol";
import {ITokenPayments} from "../interfaces/ITokenPayments.sol";

/// @notice Moves tokens and sees to it that exactly what was asked for moved.
/// @dev Warning: hands control to the token. What calls this is guarded against being entered again, else what comes in meanwhile
/// counts as moved.
library Tokens {
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    function balanceHere(address token) internal view returns (uint256) {
        return SafeTransferLib.balanceOf(token, address(this));
    }

    /// @notice Takes `amount` that `from`, the caller of the contract, approved.
    function pull(address token, address from, uint256 amount) internal {
        uint256 before = balanceHere(token);
        SafeTransferLib.safeTransferFrom(token, from, address(this), amount);
        requireArrived(token, before, amount);
    }

    /// @notice Takes `amount` by the signature of `from`.
    function pullAuthorized(
        address token,
        address from,
        uint256 amount,
        ITokenPayments.Authorization calldata auth,
        bytes32 nonce
    ) internal {
        uint256 before = balanceHere(token);
        IToken(token)
            .receiveWithAuthorization(
                from, address(this), amount, auth.validAfter, auth.validBefore, nonce, auth.v, auth.r, auth.s
            );
        requireArrived(token, before, amount);
    }

    /// @notice Whether `from` signed it is not left to the token, which anyone may have written: for what binds `from` to more than
    /// a balance in that token. The separator is the token's word, but nobody signs this `nonce` for another token.
    function requireSigned(
        address token,
        address from,
        uint256 amount,
        ITokenPayments.Authorization calldata auth,
        bytes32 nonce
    ) internal view {
        bytes32 hash = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH, from, address(this), amount, auth.validAfter, auth.validBefore, nonce
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", IToken(token).DOMAIN_SEPARATOR(), hash));
        require(
            SignatureCheckerLib.isValidSignatureNow(from, digest, auth.v, auth.r, auth.s),
            ITokenPayments.AuthorizationNotSigned(token, from)
        );
    }

    function tryPermit(address token, address owner, ITokenPayments.Permit calldata permit) internal {
        try IToken(token)
            .permit(owner, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
    }

    /// @notice Sends `amount`, or reverts.
    function push(address token, address to, uint256 amount) internal {
        uint256 before = balanceHere(token);
        SafeTransferLib.safeTransfer(token, to, amount);
        requireLeft(token, before, amount);
    }

    /// @notice Sends `amount` if token and receiver let it pass; else nothing moved. Reverts if something else moved.
    /// @dev What moved tells, and not what the token says: some say false and have sent.
    function tryPush(address token, address to, uint256 amount) internal returns (bool sent) {
        uint256 before = balanceHere(token);
        _try(token, abi.encodeCall(IToken.transfer, (to, amount)));
        uint256 afterwards = balanceHere(token);
        sent = afterwards != before;
        if (sent) _requireLeft(token, before, afterwards, amount);
    }

    /// @notice Lets `spender` take `amount`, if the token will; what it says is not asked, since taking tells.
    function tryApprove(address token, address spender, uint256 amount) internal {
        _try(token, abi.encodeCall(IToken.approve, (spender, amount)));
    }

    /// @dev Nothing of an answer is copied, so that its length costs the token's gas alone.
    function _try(address token, bytes memory data) private {
        assembly ("memory-safe") {
            pop(call(gas(), token, 0, add(data, 32), mload(data), 0, 0))
        }
    }

    function requireArrived(address token, uint256 before, uint256 amount) internal view {
        uint256 afterwards = balanceHere(token);
        uint256 moved = afterwards > before ? afterwards - before : 0;
        require(moved == amount, ITokenPayments.TokenNotExact(token, amount, moved));
    }

    function requireLeft(address token, uint256 before, uint256 amount) internal view {
        _requireLeft(token, before, balanceHere(token), amount);
    }

    function _requireLeft(address token, uint256 before, uint256 afterwards, uint256 amount) private pure {
        uint256 moved = afterwards < before ? before - afterwards : 0;
        require(moved == amount, ITokenPayments.TokenNotExact(token, amount, moved));
    }
}
