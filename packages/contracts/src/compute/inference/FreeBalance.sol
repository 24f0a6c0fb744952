// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {NonReentrant} from "../libraries/NonReentrant.sol";

/// @notice The free balances of users and providers: what is neither in a channel nor in a meter.
abstract contract FreeBalance is IInferenceServing, NonReentrant {
    mapping(address account => uint256) private _balances;

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
        return _balances[user];
    }

    function _credit(address account, uint256 amount) internal {
        if (amount != 0) _balances[account] += amount;
    }

    /// @dev Adds the value sent to the caller's free balance and takes `amount` from it, in one write, or in none when the
    ///      two are the same.
    function _take(uint256 amount) internal {
        if (msg.value != amount) {
            uint256 balance = _balances[msg.sender] + msg.value;
            require(balance >= amount, InsufficientBalance(msg.sender, balance, amount));
            _balances[msg.sender] = balance - amount;
        }
        if (msg.value != 0) emit Deposited(msg.sender, msg.sender, msg.value);
    }

    function _requireEther(address token) internal pure {
        require(token == address(0), NotYetSupported("token"));
    }

    function _deposit(address account) private {
        require(msg.value != 0, ZeroAmount());

        _balances[account] += msg.value;
        emit Deposited(account, msg.sender, msg.value);
    }

    function _withdraw(uint256 amount, address to) private nonReentrant {
        uint256 balance = _balances[msg.sender];
        require(amount != 0, ZeroAmount());
        require(amount <= balance, InsufficientBalance(msg.sender, balance, amount));

        _balances[msg.sender] = balance - amount;
        emit Withdrawn(msg.sender, to, amount);

        // Not this contract's business what the receiver returns: none of it is copied.
        bool taken;
        assembly ("memory-safe") {
            taken := call(gas(), to, amount, 0, 0, 0, 0)
        }
        require(taken, TransferRefused(to, amount));
    }
}
