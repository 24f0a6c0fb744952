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
        if (amount == 0) return;
        // All balances together are ether that was sent here, which is less than 2^256 wei.
        unchecked {
            _balances[account] += amount;
        }
    }

    /// @dev Spends `amount` out of the value sent and, where that is short, of the caller's free balance; what the value
    ///      exceeds it by is deposited. Touches no balance when the two are the same.
    function _spend(uint256 amount) internal returns (uint256 fromBalance) {
        if (msg.value == amount) return 0;
        uint256 balance = _balances[msg.sender];
        if (msg.value > amount) {
            uint256 rest = msg.value - amount;
            _balances[msg.sender] = balance + rest;
            emit Deposited(msg.sender, msg.sender, rest);
        } else {
            fromBalance = amount - msg.value;
            require(balance >= fromBalance, InsufficientBalance(msg.sender, balance, fromBalance));
            _balances[msg.sender] = balance - fromBalance;
        }
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
