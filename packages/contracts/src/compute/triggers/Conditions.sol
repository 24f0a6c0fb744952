// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHashLib} from "solady/utils/BlockHashLib.sol";

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {Cron} from "../libraries/Cron.sol";
import {Deliveries} from "../libraries/Deliveries.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";
import {LogProver} from "./LogProver.sol";
import {TriggerStore} from "./TriggerStore.sol";

/// @notice When a trigger is due: a tick, a signed delivery or a log on this chain, each once.
/// @dev A log needs no confirmations: its proof stands on an ancestor of the executing block, so no chain has the execution
///      and not the log.
abstract contract Conditions is TriggerStore {
    using TriggerWord for uint256;

    /// @dev An execution that is asked for, and what the input turns out to say.
    struct Run {
        uint256 triggerId;
        uint256 hot;
        uint256 cold;
        uint256 key;
        /// Of cron triggers: the new mark, in minutes.
        uint256 minute;
        /// Of cron triggers: until when ticks were missed for good, in seconds; 0 if none were.
        uint256 expiredUntil;
        bytes payload;
    }

    uint256 internal constant VERSION = 1;

    /// @dev How far ahead of the chain's clock a sender's may be.
    uint256 private constant CLOCK_SKEW = 5 minutes;

    uint256 private constant TICK_INPUT = 6;
    uint256 private constant DELIVERY_INPUT = 16;
    uint256 private constant LOG_INPUT = 17;

    LogProver private immutable PROVER = new LogProver();

    /* STORAGE */

    /// @dev 256 neighbouring nonces to a word, or a receipt's first 256 logs: bit `key % 256` of the word
    ///      `trigger << 128 | key / 256`.
    mapping(uint256 word => uint256 bits) private _used;

    /* AGENTS */

    /// @inheritdoc ITriggerRegistry
    function cancelNonce(uint256 triggerId, uint256 nonce) external {
        _requireWebhook(_requireAgent(triggerId), triggerId);
        require(nonce <= type(uint64).max && !_isUsed(triggerId, nonce), NonceNotFree(triggerId, nonce));

        _use(triggerId, nonce);
        emit NonceCancelled(triggerId, nonce);
    }

    /// @inheritdoc ITriggerRegistry
    function updateKey(uint256 triggerId, uint8 kind, bytes calldata key) external {
        uint256 hot = _requireAgent(triggerId);
        _requireWebhook(hot, triggerId);
        bytes memory config = _configOf(triggerId, hot, _words[triggerId].cold);
        uint256 at = TriggerConfig.HEADER + TriggerConfig.read(config, TriggerConfig.HEADER - 2, 2);
        uint8 payload = uint8(config[at]);
        // Shortens the old config to what precedes payload and key.
        assembly ("memory-safe") {
            mstore(config, at)
        }

        config = abi.encodePacked(config, payload, kind, key);
        _replaceConfig(triggerId, TriggerType.Webhook, config);
        emit KeyUpdated(triggerId, kind, key);
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function dueTick(uint256 triggerId) public view returns (uint256 tick) {
        (uint256 hot, uint256 spec) = _cronOf(triggerId);
        if (!hot.runs()) return 0;
        tick = Cron.nextTick(spec, hot.openSince());
        if (tick > block.timestamp) return 0;
    }

    /// @inheritdoc ITriggerRegistry
    function nextTick(uint256 triggerId) external view returns (uint256) {
        return nextTickAfter(triggerId, block.timestamp);
    }

    /// @inheritdoc ITriggerRegistry
    function nextTickAfter(uint256 triggerId, uint256 time) public view returns (uint256) {
        (, uint256 spec) = _cronOf(triggerId);
        require(time >= 1 days && time <= type(uint40).max, InvalidTime(time));
        return Cron.nextTick(spec, time);
    }

    /// @inheritdoc ITriggerRegistry
    function isNonceUsed(uint256 triggerId, uint256 nonce) external view returns (bool) {
        _requireWebhook(_words[triggerId].hot, triggerId);
        return nonce <= type(uint64).max && _isUsed(triggerId, nonce);
    }

    /// @inheritdoc ITriggerRegistry
    function isLogUsed(uint256 triggerId, uint256 blockNumber, uint256 transactionIndex, uint256 logIndex)
        external
        view
        returns (bool)
    {
        (uint256 hot,) = _wordsOf(triggerId);
        if (TriggerType(hot.triggerType()) != TriggerType.Event) return false;
        return _isUsed(triggerId, (blockNumber << 64) | (transactionIndex << 32) | logIndex);
    }

    /// @inheritdoc ITriggerRegistry
    function deliveryDigest(uint256 triggerId, uint64 nonce, uint64 timestamp, bytes32 payloadHash)
        external
        view
        returns (bytes32)
    {
        return Deliveries.digest(triggerId, nonce, timestamp, payloadHash);
    }

    /* INTERNAL */

    /// @dev Whether the trigger is due, and what it is due with. `run` has its id, and what the one before left; all else of it
    ///      is filled here.
    function _judge(Run memory run, bytes calldata input) internal view returns (Reason) {
        Words storage words = _words[run.triggerId];
        uint256 hot = words.hot;
        run.hot = hot;
        run.minute = 0;
        run.expiredUntil = 0;
        delete run.payload;
        if (!hot.runs()) {
            if (hot == 0) return Reason.NotFound;
            return hot.has(TriggerWord.ACTIVE) ? Reason.Paused : Reason.Deactivated;
        }
        uint256 cold = words.cold;
        run.cold = cold;
        uint256 kind = hot.triggerType();
        if (kind == uint256(TriggerType.Cron)) return _judgeTick(run, hot, hot.cronWith(cold >> 160), input);
        if (input.length < DELIVERY_INPUT || uint8(input[0]) != VERSION) return Reason.BadInput;
        return kind == uint256(TriggerType.Webhook) ? _judgeDelivery(run, input) : _judgeLog(run, input);
    }

    /// @dev Keeps what ran from running again: a delivery or a log. A tick is covered by the mark.
    function _remember(Run memory run) internal {
        if (run.hot.triggerType() != uint256(TriggerType.Cron)) _use(run.triggerId, run.key);
    }

    /* TICKS */

    function _judgeTick(Run memory run, uint256 hot, uint256 spec, bytes calldata input)
        private
        view
        returns (Reason)
    {
        uint256 head;
        // The first word from the input on; what is behind the input is cut off below.
        assembly ("memory-safe") {
            head := calldataload(input.offset)
        }
        if (input.length != TICK_INPUT || head >> 248 != VERSION) return Reason.BadInput;
        uint256 tick = uint40(head >> 208);
        uint256 mark = hot.mark();
        if (tick > block.timestamp) return Reason.TooEarly;
        if (tick <= mark) return Reason.AlreadyDone;
        // The tick is not later than now.
        unchecked {
            if (block.timestamp - tick > hot.maxDelay()) return Reason.TooLate;
        }

        run.key = tick;
        if (!hot.has(TriggerWord.BACKFILL)) {
            run.minute = block.timestamp / 60;
            return Cron.matches(spec, tick) ? Reason.None : Reason.NotInSchedule;
        }

        run.minute = tick / 60;
        uint256 open = hot.openSince();
        uint256 first = Cron.nextTick(spec, open);
        if (tick != first) return tick < first ? Reason.NotInSchedule : Reason.OutOfOrder;
        if (open != mark && Cron.nextTick(spec, mark) != tick) run.expiredUntil = open;
        return Reason.None;
    }

    /* DELIVERIES */

    function _judgeDelivery(Run memory run, bytes calldata input) private view returns (Reason) {
        uint256 payloadAt = DELIVERY_INPUT + uint16(bytes2(input[14:16]));
        if (input.length < payloadAt) return Reason.BadInput;
        uint256 time = uint40(bytes5(input[9:14]));
        run.key = uint64(bytes8(input[1:9]));
        if (_isUsed(run.triggerId, run.key)) return Reason.AlreadyDone;
        if (time > block.timestamp + CLOCK_SKEW) return Reason.TooEarly;
        if (time + run.hot.maxDelay() < block.timestamp) return Reason.TooLate;

        uint256 text = uint256(_texts[run.triggerId]);
        bytes memory key = text & TriggerConfig.TEXT_KEY == 0 ? _storedKey(run.triggerId, run.hot) : bytes("");
        bool hashOnly =
            key.length != 0 ? TriggerConfig.read(key, 0, 1) != 0 : text & TriggerConfig.TEXT_HASH_ONLY != 0;
        run.payload = input[payloadAt:];
        if (hashOnly && run.payload.length != 32) return Reason.BadInput;
        bytes32 payloadHash = hashOnly ? bytes32(run.payload) : keccak256(run.payload);
        bytes32 digest = Deliveries.digest(run.triggerId, run.key, time, payloadHash);
        bool signed = _isSigned(digest, input[DELIVERY_INPUT:payloadAt], text, key);
        return signed ? Reason.None : Reason.BadSignature;
    }

    /// @dev Of a config that is not packed: `payload 1 | kind 1 | key`.
    function _storedKey(uint256 triggerId, uint256 hot) private view returns (bytes memory) {
        bytes memory config = _storedConfig(triggerId);
        uint256 size =
            hot.has(TriggerWord.CUSTOM) ? TriggerConfig.read(config, TriggerConfig.HEADER - 2, 2) : 0;
        return TriggerConfig.slice(config, TriggerConfig.HEADER + size);
    }

    function _isSigned(bytes32 digest, bytes calldata signature, uint256 text, bytes memory key)
        private
        view
        returns (bool)
    {
        uint256 kind = text & TriggerConfig.TEXT_ERC1271 != 0 ? TriggerConfig.KEY_ERC1271 : 0;
        if (key.length != 0) kind = TriggerConfig.read(key, 1, 1);
        if (kind == TriggerConfig.KEY_P256) {
            uint256 x = TriggerConfig.read(key, 2, 32);
            return Deliveries.isSignedByPoint(x, TriggerConfig.read(key, 34, 32), digest, signature);
        }
        address signer = address(uint160(key.length != 0 ? TriggerConfig.read(key, 2, 20) : text));
        if (kind == TriggerConfig.KEY_ERC1271) {
            return Deliveries.isSignedByAccount(signer, digest, signature);
        }
        return Deliveries.isSignedBy(signer, digest, signature);
    }

    /* LOGS */

    function _judgeLog(Run memory run, bytes calldata input) private view returns (Reason) {
        if (input.length < LOG_INPUT) return Reason.BadInput;
        run.key = uint128(bytes16(input[1:17]));
        if (_isUsed(run.triggerId, run.key)) return Reason.AlreadyDone;
        uint256 number = run.key >> 64;
        if (number <= run.cold >> 160) return Reason.TooLate;
        bytes32 blockHash = BlockHashLib.blockHash(number);
        if (blockHash == 0) return Reason.UnknownBlock;

        uint256 delay = run.hot.maxDelay();
        uint256 notBefore = block.timestamp > delay ? block.timestamp - delay : 0;
        address config = address(uint160(uint256(_texts[run.triggerId])));
        Reason reason;
        (reason, run.payload) = PROVER.judge(config, run.key, blockHash, notBefore, input[LOG_INPUT:]);
        return reason;
    }

    /* ONCE */

    function _isUsed(uint256 triggerId, uint256 key) private view returns (bool) {
        return (_used[(triggerId << 128) | (key >> 8)] >> (key & 0xff)) & 1 != 0;
    }

    function _use(uint256 triggerId, uint256 key) private {
        _used[(triggerId << 128) | (key >> 8)] |= 1 << (key & 0xff);
    }

    function _cronOf(uint256 triggerId) internal view returns (uint256 hot, uint256 spec) {
        uint256 cold;
        (hot, cold) = _wordsOf(triggerId);
        require(TriggerType(hot.triggerType()) == TriggerType.Cron, NotCron(triggerId));
        spec = hot.cronWith(cold >> 160);
    }

    function _requireWebhook(uint256 hot, uint256 triggerId) private pure {
        require(hot != 0, TriggerNotFound(triggerId));
        require(TriggerType(hot.triggerType()) == TriggerType.Webhook, NotWebhook(triggerId));
    }
}
