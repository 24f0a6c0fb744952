// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHashLib} from "solady/utils/BlockHashLib.sol";

import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {Cron} from "../libraries/Cron.sol";
import {Deliveries} from "../libraries/Deliveries.sol";
import {Inputs} from "../libraries/Inputs.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";
import {LogAttester} from "./LogAttester.sol";
import {LogProver} from "./LogProver.sol";
import {TriggerStore} from "./TriggerStore.sol";

/// @notice When a trigger is due: a tick, a signed delivery or a log, each once.
/// @dev A log of this chain needs no confirmations: its proof stands on an ancestor of the executing block, so no chain has the execution
///      and not the log.
abstract contract Conditions is TriggerStore {
    using TriggerWord for uint256;

    uint256 internal constant VERSION = 1;

    /// @dev How far ahead of the chain's clock a sender's may be.
    uint256 private constant CLOCK_SKEW = 5 minutes;

    uint256 internal constant TICK_INPUT = 6;
    uint256 private constant DELIVERY_INPUT = 16;
    uint256 private constant LOG_INPUT = 17;

    LogProver private immutable PROVER = new LogProver();
    LogAttester private immutable ATTESTER;

    /// @inheritdoc ITriggerRegistry
    IAttesterQuorums public immutable QUORUMS;

    /* STORAGE */

    /// @dev 256 neighbouring nonces to a word, or a receipt's first 256 logs: bit `key % 256` of the word
    ///      `trigger << 128 | key / 256`.
    mapping(uint256 word => uint256 bits) private _used;

    constructor(IAttesterQuorums quorums) TriggerStore(quorums) {
        QUORUMS = quorums;
        ATTESTER = new LogAttester(quorums);
    }

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

    /// @dev Why a trigger that runs is not due, if it is not, and what it is due with.
    function _judge(uint256 triggerId, uint256 hot, uint256 cold, bytes calldata input)
        internal
        view
        returns (Reason reason, uint256 key, bytes memory payload)
    {
        if (hot.isCron()) {
            (reason, key) = _judgeTick(hot, cold, input);
            return (reason, key, payload);
        }
        uint256 version;
        // The input's first byte; zero if the input is shorter than a delivery without a signature.
        assembly ("memory-safe") {
            version := byte(0, mul(calldataload(input.offset), lt(15, input.length)))
        }
        if (hot.triggerType() == uint256(TriggerType.Webhook)) {
            if (version != VERSION) return (Reason.BadInput, 0, payload);
            return _judgeDelivery(triggerId, hot, input);
        }
        if (version != (hot.has(TriggerWord.ATTESTED) ? VERSION : Inputs.PROOF)) {
            return (Reason.BadInput, 0, payload);
        }
        return _judgeLog(triggerId, hot, cold, input);
    }

    /// @dev Why a trigger does not run, whatever the input.
    function _whyNot(uint256 hot) internal pure returns (Reason) {
        if (hot == 0) return Reason.NotFound;
        return hot.has(TriggerWord.ACTIVE) ? Reason.Paused : Reason.Deactivated;
    }

    /* TICKS */

    /// @return reason why it is not due, if it is not.
    /// @return tick 0 if it is not due.
    function _judgeTick(uint256 hot, uint256 cold, bytes calldata input)
        internal
        view
        returns (Reason reason, uint256 tick)
    {
        // The first word from the input on, zero if it is of another length; what is behind the input is cut off.
        assembly ("memory-safe") {
            tick := mul(calldataload(input.offset), eq(input.length, TICK_INPUT))
        }
        if (tick >> 248 != VERSION) return (Reason.BadInput, 0);
        tick = uint40(tick >> 208);
        if (tick > block.timestamp) return (Reason.TooEarly, 0);
        if (tick <= hot.mark()) return (Reason.AlreadyDone, 0);
        // The tick is not later than now.
        unchecked {
            if (block.timestamp - tick > hot.maxDelay()) return (Reason.TooLate, 0);
        }
        uint256 spec = hot.cronWith(cold >> 160);
        if (hot.has(TriggerWord.BACKFILL)) {
            uint256 first = Cron.nextTick(spec, hot.openSince());
            if (tick > first) return (Reason.OutOfOrder, 0);
            if (tick < first) return (Reason.NotInSchedule, 0);
        } else if (!Cron.matches(spec, tick)) {
            return (Reason.NotInSchedule, 0);
        }
    }

    /// @dev Says which ticks were missed for good, if any were, when `tick` runs under BACKFILL.
    function _tellExpired(uint256 triggerId, uint256 hot, uint256 cold, uint256 tick) internal {
        uint256 open = hot.openSince();
        uint256 mark = hot.mark();
        if (open == mark || Cron.nextTick(hot.cronWith(cold >> 160), mark) == tick) return;
        emit TicksExpired(triggerId, mark, open);
    }

    /* DELIVERIES */

    function _judgeDelivery(uint256 triggerId, uint256 hot, bytes calldata input)
        private
        view
        returns (Reason, uint256 nonce, bytes memory payload)
    {
        uint256 head;
        // The first word from the input on, which has at least the sixteen bytes that are read of it.
        assembly ("memory-safe") {
            head := calldataload(input.offset)
        }
        // Lengths of 16 bits, times of 40 bits, a delay of 22.
        unchecked {
            uint256 payloadAt = DELIVERY_INPUT + uint16(head >> 128);
            if (input.length < payloadAt) return (Reason.BadInput, 0, payload);
            uint256 time = uint40(head >> 144);
            nonce = uint64(head >> 184);
            if (_isUsed(triggerId, nonce)) return (Reason.AlreadyDone, nonce, payload);
            if (time > block.timestamp + CLOCK_SKEW) return (Reason.TooEarly, nonce, payload);
            if (time + hot.maxDelay() < block.timestamp) return (Reason.TooLate, nonce, payload);

            bytes calldata signature;
            bytes calldata rest;
            // The two parts of the input behind its head; the second begins inside of it or at its end.
            assembly ("memory-safe") {
                signature.offset := add(input.offset, DELIVERY_INPUT)
                signature.length := sub(payloadAt, DELIVERY_INPUT)
                rest.offset := add(input.offset, payloadAt)
                rest.length := sub(input.length, payloadAt)
            }
            payload = rest;
            return (_judgeSignature(triggerId, hot, nonce, time, payload, signature), nonce, payload);
        }
    }

    function _judgeSignature(
        uint256 triggerId,
        uint256 hot,
        uint256 nonce,
        uint256 time,
        bytes memory payload,
        bytes calldata signature
    ) private view returns (Reason) {
        uint256 text = uint256(_texts[triggerId]);
        bytes memory key;
        bool hashOnly = text & TriggerConfig.TEXT_HASH_ONLY != 0;
        if (text & TriggerConfig.TEXT_KEY == 0) {
            key = _storedKey(triggerId, hot);
            hashOnly = TriggerConfig.read(key, 0, 1) != 0;
        }
        if (hashOnly && payload.length != 32) return Reason.BadInput;
        bytes32 digest = hashOnly ? bytes32(payload) : keccak256(payload);
        digest = Deliveries.digest(triggerId, nonce, time, digest);
        return _isSigned(digest, signature, text, key) ? Reason.None : Reason.BadSignature;
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
        if (key.length != 0) {
            kind = TriggerConfig.read(key, 1, 1);
            text = TriggerConfig.read(key, 2, 20);
            if (kind == TriggerConfig.KEY_P256) {
                uint256 x = TriggerConfig.read(key, 2, 32);
                return Deliveries.isSignedByPoint(x, TriggerConfig.read(key, 34, 32), digest, signature);
            }
        }
        address signer = address(uint160(text));
        if (kind == TriggerConfig.KEY_ERC1271) {
            return Deliveries.isSignedByAccount(signer, digest, signature);
        }
        return Deliveries.isSignedBy(signer, digest, signature);
    }

    /* LOGS */

    function _judgeLog(uint256 triggerId, uint256 hot, uint256 cold, bytes calldata input)
        private
        view
        returns (Reason reason, uint256 key, bytes memory payload)
    {
        if (input.length < LOG_INPUT) return (Reason.BadInput, 0, payload);
        // The sixteen bytes behind the input's first.
        assembly ("memory-safe") {
            key := shr(128, calldataload(add(input.offset, 1)))
        }
        if (_isUsed(triggerId, key)) return (Reason.AlreadyDone, key, payload);
        if (hot.has(TriggerWord.ATTESTED)) {
            (reason, payload) = _attest(triggerId, key, hot, cold, input[LOG_INPUT:]);
            return (reason, key, payload);
        }
        uint256 number = key >> 64;
        if (number <= cold >> 160) return (Reason.TooLate, key, payload);
        bytes32 blockHash = BlockHashLib.blockHash(number);
        if (blockHash == 0) return (Reason.UnknownBlock, key, payload);

        (reason, payload) = _prove(triggerId, key, blockHash, _notBefore(hot), input[LOG_INPUT:]);
    }

    /// @dev Of another chain: blocks cannot be compared, so it must be later than the trigger.
    function _attest(uint256 triggerId, uint256 key, uint256 hot, uint256 cold, bytes calldata input)
        private
        view
        returns (Reason, bytes memory)
    {
        uint256 notBefore = _notBefore(hot);
        uint256 created = cold >> 160;
        if (created >= notBefore) notBefore = created + 1;
        return ATTESTER.judge(address(uint160(uint256(_texts[triggerId]))), key, notBefore, input);
    }

    /// @dev What is older is too late.
    function _notBefore(uint256 hot) private view returns (uint256) {
        uint256 delay = hot.maxDelay();
        return block.timestamp > delay ? block.timestamp - delay : 0;
    }

    /// @dev Says that an execution stands on a quorum's word, with what the attester put behind the log.
    function _tellAttested(uint256 triggerId, uint256 key, bytes memory payload) internal {
        uint256 chainId;
        uint256 quorumId;
        // The fourth and fifth word of five.
        assembly ("memory-safe") {
            chainId := mload(add(payload, 0x80))
            quorumId := mload(add(payload, 0xa0))
        }
        emit LogAttested(triggerId, quorumId, chainId, key);
    }

    function _prove(
        uint256 triggerId,
        uint256 key,
        bytes32 blockHash,
        uint256 notBefore,
        bytes calldata proof
    ) private view returns (Reason, bytes memory) {
        uint256 text = uint256(_texts[triggerId]);
        bytes32 topic = (text >> TriggerConfig.TEXT_TOPICS) & 15 != 0 ? _topics[triggerId] : bytes32(0);
        return PROVER.judge(text, topic, key, blockHash, notBefore, proof);
    }

    /* ONCE */

    function _isUsed(uint256 triggerId, uint256 key) private view returns (bool) {
        return (_used[(triggerId << 128) | (key >> 8)] >> (key & 0xff)) & 1 != 0;
    }

    /// @dev Keeps a delivery or a log from running again. A tick is covered by the mark.
    function _use(uint256 triggerId, uint256 key) internal {
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
