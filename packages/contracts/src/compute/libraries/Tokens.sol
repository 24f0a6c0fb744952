// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IToken} from "../interfaces/IToken.sol";
import {ITokenPayments} from "../interfaces/ITokenPayments.sol";

/// @notice Moves tokens and sees to it that exactly what was asked for moved.
/// @dev Warning: hands control to the token. What calls this is guarded against being entered again, else what comes in meanwhile
/// counts as moved.
library Tokens {
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
    function tryPush(address token, address to, uint256 amount) internal returns (bool sent) {
        uint256 before = balanceHere(token);
        (bool ok, bytes memory answer) = token.call(abi.encodeCall(IToken.transfer, (to, amount)));
        sent = ok && (answer.length == 0 || (answer.length == 32 && bytes32(answer) == bytes32(uint256(1))));
        if (sent) requireLeft(token, before, amount);
    }

    function requireArrived(address token, uint256 before, uint256 amount) internal view {
        uint256 afterwards = balanceHere(token);
        uint256 moved = afterwards > before ? afterwards - before : 0;
        require(moved == amount, ITokenPayments.TokenNotExact(token, amount, moved));
    }

    function requireLeft(address token, uint256 before, uint256 amount) internal view {
        uint256 afterwards = balanceHere(token);
        uint256 moved = afterwards < before ? before - afterwards : 0;
        require(moved == amount, ITokenPayments.TokenNotExact(token, amount, moved));
    }
}
