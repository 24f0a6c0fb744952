// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {ITriggerRegistry} from "./interfaces/ITriggerRegistry.sol";
import {CalldataGas} from "./libraries/CalldataGas.sol";
import {TriggerCall} from "./libraries/TriggerCall.sol";
import {TriggerConfig} from "./libraries/TriggerConfig.sol";
import {TriggerWord} from "./libraries/TriggerWord.sol";
import {Conditions} from "./triggers/Conditions.sol";
import {Sponsors} from "./triggers/Sponsors.sol";
import {TriggerTerms} from "./triggers/TriggerCodec.sol";

/// @notice Runs agents when they are due: at a time, for a signed delivery, for a log; once each, whoever calls.
/// @dev Trusted: nobody. Whether a trigger is due, whom it calls and with how much gas are its agent's word; what may be spent
///      on it is its sponsor's; who executes only chooses among what is due. Draws of a sponsor's ledger: what the execution
///      of the triggers that it sponsors needs, within the terms it set.
/// @dev Holds the triggers' balances and the executors' credits. A balance leaves to its sponsor after a notice, a credit to
///      its executor at any time.
contract TriggerRegistry is Conditions, Sponsors {
    using TriggerWord for uint256;

    /// @dev What a transaction costs, and how it is shared.
    struct Bill {
        /// What a unit of gas is judged by and repaid with, in wei.
        uint256 price;
        uint256 rate;
        /// Gas left when work on this execution began.
        uint256 begin;
        /// Gas that is not seen being used: before, after, and for data.
        uint256 unseen;
        /// The least that a transaction with this data uses.
        uint256 floor;
    }

    uint256 private constant TRANSACTION = 21_000;

    /// @dev Used of each execution after it was measured, and of each transaction outside of what is measured, for one and for
    ///      many. From receipts: `test/triggers/reimbursement.test.ts`.
    uint256 private constant TAIL = 5600;
    uint256 private constant TAIL_OF_MANY = 5667;
    uint256 private constant TRANSACTION_TAIL = 6079;
    uint256 private constant TRANSACTION_TAIL_OF_MANY = 8350;

    /// @dev An entry of `executeMany` is an id, a place and a length, in the bytes of which this much gas is spent.
    uint256 private constant ENTRY = 444;

    /// @dev The selector, and four words before the entries.
    uint256 private constant ENTRIES = 4 * 16 + 128 * 4 + 3 * 12;

    /// @dev Left for what comes after a call, an executor's new credit included, and for what is written before it.
    uint256 private constant RESERVE = 80_000;

    /// @dev Beyond what was used so far and the call, an execution uses at most this, and a refill at most that.
    uint256 private constant WORST_REST = 15_000;
    uint256 private constant REFILL_GAS = 90_000;

    uint256 private constant ONE_INPUT = 100;
    uint256 private constant BPS = 10_000;

    constructor(ILedgerManager ledger) Sponsors(ledger) {}

    /* EXECUTION */

    /// @inheritdoc ITriggerRegistry
    function executeTrigger(uint256 triggerId, bytes calldata input) external nonReentrant {
        Bill memory bill = _bill();
        uint256 wanted = ONE_INPUT + _padded(input.length);
        require(msg.data.length == wanted, InvalidCalldataLength(msg.data.length, wanted));

        bill.unseen = TRANSACTION_TAIL + TAIL;
        if (_isPlainCaller()) {
            // the selector has no zero byte
            uint256 zeros = CalldataGas.countZeros(4, wanted);
            bill.unseen += TRANSACTION + CalldataGas.gasOf(wanted, zeros);
            bill.floor = TRANSACTION + CalldataGas.floorOf(wanted, zeros);
        }
        Run memory run;
        run.triggerId = triggerId;
        (Reason reason, uint256 paid) = _run(run, input, bill);
        require(reason == Reason.None, NotExecutable(triggerId, reason));

        if (paid != 0) creditOf[msg.sender] += paid;
    }

    /// @inheritdoc ITriggerRegistry
    function executeMany(uint256[] calldata triggerIds, bytes[] calldata inputs)
        external
        nonReentrant
        returns (Reason[] memory results)
    {
        uint256 count = triggerIds.length;
        require(count == inputs.length && count != 0, LengthMismatch(count, inputs.length));
        Bill memory bill = _bill();
        bool plain = _isPlainCaller();
        uint256 share = TRANSACTION_TAIL_OF_MANY;
        if (plain) share += TRANSACTION + ENTRIES;
        share = share / count + TAIL_OF_MANY;

        results = new Reason[](count);
        Run memory run;
        uint256 total = 0;
        uint256 at = 164 + 64 * count;
        for (uint256 i = 0; i < count; ++i) {
            bill.begin = gasleft();
            bytes calldata input = _inputAt(inputs, i, at);
            // An input is not longer than calldata; nothing that is added up here comes near 2^256.
            unchecked {
                uint256 next = at + _padded(input.length);
                bill.unseen = plain ? share + ENTRY + _dataGas(at, next) : share;
                at = next + 32;

                run.triggerId = triggerIds[i];
                (Reason reason, uint256 paid) = _run(run, input, bill);
                if (reason == Reason.None) {
                    total += paid;
                } else {
                    results[i] = reason;
                    emit TriggerSkipped(run.triggerId, reason);
                }
            }
        }
        require(msg.data.length == at - 32, InvalidCalldataLength(msg.data.length, at - 32));
        if (total != 0) creditOf[msg.sender] += total;
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function isDue(uint256 triggerId, bytes calldata input) external view returns (bool due, Reason reason) {
        Run memory run;
        run.triggerId = triggerId;
        reason = _judge(run, input);
        if (reason == Reason.None && run.hot.has(TriggerWord.SPONSORED)) {
            Bill memory bill = _bill();
            uint256 data = _dataGas(_startOf(input), _startOf(input) + _padded(input.length));
            uint256 gas = TRANSACTION + TRANSACTION_TAIL + TAIL + data + (bill.begin - gasleft())
                + _callGas(run.hot) + WORST_REST;
            if (bill.price > run.hot.maxGasPrice()) reason = Reason.PriceTooHigh;
            else if (!_isCoverable(run, gas * bill.rate)) reason = Reason.NotCovered;
        }
        due = reason == Reason.None;
    }

    /// @inheritdoc ITriggerRegistry
    function triggerDetails(uint256 triggerId) external view returns (Details memory) {
        (uint256 hot, uint256 cold) = _wordsOf(triggerId);
        address target = hot.gasLimit() == 0 ? address(0) : _targetOf(triggerId, hot, address(uint160(cold)));
        (uint256 refillable,) = _refillable(triggerId, hot.balance());
        TriggerTerms storage terms = _terms[triggerId];
        uint256 whose;
        uint256 what;
        // The two words of the terms.
        assembly ("memory-safe") {
            whose := sload(terms.slot)
            what := sload(add(terms.slot, 1))
        }
        _answerBy(abi.encodeCall(CODEC.details, (hot, cold, target, refillable, whose, what)));
    }

    /* INTERNAL */

    /// @dev Runs what is due. Changes nothing unless it runs, but for a refill.
    function _run(Run memory run, bytes calldata input, Bill memory bill)
        private
        returns (Reason reason, uint256 paid)
    {
        reason = _judge(run, input);
        if (reason != Reason.None) return (reason, 0);

        uint256 callGas = _callGas(run.hot);
        if (_lacksGas(callGas)) return (Reason.TooLittleGas, 0);
        bool sponsored = run.hot.has(TriggerWord.SPONSORED);
        if (sponsored) {
            if (bill.price > run.hot.maxGasPrice()) return (Reason.PriceTooHigh, 0);
            if (_worst(bill, callGas) > run.hot.balance()) {
                if (!_cover(run, bill, callGas)) return (Reason.NotCovered, 0);
                if (_lacksGas(callGas)) return (Reason.TooLittleGas, 0);
            }
        }

        _remember(run);
        bool success = callGas == 0 || _call(run, callGas);
        paid = _settle(run, bill, success, sponsored);
    }

    /// @dev Whether the call could get less than it was promised, or what follows it nothing.
    function _lacksGas(uint256 callGas) private view returns (bool) {
        unchecked {
            return gasleft() < TriggerCall.gasFor(callGas) + RESERVE;
        }
    }

    /// @dev Whether the sponsor's money covers the worst that can happen from here on, after a refill.
    function _cover(Run memory run, Bill memory bill, uint256 callGas) private returns (bool) {
        uint256 needed = _worst(bill, callGas) + REFILL_GAS * bill.rate;
        run.hot = _refill(run.triggerId, run.hot, needed);
        return _worst(bill, callGas) <= run.hot.balance();
    }

    /// @dev In wei. Gas is below 2^64 and the rate a price per gas that somebody pays, below 2^128.
    function _worst(Bill memory bill, uint256 callGas) private view returns (uint256) {
        unchecked {
            uint256 gas = bill.begin - gasleft() + bill.unseen + callGas + WORST_REST;
            return (gas < bill.floor ? bill.floor : gas) * bill.rate;
        }
    }

    function _isCoverable(Run memory run, uint256 needed) private view returns (bool) {
        uint256 balance = run.hot.balance();
        if (needed <= balance) return true;
        (uint256 amount,) = _refillable(run.triggerId, balance);
        return needed <= balance + amount;
    }

    /// @dev The call's gas, with what a forwarder uses on the way; 0 for no call.
    function _callGas(uint256 hot) private pure returns (uint256 gas) {
        gas = hot.gasLimit();
        if (gas != 0 && hot.has(TriggerWord.CUSTOM)) {
            gas = TriggerCall.gasFor(gas) + TriggerCall.FORWARDER_GAS;
        }
    }

    function _call(Run memory run, uint256 callGas) private returns (bool) {
        address agent = address(uint160(run.cold));
        if (!run.hot.has(TriggerWord.CUSTOM)) {
            bytes memory standard = TriggerCall.encode(run.triggerId, run.key, run.payload);
            return TriggerCall.send(agent, callGas, standard);
        }
        bytes memory config = _storedConfig(run.triggerId);
        address target = _targetIn(config, agent);
        bytes memory data = TriggerConfig.dataOf(config);
        if (data.length == 0) data = TriggerCall.encode(run.triggerId, run.key, run.payload);
        uint256 gasLimit = run.hot.gasLimit();
        if (target == agent) return TriggerCall.send(agent, gasLimit, data);
        return TriggerCall.send(forwarderOf(agent), callGas, TriggerCall.forward(target, gasLimit, data));
    }

    function _settle(Run memory run, Bill memory bill, bool success, bool sponsored)
        private
        returns (uint256 paid)
    {
        uint256 triggerId = run.triggerId;
        // read again: from within the call the agent may pause, end or resume it, and the sponsor fund it
        Words storage words = _words[triggerId];
        uint256 hot = words.hot.withMark(run.minute);
        if (!success) hot = _withFailure(triggerId, hot);
        else if (hot.failures() != 0) hot = hot.withFailures(0);
        if (run.expiredUntil != 0) emit TicksExpired(triggerId, run.hot.mark(), run.expiredUntil);

        if (sponsored) {
            // As in `_worst`.
            unchecked {
                uint256 gas = bill.begin - gasleft() + bill.unseen;
                paid = (gas < bill.floor ? bill.floor : gas) * bill.rate;
            }
            if (paid > hot.balance()) paid = hot.balance();
        }
        // What is paid is not more than the balance, which is the word's lowest part.
        unchecked {
            words.hot = hot - paid;
        }
        emit TriggerExecuted(triggerId, run.key, msg.sender, success, paid);
    }

    function _withFailure(uint256 triggerId, uint256 hot) private returns (uint256) {
        uint256 count = hot.failures() + 1;
        uint256 most = hot.maxFailures();
        if (count > type(uint8).max) count = type(uint8).max;
        hot = hot.withFailures(count);
        if (most == 0 || count < most) return hot;

        emit TriggerPaused(triggerId, count);
        return hot.set(TriggerWord.PAUSED);
    }

    function _targetOf(uint256 triggerId, uint256 hot, address agent) private view returns (address) {
        return hot.has(TriggerWord.CUSTOM) ? _targetIn(_storedConfig(triggerId), agent) : agent;
    }

    function _targetIn(bytes memory config, address agent) private pure returns (address target) {
        target = TriggerConfig.targetOf(config);
        if (target == address(0)) target = agent;
    }

    function _bill() private view returns (Bill memory bill) {
        bill.begin = gasleft();
        uint256 most = block.basefee + TIP_CAP;
        bill.price = tx.gasprice < most ? tx.gasprice : most;
        uint256 base = bill.price < block.basefee ? bill.price : block.basefee;
        bill.rate = bill.price + base * PREMIUM_BPS / BPS;
    }

    /// @dev Only of a plain account's call is it known that it is the whole transaction, with all of its data.
    function _isPlainCaller() private view returns (bool) {
        return msg.sender == tx.origin && msg.sender.code.length == 0;
    }

    /// @dev Of calldata's words from `from` to `to`.
    function _dataGas(uint256 from, uint256 to) private pure returns (uint256) {
        return CalldataGas.gasOf(to - from, CalldataGas.countZeros(from, to));
    }

    /// @dev The length is of something in calldata.
    function _padded(uint256 length) private pure returns (uint256) {
        unchecked {
            return (length + 31) & ~uint256(31);
        }
    }

    /// @dev The `index`-th input, which must begin at `at`: inputs lie one behind the other, none is counted twice.
    function _inputAt(bytes[] calldata inputs, uint256 index, uint256 at)
        private
        pure
        returns (bytes calldata input)
    {
        uint256 start;
        // Places and lengths in calldata, as the ABI has them; those that lead out of it are refused below.
        assembly ("memory-safe") {
            start := add(add(inputs.offset, calldataload(add(inputs.offset, shl(5, index)))), 0x20)
            input.offset := at
            input.length := calldataload(sub(at, 0x20))
        }
        require(start == at && input.length <= msg.data.length, InvalidCalldataLength(start, at));
    }

    /// @dev Where in calldata it begins.
    function _startOf(bytes calldata data) private pure returns (uint256 at) {
        assembly ("memory-safe") {
            at := data.offset
        }
    }
}
