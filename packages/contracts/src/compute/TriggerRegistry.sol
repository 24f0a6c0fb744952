// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttesterQuorums} from "./interfaces/IAttesterQuorums.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {ITriggerRegistry} from "./interfaces/ITriggerRegistry.sol";
import {CalldataGas} from "./libraries/CalldataGas.sol";
import {Inputs} from "./libraries/Inputs.sol";
import {TriggerCall} from "./libraries/TriggerCall.sol";
import {TriggerConfig} from "./libraries/TriggerConfig.sol";
import {TriggerWord} from "./libraries/TriggerWord.sol";
import {Conditions} from "./triggers/Conditions.sol";
import {Sponsors} from "./triggers/Sponsors.sol";
import {TriggerTerms} from "./triggers/TriggerCodec.sol";

/// @notice Runs agents when they are due: at a time, for a signed delivery, for a log; once each, whoever calls.
/// @dev Trusted: nobody, but for events of other chains the quorum that a trigger names. Whether a trigger is due, whom it calls and with how much gas are its agent's word; what may be spent
///      on it is its sponsor's; who executes only chooses among what is due. Draws of a sponsor's ledger: what the execution
///      of the triggers that it sponsors needs, within the terms it set.
/// @dev Holds the triggers' balances and the executors' credits. A balance leaves to its sponsor after a notice, a credit to
///      its executor at any time.
contract TriggerRegistry is Conditions, Sponsors {
    using TriggerWord for uint256;

    /// @dev Whom an execution calls, and what it costs.
    struct Bill {
        /// The call's gas, with what a forwarder uses on the way; 0 for no call.
        uint256 callGas;
        /// Of a trigger with a target or data of its own; the others call their agent.
        address callee;
        /// What to call with; a tick's default callback has nothing to copy, and is made where it is called.
        bytes data;
        /// What a unit of gas is judged by and repaid with, in wei.
        uint256 price;
        uint256 rate;
        /// Gas left when work on this execution began, and gas that is not seen being used: before, after, and for data.
        uint256 begin;
        /// The least that a transaction with this data uses.
        uint256 floor;
        /// What the executor has earned so far, in wei.
        uint256 paid;
        /// Of a batch: of `begin`, what each of its executions is charged of what is not seen.
        uint256 share;
    }

    uint256 private constant TRANSACTION = 21_000;

    /// @dev Used of each execution after it was measured, and of each transaction outside of what is measured, for one and for
    ///      many. From receipts: `test/triggers/reimbursement.test.ts`.
    uint256 private constant TAIL = 5600;
    uint256 private constant TAIL_OF_MANY = 5596;
    uint256 private constant TRANSACTION_TAIL = 5635;
    uint256 private constant TRANSACTION_TAIL_OF_MANY = 7793;

    /// @dev What calldata costs beside inputs: of `executeTrigger` the selector, id, place and length, of `executeMany` the
    ///      selector and four words, and for each entry an id, a place and a length.
    uint256 private constant HEAD = 4 * 16 + 94 * 4 + 4 * 16;
    uint256 private constant HEAD_OF_MANY = 4 * 16 + 128 * 4 + 3 * 12;
    uint256 private constant ENTRY = 444;

    /// @dev And of a tick's word: five bytes, and zeros, the first of its time until 2106 one of them. Any other zero is overpaid
    ///      by 12. No other trigger runs with an input of this length, and no tick costs as little as the floor.
    uint256 private constant TICK_GAS = 5 * 16 + 27 * 4;

    /// @dev Left for what comes after a call, an executor's new credit included, and for what is written before it.
    uint256 private constant RESERVE = 80_000;

    /// @dev Beyond what was used so far and the call, an execution uses at most this, a fresh word of used bits included, and a
    ///      refill at most that.
    uint256 private constant WORST_REST = 40_000;
    uint256 private constant REFILL_GAS = 90_000;

    /// @dev What is used less after a refill, which has written the trigger's word already.
    uint256 private constant WRITTEN = 2800;

    uint256 private constant ONE_INPUT = 100;
    uint256 private constant BPS = 10_000;

    constructor(ILedgerManager ledger, IAttesterQuorums quorums) Conditions(quorums) Sponsors(ledger) {}

    /* EXECUTION */

    /// @inheritdoc ITriggerRegistry
    function executeTrigger(uint256 triggerId, bytes calldata input) external {
        uint256 begin = gasleft();
        bool plain = _isPlainCaller();
        _begin(plain);
        Bill memory bill;
        _price(bill);
        uint256 size = Inputs.padded(input.length);
        // No input is longer than calldata: its gas, and what is left of gas, is far below 2^256.
        unchecked {
            require(
                msg.data.length == ONE_INPUT + size, InvalidCalldataLength(msg.data.length, ONE_INPUT + size)
            );
            if (plain && input.length == TICK_INPUT) {
                begin += TRANSACTION + HEAD + TICK_GAS;
            } else if (plain) {
                uint256 zeros = CalldataGas.countZeros(ONE_INPUT, ONE_INPUT + size);
                begin += TRANSACTION + HEAD + CalldataGas.gasOf(size, zeros);
                bill.floor = TRANSACTION + HEAD + CalldataGas.floorOf(size, zeros);
            }
            bill.begin = begin + TRANSACTION_TAIL + TAIL;
        }
        (bool ran, Reason reason) = _run(triggerId, input, bill);
        require(ran, NotExecutable(triggerId, reason));

        _credit(bill.paid);
        _end();
    }

    /// @inheritdoc ITriggerRegistry
    function executeMany(uint256[] calldata triggerIds, bytes[] calldata inputs)
        external
        returns (Reason[] memory results)
    {
        bool plain = _isPlainCaller();
        _begin(plain);
        uint256 count = triggerIds.length;
        require(count == inputs.length && count != 0, LengthMismatch(count, inputs.length));
        Bill memory bill;
        _price(bill);
        bill.share = TRANSACTION_TAIL_OF_MANY / count + TAIL_OF_MANY;
        if (plain) bill.share += (TRANSACTION + HEAD_OF_MANY) / count + ENTRY;

        results = new Reason[](count);
        uint256 at = 164 + 64 * count;
        // An input is not longer than calldata; nothing that is added up here comes near 2^256.
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                bill.begin = gasleft() + bill.share;
                bytes calldata input = Inputs.at(inputs, i, at);
                at += Inputs.padded(input.length);
                if (plain) {
                    bill.begin += input.length == TICK_INPUT ? TICK_GAS : Inputs.gasOf(input);
                }
                at += 32;
                uint256 triggerId = triggerIds[i];
                (bool ran, Reason reason) = _run(triggerId, input, bill);
                if (!ran) {
                    results[i] = reason;
                    emit TriggerSkipped(triggerId, reason);
                }
            }
            require(msg.data.length == at - 32, InvalidCalldataLength(msg.data.length, at - 32));
        }
        _credit(bill.paid);
        _end();
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function isDue(uint256 triggerId, bytes calldata input) external view returns (bool due, Reason reason) {
        (uint256 hot, uint256 cold) = (_words[triggerId].hot, _words[triggerId].cold);
        if (!hot.runs()) return (false, _whyNot(hot));
        Bill memory bill;
        bill.begin = gasleft();
        uint256 key;
        bytes memory payload;
        (due, reason, key, payload) = _judge(triggerId, hot, cold, input);
        if (!due) return (false, reason);

        reason = Reason.None;
        if (hot.has(TriggerWord.SPONSORED)) {
            _price(bill);
            bill.callGas = hot.gasLimit();
            if (hot.has(TriggerWord.CUSTOM)) _prepare(triggerId, hot, cold, key, payload, bill);
            else if (!hot.isCron()) bill.data = TriggerCall.encode(triggerId, key, payload);
            uint256 data = Inputs.gasOf(input);
            uint256 gas = TRANSACTION + TRANSACTION_TAIL + TAIL + data + (bill.begin - gasleft())
                + bill.callGas + WORST_REST;
            if (bill.price > hot.maxGasPrice()) reason = Reason.PriceTooHigh;
            else if (!_isCoverable(triggerId, hot, gas * bill.rate)) reason = Reason.NotCovered;
        }
        due = reason == Reason.None;
    }

    /// @inheritdoc ITriggerRegistry
    function triggerDetails(uint256 triggerId) external view returns (Details memory) {
        (uint256 hot, uint256 cold) = _wordsOf(triggerId);
        address target = hot.gasLimit() == 0 ? address(0) : _targetOf(triggerId, hot, address(uint160(cold)));
        (uint256 refillable,) = _refillable(triggerId, hot.balance());
        address config = address(uint160(uint256(_texts[triggerId])));
        TriggerTerms storage terms = _terms[triggerId];
        uint256 whose;
        uint256 what;
        // The two words of the terms.
        assembly ("memory-safe") {
            whose := sload(terms.slot)
            what := sload(add(terms.slot, 1))
        }
        _answerBy(abi.encodeCall(CODEC.details, (hot, cold, target, refillable, whose, what, config)));
    }

    /* INTERNAL */

    /// @dev Runs what is due. Changes nothing unless it runs, but for a refill.
    function _run(uint256 triggerId, bytes calldata input, Bill memory bill)
        private
        returns (bool ran, Reason reason)
    {
        Words storage words = _words[triggerId];
        uint256 hot = words.hot;
        if (!hot.runs()) return (false, _whyNot(hot));
        uint256 cold = words.cold;
        uint256 key;
        bytes memory payload;
        if (hot.isCron()) (ran, reason, key) = _judgeTick(hot, cold, input);
        else (ran, reason, key, payload) = _judgeProof(triggerId, hot, cold, input);
        if (!ran) return (false, reason);

        // Before anything is compared, since to copy a long payload may take most of the gas that is left.
        bill.callGas = hot.gasLimit();
        if (hot.has(TriggerWord.CUSTOM)) _prepare(triggerId, hot, cold, key, payload, bill);
        else if (!hot.isCron()) bill.data = TriggerCall.encode(triggerId, key, payload);
        if (_lacksGas(bill.callGas)) return (false, Reason.TooLittleGas);
        if (hot.has(TriggerWord.SPONSORED)) {
            if (bill.price > hot.maxGasPrice()) return (false, Reason.PriceTooHigh);
            if (_worst(bill) > hot.balance()) {
                if (!_cover(triggerId, hot, bill)) return (false, Reason.NotCovered);
                if (_lacksGas(bill.callGas)) return (false, Reason.TooLittleGas);
            }
        }

        if (hot.isCron()) {
            if (hot.has(TriggerWord.BACKFILL)) _tellExpired(triggerId, hot, cold, key);
        } else {
            _use(triggerId, key);
            if (hot.has(TriggerWord.ATTESTED)) _tellAttested(triggerId, key, payload);
        }
        bool success = bill.callGas == 0 || _call(triggerId, hot, cold, key, bill);
        _settle(triggerId, words, key, bill, success);
    }

    /// @dev Whether the call could get less than it was promised, or what follows it nothing.
    function _lacksGas(uint256 callGas) private view returns (bool) {
        unchecked {
            return gasleft() < TriggerCall.gasFor(callGas) + RESERVE;
        }
    }

    /// @dev Whether the sponsor's money covers the worst that can happen from here on, after a refill.
    function _cover(uint256 triggerId, uint256 hot, Bill memory bill) private returns (bool) {
        uint256 needed = _worst(bill) + REFILL_GAS * bill.rate;
        hot = _refill(triggerId, hot, needed);
        if (_worst(bill) > hot.balance()) return false;

        bill.begin -= WRITTEN;
        return true;
    }

    /// @dev In wei. Gas is below 2^64 and the rate a price per gas that somebody pays, below 2^128.
    function _worst(Bill memory bill) private view returns (uint256) {
        unchecked {
            uint256 gas = bill.begin - gasleft() + bill.callGas + WORST_REST;
            if (gas < bill.floor) gas = bill.floor;
            return gas * bill.rate;
        }
    }

    function _isCoverable(uint256 triggerId, uint256 hot, uint256 needed) private view returns (bool) {
        uint256 balance = hot.balance();
        if (needed <= balance) return true;
        (uint256 amount,) = _refillable(triggerId, balance);
        return needed <= balance + amount;
    }

    /// @dev Writes down whom a trigger with a target or data of its own calls, with how much gas and with what.
    function _prepare(
        uint256 triggerId,
        uint256 hot,
        uint256 cold,
        uint256 key,
        bytes memory payload,
        Bill memory bill
    ) private view {
        address agent = address(uint160(cold));
        bytes memory config = _storedConfig(triggerId);
        address target = _targetIn(config, agent);
        bytes memory data = TriggerConfig.dataOf(config);
        if (data.length == 0) data = TriggerCall.encode(triggerId, key, payload);
        bill.callee = agent;
        if (target != agent) {
            uint256 gas = hot.gasLimit();
            data = TriggerCall.forward(target, gas, data);
            (bill.callGas, bill.callee) = (TriggerCall.forwarderGas(gas, data.length), forwarderOf(agent));
        }
        bill.data = data;
    }

    function _call(uint256 triggerId, uint256 hot, uint256 cold, uint256 key, Bill memory bill)
        private
        returns (bool)
    {
        if (hot.has(TriggerWord.CUSTOM)) {
            return TriggerCall.send(bill.callee, bill.callGas, bill.data);
        }
        address agent = address(uint160(cold));
        if (hot.isCron()) return TriggerCall.tick(agent, bill.callGas, triggerId, key);
        return TriggerCall.send(agent, bill.callGas, bill.data);
    }

    function _settle(uint256 triggerId, Words storage words, uint256 key, Bill memory bill, bool success)
        private
    {
        // read again: from within the call the agent may pause, end or resume it, and the sponsor fund it
        uint256 hot = words.hot;
        if (hot.isCron()) {
            uint256 time = hot.has(TriggerWord.BACKFILL) ? key : block.timestamp;
            // Later marks stay: an agent that resumes its trigger from within its call has set one.
            unchecked {
                hot = hot.withMark(time / 60);
            }
        }
        if (!success) hot = _withFailure(triggerId, hot);
        else if (hot.failures() != 0) hot = hot.withFailures(0);

        // As in `_worst`; and what is paid is not more than the balance, which is the word's lowest part.
        uint256 paid = 0;
        unchecked {
            if (hot.has(TriggerWord.SPONSORED)) {
                uint256 gas = bill.begin - gasleft();
                if (gas < bill.floor) gas = bill.floor;
                paid = gas * bill.rate;
                uint256 balance = hot.balance();
                if (paid > balance) paid = balance;
                bill.paid += paid;
            }
            words.hot = hot - paid;
        }
        bytes32 topic = TriggerExecuted.selector;
        // `emit TriggerExecuted(triggerId, key, msg.sender, success, paid)`, from free memory, which stays free.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, key)
            mstore(add(data, 0x20), caller())
            mstore(add(data, 0x40), success)
            mstore(add(data, 0x60), paid)
            log2(data, 0x80, topic, triggerId)
        }
    }

    /// @dev What was taken from balances, all of which are ether that is here.
    function _credit(uint256 paid) private {
        unchecked {
            if (paid != 0) creditOf[msg.sender] += paid;
        }
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

    /// @dev A price is what somebody pays for a unit of gas.
    function _price(Bill memory bill) private view {
        unchecked {
            uint256 price = tx.gasprice;
            uint256 base = block.basefee;
            if (price > base + TIP_CAP) price = base + TIP_CAP;
            // only where nobody pays, in a call that asks
            if (base > price) base = price;
            bill.price = price;
            bill.rate = price + base * PREMIUM_BPS / BPS;
        }
    }

    /// @dev Only of a plain account's call is it known that it is the whole transaction, with all of its data.
    function _isPlainCaller() private view returns (bool) {
        return msg.sender == tx.origin && msg.sender.code.length == 0;
    }
}
