// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {Cron} from "../libraries/Cron.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";

/// @notice What a sponsor agreed to, and what of it is left: two words.
struct TriggerTerms {
    address sponsor;
    uint40 expiry;
    uint40 withdrawableAt;
    uint72 perPeriod;
    /// What of it could be drawn at `updatedAt`.
    uint72 available;
    uint40 updatedAt;
}

/// @notice Checks configs and packs them into words, and back. A contract of its own, without state or trust, because the
///         registry has no room for it.
/// @dev What of a config is not in `TriggerWord` is its text, by the first byte. 1 to 31: the length of the cron expression
///      that follows. From EVENT on: who emits, and which topic, if any, is compared, which is the topic. From KEY on: a webhook's
///      key, an address, with its payload mode and kind. 0, and nothing else: the cron expression is the one that most would
///      write. 0 else: it does not fit.
contract TriggerCodec {
    using TriggerWord for uint256;

    /// @notice The text of a config that does not fit, until it is replaced by the address of where it is.
    bytes32 public constant STORED = bytes32(uint256(1));

    uint256 private constant EVENT = TriggerConfig.TEXT_EVENT;
    uint256 private constant KEY = TriggerConfig.TEXT_KEY;
    uint256 private constant KEY_ERC1271 = TriggerConfig.TEXT_ERC1271;
    uint256 private constant KEY_HASH_ONLY = TriggerConfig.TEXT_HASH_ONLY;

    IAttesterQuorums private immutable QUORUMS;

    constructor(IAttesterQuorums quorums) {
        QUORUMS = quorums;
    }

    /// @notice Checks a config of `agent` and packs it. Reverts with the registry's errors if it is wrong or could never fire.
    /// @return hot its `TriggerWord`, active, with the mark at now.
    /// @return cron the compiled expression, 0 if it has none.
    /// @return text what else there is, STORED if that does not fit.
    /// @return topic what does not fit into the text of an event, 0 if nothing.
    /// @return forwarded whether the call goes through a forwarder.
    function pack(address agent, ITriggerRegistry.TriggerType triggerType, bytes calldata config)
        external
        view
        returns (uint256 hot, uint256 cron, bytes32 text, bytes32 topic, bool forwarded)
    {
        TriggerConfig.Config memory parsed = TriggerConfig.parse(triggerType, config);
        forwarded = parsed.target != address(0) && parsed.target != agent;
        uint256 flags = TriggerWord.ACTIVE;
        if (parsed.backfill) flags |= TriggerWord.BACKFILL;
        if (forwarded || parsed.dataLength != 0) flags |= TriggerWord.CUSTOM;
        if (parsed.chainId != 0) {
            flags |= TriggerWord.ATTESTED;
            // reverts where there is no such quorum
            QUORUMS.quorumOf(parsed.quorumId);
        }
        cron = parsed.cron;
        hot = TriggerWord.make(
            uint256(triggerType), flags, parsed.gasLimit, parsed.maxDelay, parsed.maxFailures, cron
        );
        bool plain = parsed.target == address(0) && parsed.dataLength == 0;
        text = plain ? _textOf(triggerType, parsed) : STORED;
        if (text != STORED) topic = parsed.topic;
    }

    /// @notice The config of which `pack` made this, where it is not stored.
    function unpack(uint256 hot, uint256 cronLower, bytes32 text, bytes32 topic)
        external
        pure
        returns (bytes memory)
    {
        bytes memory header = abi.encodePacked(
            uint8(TriggerConfig.VERSION),
            uint8(hot.maxFailures()),
            uint16(hot.maxDelay() / 60),
            uint16(hot.gasLimit() / 1000),
            address(0),
            uint16(0)
        );
        uint256 key = uint256(text);
        if (key & KEY != 0) {
            uint8 payload = key & KEY_HASH_ONLY != 0 ? 1 : 0;
            uint8 kind = key & KEY_ERC1271 != 0 ? 2 : 0;
            return abi.encodePacked(header, payload, kind, uint160(key));
        }
        if (key & EVENT != 0) {
            uint8 topics = uint8((key >> TriggerConfig.TEXT_TOPICS) & 15);
            bytes memory config = abi.encodePacked(header, uint160(key), topics);
            return topics == 0 ? config : abi.encodePacked(config, topic);
        }
        uint8 policy = hot.has(TriggerWord.BACKFILL) ? 1 : 0;
        uint256 cron = hot.cronWith(cronLower);
        if (text == 0) text = Cron.textOf(cron);
        return abi.encodePacked(header, policy, Cron.quarterHoursOf(cron), LibString.unpackOne(text));
    }

    /// @notice What the words, and those of `TriggerTerms`, say, in the form of `ITriggerRegistry.triggerDetails`.
    /// @param config where SSTORE2 put the config, if it did.
    function details(
        uint256 hot,
        uint256 cold,
        address target,
        uint256 refillable,
        uint256 whose,
        uint256 terms,
        address config
    ) external view returns (ITriggerRegistry.Details memory all) {
        if (hot.has(TriggerWord.ATTESTED)) {
            bytes memory stored = SSTORE2.read(config);
            all.attested = true;
            (all.chainId, all.quorumId) = TriggerConfig.sourceOf(stored, TriggerConfig.tailOf(stored));
        }
        all.agent = address(uint160(cold));
        all.triggerType = ITriggerRegistry.TriggerType(hot.triggerType());
        all.deactivated = !hot.has(TriggerWord.ACTIVE);
        all.paused = hot.has(TriggerWord.PAUSED);
        all.failuresInARow = hot.failures();
        all.maxFailures = hot.maxFailures();
        all.maxDelay = hot.maxDelay();
        all.gasLimit = hot.gasLimit();
        all.target = target;
        if (all.triggerType == ITriggerRegistry.TriggerType.Cron) {
            uint256 spec = hot.cronWith(cold >> 160);
            all.doneUntil = hot.mark();
            all.nextTick = Cron.nextTick(spec, block.timestamp);
            uint256 due = Cron.nextTick(spec, hot.openSince());
            if (due <= block.timestamp && !all.deactivated && !all.paused) all.dueTick = due;
        }
        all.sponsor = address(uint160(whose));
        all.balance = hot.balance();
        all.refillable = refillable;
        all.perPeriod = uint72(terms);
        all.maxGasPrice = hot.maxGasPrice();
        all.expiry = uint40(whose >> 160);
        all.withdrawableAt = uint40(whose >> 200);
    }

    function _textOf(ITriggerRegistry.TriggerType triggerType, TriggerConfig.Config memory parsed)
        private
        pure
        returns (bytes32)
    {
        if (triggerType == ITriggerRegistry.TriggerType.Cron) {
            if (parsed.expression.length > 31) return STORED;
            bytes32 packed = LibString.packOne(string(parsed.expression));
            return packed == Cron.textOf(parsed.cron) ? bytes32(0) : packed;
        }
        if (triggerType == ITriggerRegistry.TriggerType.Event) {
            uint256 topics = parsed.topics;
            if (parsed.chainId != 0 || (topics != 0 && topics & (topics - 1) != 0)) return STORED;
            return bytes32(EVENT | (topics << TriggerConfig.TEXT_TOPICS) | parsed.emitter);
        }
        if (parsed.keyKind == TriggerConfig.KEY_P256) return STORED;
        uint256 text = KEY | parsed.key;
        if (parsed.keyKind == TriggerConfig.KEY_ERC1271) text |= KEY_ERC1271;
        if (parsed.payload == TriggerConfig.PAYLOAD_HASH) text |= KEY_HASH_ONLY;
        return bytes32(text);
    }
}
