// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {CurrencyLock} from "./libraries/CurrencyLock.sol";
import {Tokens} from "./libraries/Tokens.sol";
import {TopUpSlots} from "./libraries/TopUpSlots.sol";

/// @notice Free balances of compute users and providers.
/// @dev Trusts nobody and calls nobody but the wallet that is paid and the token that is moved. A service that an account allowed, or
/// set a top-up for, can take so much of that account's, and nothing else of anyone's.
/// @dev Holds, of ether and of each token, the sum of all balances; a token that loses what was deposited harms its own balances
/// alone. For funds never to be stuck: a balance leaves at any time, in parts, to any address that takes it, whatever services
/// and other accounts do; and `depositFor` never refuses ether for an account, since others credit here what they cannot pay.
contract LedgerManager is ILedgerManager, CurrencyLock {
    using Tokens for address;
    using TopUpSlots for TopUpSlots.Place;

    address private constant ETHER = address(0);

    /* STORAGE */

    mapping(address account => mapping(address token => uint256)) private _balances;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public
        allowanceOf;

    /// @inheritdoc ILedgerManager
    mapping(address account => mapping(address service => mapping(address token => uint256))) public spentOn;

    mapping(address account => mapping(address service => mapping(bytes32 key => TopUpSlots.Place))) private
        _topUps;

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
    function depositToken(address token, uint256 amount) external locks(token) {
        _pull(msg.sender, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function depositTokenFor(address account, address token, uint256 amount) external locks(token) {
        require(account != address(0), BalanceOfNobody());

        _pull(account, token, amount);
    }

    /// @inheritdoc ILedgerManager
    function depositTokenWithPermit(address token, uint256 amount, Permit calldata permit)
        external
        locks(token)
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
    ) external locks(token) {
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
    function draw(address account, address token, uint256 amount) external locks(token) {
        uint256 allowance = allowanceOf[account][msg.sender][token];
        require(amount <= allowance, AllowanceTooLow(account, msg.sender, allowance, amount));

        if (allowance != type(uint256).max) allowanceOf[account][msg.sender][token] = allowance - amount;
        spentOn[account][msg.sender][token] += amount;
        _debit(account, token, amount);
        emit Drawn(account, msg.sender, token, amount);

        _pay(token, msg.sender, amount);
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
    function drawTopUp(address account, bytes32 key, uint256 amount) external {
        TopUpSlots.Place storage place = _topUps[account][msg.sender][key];
        (uint256 word, uint256 more) = place.get();

        _drawTopUp(place, word, more, account, key, amount);
    }

    /// @inheritdoc ILedgerManager
    function drawDue(address account, bytes32 key, address token, uint256 left)
        external
        returns (uint256 amount)
    {
        TopUpSlots.Place storage place = _topUps[account][msg.sender][key];
        (uint256 word, uint256 more) = place.get();
        address due = TopUpSlots.tokenOf(more);
        require(token == due, TopUpInOtherToken(account, msg.sender, key, due));
        uint256 threshold = TopUpSlots.thresholdOf(word, more);
        require(left < threshold, TopUpNotDue(account, msg.sender, key, left, threshold));
        amount = TopUpSlots.amountOf(word, more);

        _drawTopUp(place, word, more, account, key, amount);
    }

    /// @inheritdoc ILedgerManager
    function topUpOf(address account, address service, bytes32 key) external view returns (TopUp memory) {
        (uint256 word, uint256 more) = _topUps[account][service][key].get();
        return TopUp({
            token: TopUpSlots.tokenOf(more),
            threshold: TopUpSlots.thresholdOf(word, more),
            amount: TopUpSlots.amountOf(word, more),
            perDay: TopUpSlots.perDayOf(word, more),
            left: TopUpSlots.leftOf(word, more)
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

    function _withdraw(uint256 amount, address to) private locks(ETHER) {
        _debit(msg.sender, ETHER, amount);
        emit Withdrawn(msg.sender, ETHER, to, amount);

        _pay(ETHER, to, amount);
    }

    function _withdrawToken(address token, uint256 amount, address to) private locks(token) {
        require(token != ETHER, NotAToken(token));

        _debit(msg.sender, token, amount);
        emit Withdrawn(msg.sender, token, to, amount);

        _pay(token, to, amount);
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

        _topUps[msg.sender][service][key].set(token, threshold, amount, perDay);
        emit TopUpSet(msg.sender, service, key, token, threshold, amount, perDay);
    }

    function _drawTopUp(
        TopUpSlots.Place storage place,
        uint256 word,
        uint256 more,
        address account,
        bytes32 key,
        uint256 amount
    ) private locks(TopUpSlots.tokenOf(more)) {
        uint256 left = TopUpSlots.leftOf(word, more);
        require(amount != 0, NothingMoved());
        require(amount <= left, TopUpExhausted(account, msg.sender, key, left, amount));
        address token = TopUpSlots.tokenOf(more);

        place.draw(word, more, amount);
        uint256 short = _take(account, token, amount);
        if (short != 0) emit Deposited(account, token, account, short);
        emit Drawn(account, msg.sender, token, amount);

        if (short != 0) token.pull(account, short);
        _pay(token, msg.sender, amount);
    }

    /// @dev Takes `amount` out of the balance; what that is short of, in a token alone, is to come out of the account's wallet.
    function _take(address account, address token, uint256 amount) private returns (uint256 short) {
        mapping(address token => uint256) storage balances = _balances[account];
        uint256 balance = balances[token];
        short = amount > balance ? amount - balance : 0;
        require(short == 0 || token != ETHER, BalanceTooLow(account, balance, amount));

        // What is short makes up the difference, and then nothing is left.
        unchecked {
            balances[token] = balance + short - amount;
        }
    }
}
