// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {NonReentrant} from "./libraries/NonReentrant.sol";

/// @notice Free balances of compute users and providers.
/// @dev Trusts nobody and calls nobody but the wallet that is paid. Holds the sum of all balances. `depositFor` never refuses
/// ether for an account, since other contracts credit here what they cannot pay.
contract LedgerManager is ILedgerManager, NonReentrant {
    address private constant ETHER = address(0);

    /* STORAGE */

    mapping(address account => mapping(address token => uint256)) private _balances;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public
        allowanceOf;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public spentOn;

    /* DEPOSITS */

    /// @inheritdoc ILedgerManager
    function deposit() external payable {
        _deposit(msg.sender);
    }

    /// @inheritdoc ILedgerManager
    function depositFor(address account) external payable {
        require(account != address(0), BalanceOfNobody());

        _deposit(account);
    }

    /// @inheritdoc ILedgerManager
    function depositToken(address, uint256) external pure {
        revert NotYetSupported("ERC-20 balances");
    }

    /* WITHDRAWALS */

    /// @inheritdoc ILedgerManager
    function withdraw(uint256 amount) external {
        _withdraw(amount, msg.sender);
    }

    /// @inheritdoc ILedgerManager
    function withdrawTo(uint256 amount, address to) external {
        require(to != address(0), BalanceOfNobody());

        _withdraw(amount, to);
    }

    /// @inheritdoc ILedgerManager
    function withdrawToken(address, uint256) external pure {
        revert NotYetSupported("ERC-20 balances");
    }

    /* SERVICES */

    /// @inheritdoc ILedgerManager
    function allow(address service, address token, uint256 amount) external {
        require(token == ETHER, NotYetSupported("ERC-20 balances"));

        allowanceOf[msg.sender][service][token] = amount;
        emit Allowed(msg.sender, service, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function draw(address account, address token, uint256 amount) external nonReentrant {
        uint256 allowance = allowanceOf[account][msg.sender][token];
        uint256 balance = _balances[account][token];
        require(token == ETHER, NotYetSupported("ERC-20 balances"));
        require(amount != 0, NothingMoved());
        require(amount <= allowance, AllowanceTooLow(account, msg.sender, allowance, amount));
        require(amount <= balance, BalanceTooLow(account, balance, amount));

        if (allowance != type(uint256).max) allowanceOf[account][msg.sender][token] = allowance - amount;
        _balances[account][token] = balance - amount;
        spentOn[account][msg.sender][token] += amount;
        emit Drawn(account, msg.sender, token, amount);

        require(
            SafeTransferLib.trySafeTransferETH(msg.sender, amount, gasleft()),
            PaymentRefused(msg.sender, amount)
        );
    }

    /* TOP-UP */

    /// @inheritdoc ILedgerManager
    function setTopUp(address, bytes32, uint256, uint256, uint256) external pure {
        revert NotYetSupported("automatic top-up");
    }

    /* VIEWS */

    /// @inheritdoc ILedgerManager
    function getBalance(address user) external view returns (uint256 ethBalance) {
        return _balances[user][ETHER];
    }

    /// @inheritdoc ILedgerManager
    function getTokenBalance(address user, address token) external view returns (uint256) {
        return _balances[user][token];
    }

    /* INTERNAL */

    function _deposit(address account) private {
        require(msg.value != 0, NothingMoved());

        _balances[account][ETHER] += msg.value;
        emit Deposited(account, ETHER, msg.sender, msg.value);
    }

    function _withdraw(uint256 amount, address to) private nonReentrant {
        uint256 balance = _balances[msg.sender][ETHER];
        require(amount != 0, NothingMoved());
        require(amount <= balance, BalanceTooLow(msg.sender, balance, amount));

        _balances[msg.sender][ETHER] = balance - amount;
        emit Withdrawn(msg.sender, ETHER, to, amount);

        require(SafeTransferLib.trySafeTransferETH(to, amount, gasleft()), PaymentRefused(to, amount));
    }
}
