// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {NonReentrant} from "./libraries/NonReentrant.sol";
import {Tokens} from "./libraries/Tokens.sol";

/// @notice Free balances of compute users and providers.
/// @dev Trusts nobody and calls nobody but the wallet that is paid and the token that is moved. Holds, of ether and of each
/// token, the sum of all balances; a token that loses what was deposited harms its own balances alone. `depositFor` never refuses
/// ether for an account, since other contracts credit here what they cannot pay.
contract LedgerManager is ILedgerManager, NonReentrant {
    using Tokens for address;

    /// @dev Three slots. `left` is what could be drawn at `updatedAt`.
    struct Refill {
        address token;
        uint96 threshold;
        uint96 amount;
        uint96 perDay;
        uint96 left;
        uint40 updatedAt;
    }

    address private constant ETHER = address(0);

    /* STORAGE */

    mapping(address account => mapping(address token => uint256)) private _balances;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public
        allowanceOf;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public spentOn;

    mapping(address account => mapping(address service => mapping(bytes32 key => Refill))) private _refills;

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
    function depositToken(address token, uint256 amount) external nonReentrant {
        _pull(msg.sender, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function depositTokenFor(address account, address token, uint256 amount) external nonReentrant {
        require(account != address(0), BalanceOfNobody());

        _pull(account, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function depositTokenWithPermit(address token, uint256 amount, Permit calldata permit)
        external
        nonReentrant
    {
        token.tryPermit(msg.sender, permit);
        _pull(msg.sender, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function depositTokenWithAuthorization(
        address from,
        address token,
        uint256 amount,
        Authorization calldata authorization
    ) external nonReentrant {
        (uint256 validAfter, uint256 validBefore) = (authorization.validAfter, authorization.validBefore);
        bytes32 nonce = keccak256(abi.encode("depositToken", from, token, amount, validAfter, validBefore));

        _credit(from, token, amount, from);

        token.pullAuthorized(from, amount, authorization, nonce);
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
    function withdrawToken(address token, uint256 amount) external {
        _withdrawToken(token, amount, msg.sender);
    }

    /// @inheritdoc ILedgerManager
    function withdrawTokenTo(address token, uint256 amount, address to) external {
        require(to != address(0), BalanceOfNobody());

        _withdrawToken(token, amount, to);
    }

    /* SERVICES */

    /// @inheritdoc ILedgerManager
    function allow(address service, address token, uint256 amount) external {
        allowanceOf[msg.sender][service][token] = amount;
        emit Allowed(msg.sender, service, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function draw(address account, address token, uint256 amount) external nonReentrant {
        uint256 allowance = allowanceOf[account][msg.sender][token];
        require(amount <= allowance, AllowanceTooLow(account, msg.sender, allowance, amount));

        if (allowance != type(uint256).max) allowanceOf[account][msg.sender][token] = allowance - amount;
        _draw(account, token, amount);
    }

    /* TOP-UP */

    /// @inheritdoc ILedgerManager
    function setTopUp(address service, bytes32 key, uint256 threshold, uint256 amount, uint256 perDay)
        external
    {
        _setTopUp(service, key, ETHER, threshold, amount, perDay);
    }

    /// @inheritdoc ILedgerManager
    function setTopUpToken(
        address service,
        bytes32 key,
        address token,
        uint256 threshold,
        uint256 amount,
        uint256 perDay
    ) external {
        _setTopUp(service, key, token, threshold, amount, perDay);
    }

    /// @inheritdoc ILedgerManager
    function drawTopUp(address account, bytes32 key, uint256 amount) external nonReentrant {
        Refill storage refill = _refills[account][msg.sender][key];
        uint256 left = _left(refill);
        require(amount <= left, TopUpExhausted(account, msg.sender, key, left, amount));

        refill.left = uint96(left - amount);
        refill.updatedAt = uint40(block.timestamp);
        _draw(account, refill.token, amount);
    }

    /// @inheritdoc ILedgerManager
    function topUpOf(address account, address service, bytes32 key) external view returns (TopUp memory) {
        Refill storage refill = _refills[account][service][key];
        return TopUp({
            token: refill.token,
            threshold: refill.threshold,
            amount: refill.amount,
            perDay: refill.perDay,
            left: _left(refill)
        });
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

    function _pull(address account, address token, uint256 amount) private {
        _credit(account, token, amount, msg.sender);

        token.pull(msg.sender, amount);
    }

    function _credit(address account, address token, uint256 amount, address from) private {
        require(token != ETHER, NotAToken(token));
        require(amount != 0, NothingMoved());

        _balances[account][token] += amount;
        emit Deposited(account, token, from, amount);
    }

    function _withdraw(uint256 amount, address to) private nonReentrant {
        _debit(msg.sender, ETHER, amount);
        emit Withdrawn(msg.sender, ETHER, to, amount);

        _pay(ETHER, to, amount);
    }

    function _withdrawToken(address token, uint256 amount, address to) private nonReentrant {
        require(token != ETHER, NotAToken(token));

        _debit(msg.sender, token, amount);
        emit Withdrawn(msg.sender, token, to, amount);

        _pay(token, to, amount);
    }

    /// @dev Pays the calling service, who has the right to.
    function _draw(address account, address token, uint256 amount) private {
        _debit(account, token, amount);
        spentOn[account][msg.sender][token] += amount;
        emit Drawn(account, msg.sender, token, amount);

        _pay(token, msg.sender, amount);
    }

    function _debit(address account, address token, uint256 amount) private {
        uint256 balance = _balances[account][token];
        require(amount != 0, NothingMoved());
        require(amount <= balance, BalanceTooLow(account, balance, amount));

        _balances[account][token] = balance - amount;
    }

    function _pay(address token, address to, uint256 amount) private {
        if (token != ETHER) return token.push(to, amount);
        require(SafeTransferLib.trySafeTransferETH(to, amount, gasleft()), PaymentRefused(to, amount));
    }

    function _setTopUp(
        address service,
        bytes32 key,
        address token,
        uint256 threshold,
        uint256 amount,
        uint256 perDay
    ) private {
        bool fits = threshold <= type(uint96).max && amount <= type(uint96).max && perDay <= type(uint96).max;
        require(
            fits && (perDay == 0 || (amount != 0 && amount <= perDay)),
            TopUpOutOfRange(threshold, amount, perDay)
        );

        _refills[msg.sender][service][key] = Refill({
            token: token,
            threshold: uint96(threshold),
            amount: uint96(amount),
            perDay: uint96(perDay),
            left: uint96(perDay),
            updatedAt: uint40(block.timestamp)
        });
        emit TopUpSet(msg.sender, service, key, token, threshold, amount, perDay);
    }

    function _left(Refill storage refill) private view returns (uint256) {
        uint256 perDay = refill.perDay;
        uint256 left = refill.left + perDay * (block.timestamp - refill.updatedAt) / 1 days;
        return left < perDay ? left : perDay;
    }
}
