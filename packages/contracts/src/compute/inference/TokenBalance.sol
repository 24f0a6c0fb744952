// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceTokens} from "../interfaces/IInferenceTokens.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Delegated} from "./Delegated.sol";

/// @notice How tokens come to free balances, and leave them.
abstract contract TokenBalance is Delegated {
    using Tokens for address;

    /// @inheritdoc IInferenceTokens
    function depositToken(address token, uint256 amount) external {
        _depositToken(msg.sender, token, amount);
    }

    /// @inheritdoc IInferenceTokens
    function depositTokenFor(address account, address token, uint256 amount) external {
        require(account != address(0), ZeroAddress());

        _depositToken(account, token, amount);
    }

    /// @inheritdoc IInferenceTokens
    function depositTokenWithPermit(address token, uint256 amount, Permit calldata permit) external {
        token.tryPermit(msg.sender, permit);
        _depositToken(msg.sender, token, amount);
    }

    /// @inheritdoc IInferenceTokens
    function depositTokenWithAuthorization(
        address from,
        address token,
        uint256 amount,
        Authorization calldata authorization
    ) external nonReentrant {
        bytes32 nonce = keccak256(abi.encode("depositToken", from, token, amount));

        _creditToken(from, token, amount, from);

        token.pullAuthorized(from, amount, authorization, nonce);
    }

    /// @inheritdoc IInferenceTokens
    function withdrawToken(address token, uint256 amount) external {
        _withdrawToken(token, amount, msg.sender);
    }

    /// @inheritdoc IInferenceTokens
    function withdrawTokenTo(address token, uint256 amount, address to) external {
        require(to != address(0), ZeroAddress());

        _withdrawToken(token, amount, to);
    }

    /// @inheritdoc IInferenceTokens
    function getTokenBalance(address user, address token) external view returns (uint256) {
        return _balancesIn(token)[user];
    }

    function _depositToken(address account, address token, uint256 amount) private {
        _creditToken(account, token, amount, msg.sender);

        _pull(token, amount);
    }

    function _creditToken(address account, address token, uint256 amount, address from) private {
        _requireDelegated();
        require(token != ETHER, NotAToken(token));
        require(amount != 0, ZeroAmount());

        _credit(token, account, amount);
        emit TokenDeposited(account, token, from, amount);
    }

    function _withdrawToken(address token, uint256 amount, address to) private nonReentrant {
        require(token != ETHER, NotAToken(token));
        require(amount != 0, ZeroAmount());

        _debit(token, msg.sender, amount);
        emit TokenWithdrawn(msg.sender, token, to, amount);

        _send(token, to, amount);
    }
}
