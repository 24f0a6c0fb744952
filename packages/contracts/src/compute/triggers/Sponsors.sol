// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {ITriggerSponsors} from "../interfaces/ITriggerSponsors.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";
import {TriggerTerms} from "./TriggerCodec.sol";
import {TriggerStore} from "./TriggerStore.sol";

/// @notice Who pays for triggers, and what their executors have earned.
/// @dev The contract holds the balances of all triggers and the credits of all executors, and nothing else.
abstract contract Sponsors is TriggerStore {
    using TriggerWord for uint256;

    /// @inheritdoc ITriggerSponsors
    uint256 public constant PREMIUM_BPS = 1000;

    /// @inheritdoc ITriggerSponsors
    uint256 public constant TIP_CAP = 2 gwei;

    /// @inheritdoc ITriggerSponsors
    uint256 public constant PERIOD = 1 days;

    /// @inheritdoc ITriggerSponsors
    uint256 public constant NOTICE = 10 minutes;

    /// @dev A refill is worth this many executions, where the caps allow.
    uint256 private constant REFILL = 8;

    address private constant ETHER = address(0);

    /// @inheritdoc ITriggerSponsors
    ILedgerManager public immutable LEDGER;

    /* STORAGE */

    mapping(uint256 triggerId => TriggerTerms) internal _terms;
    mapping(uint256 triggerId => address) private _invited;

    /// @inheritdoc ITriggerSponsors
    mapping(address executor => uint256) public creditOf;

    constructor(ILedgerManager ledger) {
        LEDGER = ledger;
    }

    /// @dev What is drawn comes in here; it is counted where it is drawn.
    receive() external payable {
        require(msg.sender == address(LEDGER) && _isBusy(), NotLedger(msg.sender));
    }

    /* SPONSORS */

    /// @inheritdoc ITriggerSponsors
    function sponsor(uint256 triggerId, uint256 perPeriod, uint256 maxGasPrice, uint256 expiry)
        external
        payable
        nonReentrant
    {
        (uint256 hot, uint256 cold) = _wordsOf(triggerId);
        require(hot.has(TriggerWord.ACTIVE), TriggerNotActive(triggerId));
        bool valid = perPeriod != 0 && perPeriod <= TriggerWord.MAX_BALANCE && maxGasPrice != 0
            && maxGasPrice <= TriggerWord.MAX_GAS_PRICE && expiry > block.timestamp
            && expiry <= type(uint40).max;
        require(valid, InvalidTerms(perPeriod, maxGasPrice, expiry));
        TriggerTerms storage terms = _terms[triggerId];
        address holder = terms.sponsor;
        bool mayTake = holder == msg.sender || _mayTake(triggerId, address(uint160(cold)));
        require(mayTake, AlreadySponsored(triggerId, holder));

        uint256 old = hot.balance();
        uint256 balance = holder == msg.sender ? old + msg.value : msg.value;
        uint256 rest = balance > perPeriod ? balance - perPeriod : 0;
        balance -= rest;

        terms.sponsor = msg.sender;
        terms.expiry = uint40(expiry);
        terms.withdrawableAt = 0;
        terms.perPeriod = uint72(perPeriod);
        terms.available = uint72(perPeriod);
        terms.updatedAt = uint40(block.timestamp);
        _words[triggerId].hot = (hot - old + balance).withMaxGasPrice(maxGasPrice).set(TriggerWord.SPONSORED);
        bool left = holder != address(0) && holder != msg.sender;
        if (left) emit SponsorLeft(triggerId, holder, old);
        emit TriggerSponsored(triggerId, msg.sender, perPeriod, maxGasPrice, expiry);
        if (msg.value != 0) emit TriggerFunded(triggerId, msg.sender, msg.value, false);

        if (left) _toLedger(holder, old);
        _toLedger(msg.sender, rest);
    }

    /// @inheritdoc ITriggerSponsors
    function fund(uint256 triggerId) external payable {
        uint256 hot = _requireSponsor(triggerId);
        uint256 balance = hot.balance() + msg.value;
        uint256 most = _terms[triggerId].perPeriod;
        require(msg.value != 0, NothingMoved());
        require(balance <= most, BalanceTooHigh(balance, most));

        _words[triggerId].hot = hot + msg.value;
        emit TriggerFunded(triggerId, msg.sender, msg.value, false);
    }

    /// @inheritdoc ITriggerSponsors
    function inviteSponsor(uint256 triggerId, address account) external {
        _requireAgent(triggerId);

        _invited[triggerId] = account;
        emit SponsorInvited(triggerId, account);
    }

    /// @inheritdoc ITriggerSponsors
    function requestWithdraw(uint256 triggerId) external {
        _requireSponsor(triggerId);
        uint256 withdrawableAt = block.timestamp + NOTICE;

        _terms[triggerId].withdrawableAt = uint40(withdrawableAt);
        emit WithdrawalRequested(triggerId, msg.sender, withdrawableAt);
    }

    /// @inheritdoc ITriggerSponsors
    function withdraw(uint256 triggerId) external nonReentrant {
        uint256 hot = _requireSponsor(triggerId);
        uint256 withdrawableAt = _terms[triggerId].withdrawableAt;
        bool noticed = withdrawableAt != 0 && block.timestamp >= withdrawableAt;
        require(noticed, WithdrawalTooEarly(triggerId, withdrawableAt));

        uint256 refund = hot.balance();

        delete _terms[triggerId];
        _words[triggerId].hot = hot - refund;
        emit SponsorLeft(triggerId, msg.sender, refund);

        if (!SafeTransferLib.trySafeTransferETH(msg.sender, refund, gasleft())) {
            _toLedger(msg.sender, refund);
        }
    }

    /* CREDIT */

    /// @inheritdoc ITriggerSponsors
    function openCredit() external payable {
        require(msg.value != 0, NothingMoved());

        creditOf[msg.sender] += msg.value;
        emit CreditMoved(msg.sender, address(this), msg.value);
    }

    /// @inheritdoc ITriggerSponsors
    function collect() external returns (uint256) {
        return collectTo(msg.sender);
    }

    /// @inheritdoc ITriggerSponsors
    function collectTo(address to) public nonReentrant returns (uint256 paid) {
        uint256 credit = creditOf[msg.sender];
        require(credit > 1, NothingMoved());

        paid = credit - 1;

        creditOf[msg.sender] = 1;
        emit CreditMoved(msg.sender, to, paid);

        require(SafeTransferLib.trySafeTransferETH(to, paid, gasleft()), PaymentRefused(to, paid));
    }

    /* INTERNAL */

    /// @dev What of the sponsor's ledger could become the trigger's balance now.
    function _refillable(uint256 triggerId, uint256 balance)
        internal
        view
        returns (uint256 amount, uint256 available)
    {
        TriggerTerms storage terms = _terms[triggerId];
        if (terms.withdrawableAt != 0 || terms.expiry <= block.timestamp) return (0, 0);

        uint256 perPeriod = terms.perPeriod;
        uint256 refilled = perPeriod * (block.timestamp - terms.updatedAt) / PERIOD;
        available = _least(perPeriod, terms.available + refilled);
        amount = _least(available, perPeriod - balance);
        address payer = terms.sponsor;
        amount = _least(amount, LEDGER.allowanceOf(payer, address(this), ETHER));
        amount = _least(amount, LEDGER.getBalance(payer));
    }

    /// @dev Draws what makes the balance worth several times `needed`, or as much as there is; nothing if that is too little.
    /// @return hot the trigger's word, which is stored.
    function _refill(uint256 triggerId, uint256 hot, uint256 needed) internal returns (uint256) {
        uint256 balance = hot.balance();
        (uint256 amount, uint256 available) = _refillable(triggerId, balance);
        if (balance + amount < needed) return hot;

        amount = _least(amount, needed * REFILL - balance);
        TriggerTerms storage terms = _terms[triggerId];
        address payer = terms.sponsor;
        // The ledger's code is known: it calls nobody but this contract, and refuses only while it pays somebody else.
        try LEDGER.draw(payer, ETHER, amount) {}
        catch {
            return hot;
        }
        terms.available = uint72(available - amount);
        terms.updatedAt = uint40(block.timestamp);
        hot += amount;
        _words[triggerId].hot = hot;
        emit TriggerFunded(triggerId, payer, amount, true);
        return hot;
    }

    function _toLedger(address account, uint256 amount) private {
        if (amount != 0) LEDGER.depositFor{value: amount}(account);
    }

    function _mayTake(uint256 triggerId, address agent) private view returns (bool) {
        address invited = _invited[triggerId];
        if (msg.sender == agent || msg.sender == invited) return true;
        TriggerTerms storage terms = _terms[triggerId];
        return invited == address(0) && (terms.sponsor == address(0) || terms.expiry <= block.timestamp);
    }

    function _requireSponsor(uint256 triggerId) private view returns (uint256 hot) {
        (hot,) = _wordsOf(triggerId);
        require(msg.sender == _terms[triggerId].sponsor, NotSponsor(triggerId, msg.sender));
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
