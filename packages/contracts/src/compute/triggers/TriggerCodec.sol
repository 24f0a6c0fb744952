// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";

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
///      that follows. From KEY on: a webhook's key, an address, with its payload mode and kind. 0: it does not fit.
contract TriggerCodec {
    using TriggerWord for uint256;

    uint256 private constant KEY = TriggerConfig.TEXT_KEY;
    uint256 private constant KEY_ERC1271 = TriggerConfig.TEXT_ERC1271;
    uint256 private constant KEY_HASH_ONLY = TriggerConfig.TEXT_HASH_ONLY;

    /// @notice Checks a config of `agent` and packs it. Reverts with the registry's errors if it is wrong or could never fire.
    /// @return hot its `TriggerWord`, active, with the mark at now.
    /// @return cron the compiled expression, 0 if it has none.
    /// @return text what else there is, 0 if that does not fit.
    /// @return forwarded whether the call goes through a forwarder.
    function pack(address agent, ITriggerRegistry.TriggerType triggerType, bytes calldata config)
        external
        view
        returns (uint256 hot, uint256 cron, bytes32 text, bool forwarded)
    {
        TriggerConfig.Config memory parsed = TriggerConfig.parse(triggerType, config);
        forwarded = parsed.target != address(0) && parsed.target != agent;
        uint256 flags = TriggerWord.ACTIVE;
        if (parsed.backfill) flags |= TriggerWord.BACKFILL;
        if (forwarded || parsed.dataLength != 0) flags |= TriggerWord.CUSTOM;
        cron = parsed.cron;
        hot = TriggerWord.make(
            uint256(triggerType), flags, parsed.gasLimit, parsed.maxDelay, parsed.maxFailures, cron
        );
        if (parsed.target == address(0) && parsed.dataLength == 0) text = _textOf(triggerType, parsed);
    }

    /// @notice The config of which `pack` made this, where `text` is not 0.
    function unpack(uint256 hot, uint256 cronLower, bytes32 text) external pure returns (bytes memory) {
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
        uint8 policy = hot.has(TriggerWord.BACKFILL) ? 1 : 0;
        int8 offset = Cron.quarterHoursOf(hot.cronWith(cronLower));
        return abi.encodePacked(header, policy, offset, LibString.unpackOne(text));
    }

    /// @notice What the words, and those of `TriggerTerms`, say, in the form of `ITriggerRegistry.triggerDetails`.
    function details(
        uint256 hot,
        uint256 cold,
        address target,
        uint256 refillable,
        uint256 whose,
        uint256 terms
    ) external view returns (ITriggerRegistry.Details memory all) {
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
            return parsed.expression.length < 32 ? LibString.packOne(string(parsed.expression)) : bytes32(0);
        }
        if (triggerType == ITriggerRegistry.TriggerType.Event) return 0;
        if (parsed.keyKind == TriggerConfig.KEY_P256) return 0;
        uint256 text = KEY | parsed.key;
        if (parsed.keyKind == TriggerConfig.KEY_ERC1271) text |= KEY_ERC1271;
        if (parsed.payload == TriggerConfig.PAYLOAD_HASH) text |= KEY_HASH_ONLY;
        return bytes32(text);
    }
}
