// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttesterQuorums} from "./interfaces/IAttesterQuorums.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {ITriggerRegistry} from "./interfaces/ITriggerRegistry.sol";
import {CalldataGas} from "./libraries/CalldataGas.sol";
import {Inputs} from "./libraries/Inputs.sol";
import {TriggerCall} from "./libraries/TriggerCall.sol";
import {TriggerWord} from "./libraries/TriggerWord.sol";
import {Calls} from "./triggers/Calls.sol";
import {Conditions} from "./triggers/Conditions.sol";
import {Sponsors} from "./triggers/Sponsors.sol";
import {TriggerTerms} from "./triggers/TriggerCodec.sol";

/// @notice Runs agents when they are due: at a time, for a signed delivery, for a log; once each, whoever calls.
/// @dev Trusted: nobody, but for events of other chains the quorum that a trigger names. Whether a trigger is due, whom it calls and with how much gas are its agent's word; what may be spent
///      on it is its sponsor's; who executes only chooses among what is due. Draws of a sponsor's ledger: what the execution
///      of the triggers that it sponsors needs, within the terms it set.
/// @dev Holds the triggers' balances and the executors' credits. A balance leaves to its sponsor after a notice, a credit to
///      its executor at any time.
contract TriggerRegistry is Conditions, Sponsors, Calls {
    using TriggerWord for uint256;

    /// @dev What an execution costs its sponsor.
    struct Bill {
        /// Gas left when work on this execution began, and gas that is not seen being used: before, after, and for data.
        uint256 begin;
        /// The least that a transaction with this data uses.
        uint256 floor;
        /// What a unit of gas is judged by and repaid with, in wei.
        uint256 price;
        uint256 rate;
        /// What the executor has earned so far, in wei.
        uint256 paid;
    }

    uint256 private constant TRANSACTION = 21_000;

    /// @dev Used of each execution after it was measured, more of those that `_runOther` runs, and of each transaction outside
    ///      of what is measured, for one and for many. From receipts: `test/triggers/reimbursement.test.ts`.
    uint256 private constant TAIL = 5600;
    uint256 private constant TAIL_OF_OTHERS = 215;
    uint256 private constant TAIL_OF_MANY = 5139;
    uint256 private constant TRANSACTION_TAIL = 5296;
    uint256 private constant TRANSACTION_TAIL_OF_MANY = 7181;

    /// @dev What calldata costs beside inputs: of `executeTrigger` the selector, id, place and length; of `executeMany` the
    ///      selector and four words, for each trigger an id, and for each input a place and a length.
    uint256 private constant HEAD = 4 * 16 + 94 * 4 + 4 * 16;
    uint256 private constant HEAD_OF_MANY = 4 * 16 + 128 * 4 + 3 * 12;
    uint256 private constant ID = 140;
    uint256 private constant PLACE = 304;

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
        bool plain = _enter();
        uint256 size = Inputs.padded(input.length);
        uint256 floor = 0;
        // No input is longer than calldata: its gas, and what is left of gas, is far below 2^256.
        unchecked {
            require(
                msg.data.length == ONE_INPUT + size, InvalidCalldataLength(msg.data.length, ONE_INPUT + size)
            );
            begin += TRANSACTION_TAIL + TAIL;
            if (plain) {
                begin += TRANSACTION + HEAD;
                if (input.length == TICK_INPUT) {
                    begin += TICK_GAS;
                } else {
                    uint256 zeros = Inputs.versionOf(input) == Inputs.PROOF
                        ? Inputs.zerosOf(input, ONE_INPUT)
                        : CalldataGas.countZeros(ONE_INPUT, ONE_INPUT + size);
                    begin += CalldataGas.gasOf(size, zeros);
                    floor = TRANSACTION + HEAD + CalldataGas.floorOf(size, zeros);
                }
            }
        }
        (uint256 price, uint256 rate) = _price();
        Bill memory bill = Bill({begin: begin, floor: floor, price: price, rate: rate, paid: 0});
        (bool ran, Reason reason) = _run(triggerId, input, bill);
        require(ran, NotExecutable(triggerId, reason));

        _leave(bill.paid);
    }

    /// @inheritdoc ITriggerRegistry
    function executeMany(uint256[] calldata triggerIds, bytes[] calldata inputs)
        external
        returns (Reason[] memory results)
    {
        bool plain = _enter();
        require(
            inputs.length != 0 && inputs.length <= triggerIds.length,
            LengthMismatch(triggerIds.length, inputs.length)
        );
        Bill memory bill;
        (bill.price, bill.rate) = _price();
        results = new Reason[](triggerIds.length);
        // An input is not longer than calldata; nothing that is added up here comes near 2^256.
        unchecked {
            uint256 share = TRANSACTION_TAIL_OF_MANY / triggerIds.length + TAIL_OF_MANY;
            if (plain) share += (TRANSACTION + HEAD_OF_MANY) / triggerIds.length + ID;
            uint256 at = 164 + 32 * (triggerIds.length + inputs.length);
            bytes calldata input = msg.data[0:0];
            uint256 data = 0;
            for (uint256 i = 0; i < triggerIds.length; ++i) {
                bill.begin = gasleft() + share;
                if (i < inputs.length) {
                    input = Inputs.at(inputs, i, at);
                    at += Inputs.padded(input.length) + 32;
                    if (plain) data = PLACE + _gasOf(input);
                    // the last is for all that follow
                    if (i == inputs.length - 1) data /= triggerIds.length - i;
                }
                bill.begin += data;
                (bool ran, Reason reason) = _run(triggerIds[i], input, bill);
                if (!ran) {
                    results[i] = reason;
                    emit TriggerSkipped(triggerIds[i], reason);
                }
            }
            require(msg.data.length == at - 32, InvalidCalldataLength(msg.data.length, at - 32));
        }
        _leave(bill.paid);
        // The call ends here, so all memory is free. The array lies in it as the ABI has it, but for its place.
        assembly ("memory-safe") {
            let answer := sub(results, 0x20)
            mstore(answer, 0x20)
            return(answer, add(0x40, shl(5, mload(results))))
        }
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function isDue(uint256 triggerId, bytes calldata input) external view returns (bool due, Reason reason) {
        uint256 begin = gasleft();
        (uint256 hot, uint256 cold) = (_words[triggerId].hot, _words[triggerId].cold);
        if (!hot.runs()) return (false, _whyNot(hot));
        uint256 key;
        bytes memory payload;
        (reason, key, payload) = _judge(triggerId, hot, cold, input);
        if (reason != Reason.None) return (false, reason);

        if (hot.has(TriggerWord.SPONSORED)) {
            uint256 gas = _callOf(triggerId, hot, cold, key, payload).gas;
            reason = _foresee(triggerId, hot, gas + (begin - gasleft()) + Inputs.gasOf(input));
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

    /// @dev Runs what is due, and here itself what most triggers are: sponsored ticks that call their agent's default callback.
    ///      Changes nothing unless it runs, but for a refill.
    function _run(uint256 triggerId, bytes calldata input, Bill memory bill)
        private
        returns (bool, Reason reason)
    {
        Words storage words = _words[triggerId];
        uint256 hot = words.hot;
        if (!hot.isPlain()) return _runOther(triggerId, words, hot, input, bill);
        uint256 cold = words.cold;
        uint256 tick;
        (reason, tick) = _judgeTick(hot, cold, input);
        if (tick == 0) return (false, reason);
        uint256 callGas = hot.gasLimit();
        // As in `_lacksGas` and `_worst`, without a floor: ticks have little data.
        unchecked {
            if (gasleft() < TriggerCall.gasFor(callGas) + RESERVE) return (false, Reason.TooLittleGas);
            if (bill.price > hot.maxGasPrice()) return (false, Reason.PriceTooHigh);
            uint256 worst = (bill.begin - gasleft() + callGas + WORST_REST) * bill.rate;
            if (worst > hot.balance()) {
                reason = _cover(triggerId, hot, callGas, bill);
                if (reason != Reason.None) return (false, reason);
            }

            if (hot.has(TriggerWord.BACKFILL)) _tellExpired(triggerId, hot, cold, tick);
            // The word is read again: from within the call the agent may pause, end or resume, and the sponsor fund.
            if (callGas == 0 || TriggerCall.tick(address(uint160(cold)), callGas, triggerId, tick)) {
                hot = words.hot;
                if (hot.failures() != 0) hot = hot.withFailures(0);
            } else {
                hot = _withFailure(triggerId, words.hot, tick);
            }
            hot = hot.withDone(tick);
            bill.paid += _pay(triggerId, words, hot, tick, (bill.begin - gasleft()) * bill.rate);
            return (true, Reason.None);
        }
    }

    function _runOther(
        uint256 triggerId,
        Words storage words,
        uint256 hot,
        bytes calldata input,
        Bill memory bill
    ) private returns (bool, Reason reason) {
        if (!hot.runs()) return (false, _whyNot(hot));
        uint256 cold = words.cold;
        uint256 key;
        bytes memory payload;
        (reason, key, payload) = _judge(triggerId, hot, cold, input);
        if (reason != Reason.None) return (false, reason);
        // Before anything is compared, since to copy a long payload may take most of the gas that is left.
        Call memory made = _callOf(triggerId, hot, cold, key, payload);
        reason = _afford(triggerId, hot, made.gas, bill);
        if (reason != Reason.None) return (false, reason);

        if (hot.isCron()) {
            if (hot.has(TriggerWord.BACKFILL)) _tellExpired(triggerId, hot, cold, key);
        } else {
            _use(triggerId, key);
            if (hot.has(TriggerWord.ATTESTED)) _tellAttested(triggerId, key, payload);
        }
        bool success = made.gas == 0 || TriggerCall.send(made.callee, made.gas, made.data);
        _settle(triggerId, words, key, bill, success);
        return (true, Reason.None);
    }

    /// @dev Why the call cannot be made now; draws what it lacks, if it may.
    function _afford(uint256 triggerId, uint256 hot, uint256 callGas, Bill memory bill)
        private
        returns (Reason)
    {
        if (_lacksGas(callGas)) return Reason.TooLittleGas;
        if (!hot.has(TriggerWord.SPONSORED)) return Reason.None;
        if (bill.price > hot.maxGasPrice()) return Reason.PriceTooHigh;
        if (_worst(callGas, bill) <= hot.balance()) return Reason.None;
        return _cover(triggerId, hot, callGas, bill);
    }

    /// @dev Whether the call could get less than it was promised, or what follows it nothing.
    function _lacksGas(uint256 callGas) private view returns (bool) {
        unchecked {
            return gasleft() < TriggerCall.gasFor(callGas) + RESERVE;
        }
    }

    /// @dev Draws what covers the worst that can happen from here on, or says why the call still cannot be made.
    function _cover(uint256 triggerId, uint256 hot, uint256 callGas, Bill memory bill)
        private
        returns (Reason)
    {
        uint256 needed = _worst(callGas, bill) + REFILL_GAS * bill.rate;
        hot = _refill(triggerId, hot, needed);
        if (_worst(callGas, bill) > hot.balance()) return Reason.NotCovered;

        bill.begin -= WRITTEN;
        return _lacksGas(callGas) ? Reason.TooLittleGas : Reason.None;
    }

    /// @dev In wei. Gas is below 2^64 and the rate a price per gas that somebody pays, below 2^128.
    function _worst(uint256 callGas, Bill memory bill) private view returns (uint256) {
        unchecked {
            return _atLeast(bill.begin - gasleft() + callGas + WORST_REST, bill.floor) * bill.rate;
        }
    }

    /// @dev Why the sponsor would not pay for an execution with so much gas before and in the call, if it would not.
    function _foresee(uint256 triggerId, uint256 hot, uint256 gas) private view returns (Reason) {
        (uint256 price, uint256 rate) = _price();
        if (price > hot.maxGasPrice()) return Reason.PriceTooHigh;
        uint256 needed = (gas + TRANSACTION + TRANSACTION_TAIL + TAIL + WORST_REST) * rate;
        uint256 balance = hot.balance();
        if (needed <= balance) return Reason.None;
        (uint256 amount,) = _refillable(triggerId, balance);
        return needed <= balance + amount ? Reason.None : Reason.NotCovered;
    }

    function _settle(uint256 triggerId, Words storage words, uint256 key, Bill memory bill, bool success)
        private
    {
        uint256 hot = words.hot;
        // As in `_worst`.
        unchecked {
            if (hot.isCron()) hot = hot.withDone(key);
            if (!success) hot = _withFailure(triggerId, hot, key);
            else if (hot.failures() != 0) hot = hot.withFailures(0);
            uint256 gas = _atLeast(bill.begin - gasleft() + TAIL_OF_OTHERS, bill.floor);
            bill.paid += _pay(triggerId, words, hot, key, gas * bill.rate);
        }
    }

    /// @dev Writes the word, less what is paid: `owed`, or the balance if that is less, as it is where nobody sponsors.
    function _pay(uint256 triggerId, Words storage words, uint256 hot, uint256 key, uint256 owed)
        private
        returns (uint256 paid)
    {
        paid = hot.balance();
        if (owed < paid) paid = owed;
        // The balance is the word's lowest part.
        unchecked {
            words.hot = hot - paid;
        }
        bytes32 topic = TriggerExecuted.selector;
        // `emit TriggerExecuted(triggerId, key, msg.sender, paid)`, from free memory, which stays free.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, key)
            mstore(add(data, 0x20), caller())
            mstore(add(data, 0x40), paid)
            log2(data, 0x60, topic, triggerId)
        }
    }

    /// @dev Whether the caller is a plain account. Only of its call is it known that it is the whole transaction, with all of its
    ///      data, so that nothing can be under way.
    function _enter() private returns (bool plain) {
        plain = msg.sender == tx.origin && msg.sender.code.length == 0;
        require(plain || _busy == 0, Reentrancy());
        _busy = 1;
    }

    /// @param paid was taken from balances, all of which are ether that is here.
    function _leave(uint256 paid) private {
        unchecked {
            if (paid != 0) creditOf[msg.sender] += paid;
        }
        _busy = 0;
    }

    function _withFailure(uint256 triggerId, uint256 hot, uint256 key) private returns (uint256) {
        emit TriggerFailed(triggerId, key);
        uint256 count = hot.failures() + 1;
        uint256 most = hot.maxFailures();
        if (count > type(uint8).max) count = type(uint8).max;
        hot = hot.withFailures(count);
        if (most == 0 || count < most) return hot;

        emit TriggerPaused(triggerId, count);
        return hot.set(TriggerWord.PAUSED);
    }

    function _atLeast(uint256 gas, uint256 floor) private pure returns (uint256) {
        return gas < floor ? floor : gas;
    }

    /// @dev What is paid for an input's words.
    function _gasOf(bytes calldata input) private pure returns (uint256) {
        return input.length == TICK_INPUT ? TICK_GAS : Inputs.gasOf(input);
    }

    /// @dev A price is what somebody pays for a unit of gas.
    function _price() private view returns (uint256 price, uint256 rate) {
        unchecked {
            price = tx.gasprice;
            uint256 base = block.basefee;
            if (price > base + TIP_CAP) price = base + TIP_CAP;
            // only where nobody pays, in a call that asks
            if (base > price) base = price;
            rate = price + base * PREMIUM_BPS / BPS;
        }
    }
}
