// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {ReceiptProof} from "../libraries/ReceiptProof.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";

/// @notice Judges whether a block has the log that a trigger waits for. A contract of its own, without state or trust, because
///         the registry has no room for it.
contract LogProver {
    using ReceiptProof for ReceiptProof.Log;

    /// @notice Never reverts, whatever the proof.
    /// @param text as `TriggerCodec` packed the trigger's config, or where SSTORE2 put it.
    /// @param topic the one to compare, if the text says so.
    /// @param key the log, as `ITriggerRegistry.TriggerExecuted` has it.
    /// @param notBefore the block's time must be this or later.
    /// @return reason `None`, `BadProof`, `TooLate` or `OtherLog`.
    /// @return payload what the agent is called with.
    function judge(
        uint256 text,
        bytes32 topic,
        uint256 key,
        bytes32 blockHash,
        uint256 notBefore,
        bytes calldata proof
    ) external view returns (ITriggerRegistry.Reason reason, bytes memory payload) {
        (bool found, ReceiptProof.Log memory log) =
            ReceiptProof.find(proof, blockHash, uint32(key >> 32), uint32(key));
        if (!found) return (ITriggerRegistry.Reason.BadProof, "");
        if (log.time < notBefore) return (ITriggerRegistry.Reason.TooLate, "");
        bool wanted = text & TriggerConfig.TEXT_EVENT != 0
            ? _isPacked(text, topic, log)
            : _isWanted(SSTORE2.read(address(uint160(text))), log);
        if (!wanted) return (ITriggerRegistry.Reason.OtherLog, "");

        payload = log.encode();
    }

    /// @dev Against a text, which compares one topic or none.
    function _isPacked(uint256 text, bytes32 topic, ReceiptProof.Log memory log) private pure returns (bool) {
        if (log.emitter != address(uint160(text))) return false;

        uint256 compared = (text >> TriggerConfig.TEXT_TOPICS) & 15;
        if (compared == 0) return true;
        uint256 index = compared == 8 ? 3 : compared >> 1;
        return index < log.topicCount && log.topic(index) == topic;
    }

    /// @dev Against the config: `header | data | emitter 20 | which topics 1 | topics`.
    function _isWanted(bytes memory config, ReceiptProof.Log memory log) private pure returns (bool) {
        uint256 at = TriggerConfig.tailOf(config);
        if (uint160(log.emitter) != TriggerConfig.read(config, at, 20)) return false;

        uint256 compared = TriggerConfig.read(config, at + 20, 1);
        at += 21;
        for (uint256 i = 0; compared != 0; ++i) {
            if (compared & 1 != 0) {
                if (i >= log.topicCount || uint256(log.topic(i)) != TriggerConfig.read(config, at, 32)) {
                    return false;
                }
                at += 32;
            }
            compared >>= 1;
        }
        return true;
    }
}
