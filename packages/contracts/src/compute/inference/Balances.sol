// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Keys} from "./Keys.sol";

/// @notice How ether comes to free balances, and leaves them.
abstract contract Balances is IInferenceServing, Keys {
    /// @inheritdoc IInferenceServing
    function deposit() external payable {
        _deposit(msg.sender);
    }

    /// @inheritdoc IInferenceServing
    function depositFor(address account) external payable {
        require(account != address(0), ZeroAddress());

        _deposit(account);
    }

    /// @inheritdoc IInferenceServing
    function withdraw(uint256 amount) external {
        _withdraw(amount, msg.sender);
    }

    /// @inheritdoc IInferenceServing
    function withdrawTo(uint256 amount, address to) external {
        require(to != address(0), ZeroAddress());

        _withdraw(amount, to);
    }

    /// @inheritdoc IInferenceServing
    function getBalance(address user) external view returns (uint256) {
        return _balancesIn(ETHER)[user];
    }

    function _deposit(address account) private {
        require(msg.value != 0, ZeroAmount());

        _credit(ETHER, account, msg.value);
        emit Deposited(account, msg.sender, msg.value);
    }

    function _withdraw(uint256 amount, address to) private nonReentrant {
        require(amount != 0, ZeroAmount());

        _debit(ETHER, msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);

        _send(ETHER, to, amount);
    }
}
