// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {AttestedLog} from "../libraries/AttestedLog.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";

/// @notice Judges whether a quorum says that another chain has the log that a trigger waits for. A contract of its own, without
///         state, because the registry has no room for it.
/// @dev Trusted: the quorum that the trigger's config names, for what happens on that chain.
contract LogAttester {
    /// @dev What an input has at least, and up to the topics: time and count.
    uint256 private constant HEAD = 6;

    uint256 private constant MAX_TOPICS = 4;
    uint256 private constant CLOCK_SKEW = 5 minutes;

    IAttesterQuorums private immutable QUORUMS;

    constructor(IAttesterQuorums quorums) {
        QUORUMS = quorums;
    }

    /// @notice Never reverts, whatever the input. What is signed is of the caller's domain.
    /// @param config where SSTORE2 put the trigger's config.
    /// @param key the log, as `ITriggerRegistry.TriggerExecuted` has it.
    /// @param notBefore the log's time must be this or later.
    /// @param input what follows the key: `time 5 | number of topics 1 | topics | length of data 2 | data | signatures`.
    /// @return reason `None`, `BadInput`, `TooEarly`, `TooLate`, `OtherLog` or `BadSignature`.
    /// @return payload what the agent is called with.
    function judge(address config, uint256 key, uint256 notBefore, bytes calldata input)
        external
        view
        returns (ITriggerRegistry.Reason, bytes memory payload)
    {
        (bool read, AttestedLog.Log memory log, bytes calldata signatures) = _read(key, input);
        if (!read) return (ITriggerRegistry.Reason.BadInput, payload);
        if (log.time > block.timestamp + CLOCK_SKEW) return (ITriggerRegistry.Reason.TooEarly, payload);
        if (log.time < notBefore) return (ITriggerRegistry.Reason.TooLate, payload);

        bytes memory wanted = SSTORE2.read(config);
        uint256 at = TriggerConfig.tailOf(wanted);
        uint256 quorumId;
        (log.chainId, quorumId) = TriggerConfig.sourceOf(wanted, at);
        log.emitter = address(uint160(TriggerConfig.read(wanted, at, 20)));
        if (!_isWanted(wanted, at, log.topics)) return (ITriggerRegistry.Reason.OtherLog, payload);
        // Not enough signatures, or not of members with a stake, is all that it reverts for.
        try QUORUMS.requireQuorum(quorumId, AttestedLog.digest(log, msg.sender), signatures) {}
        catch {
            return (ITriggerRegistry.Reason.BadSignature, payload);
        }
        payload = abi.encode(log.emitter, log.topics, log.data, log.chainId, quorumId);
        return (ITriggerRegistry.Reason.None, payload);
    }

    function _read(uint256 key, bytes calldata input)
        private
        pure
        returns (bool, AttestedLog.Log memory log, bytes calldata signatures)
    {
        signatures = input[0:0];
        if (input.length < HEAD) return (false, log, signatures);
        log.key = key;
        log.time = uint40(bytes5(input[0:5]));
        uint256 count = uint8(input[5]);
        uint256 at = HEAD + 32 * count;
        if (count > MAX_TOPICS || input.length < at + 2) return (false, log, signatures);
        log.topics = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            log.topics[i] = bytes32(input[HEAD + 32 * i:]);
        }
        uint256 end = at + 2 + uint16(bytes2(input[at:at + 2]));
        if (input.length < end) return (false, log, signatures);
        log.data = input[at + 2:end];
        return (true, log, input[end:]);
    }

    /// @dev Against the config: `emitter 20 | which topics 1 | chain 8 | quorum 32 | topics`.
    function _isWanted(bytes memory config, uint256 at, bytes32[] memory topics) private pure returns (bool) {
        uint256 compared = TriggerConfig.read(config, at + 20, 1) & (TriggerConfig.OTHER_CHAIN - 1);
        at += 21 + TriggerConfig.SOURCE;
        for (uint256 i = 0; compared != 0; ++i) {
            if (compared & 1 != 0) {
                if (i >= topics.length || uint256(topics[i]) != TriggerConfig.read(config, at, 32)) {
                    return false;
                }
                at += 32;
            }
            compared >>= 1;
        }
        return true;
    }
}
