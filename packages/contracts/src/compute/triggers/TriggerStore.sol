// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";
import {Forwarder} from "./Forwarder.sol";
import {TriggerCodec} from "./TriggerCodec.sol";

/// @notice What triggers there are, and whether they may run.
abstract contract TriggerStore is ITriggerRegistry {
    using TriggerWord for uint256;

    TriggerCodec internal immutable CODEC;

    /// @dev The text of a config that does not fit into one, until it is replaced by the address of the config.
    bytes32 private constant STORED = bytes32(uint256(1));

    /* STORAGE */

    /// @inheritdoc ITriggerRegistry
    uint256 public triggerCount;

    struct Words {
        /// A `TriggerWord`.
        uint256 hot;
        /// `cron, lower 96 | agent 160`; of an event trigger the upper bits are the block that it was created in, or the time
        /// if it is for logs of another chain.
        uint256 cold;
    }

    mapping(uint256 triggerId => Words) internal _words;

    /// @dev The packed text of the config, or the address of the config if it does not fit; see `TriggerCodec`.
    mapping(uint256 triggerId => bytes32) internal _texts;

    /// @dev The topic that an event trigger compares, if its text says that it is one.
    mapping(uint256 triggerId => bytes32) internal _topics;

    mapping(address agent => uint256 triggerId) private _newest;

    /// @dev 1 while a trigger runs, or money moves.
    uint256 internal transient _busy;

    constructor(IAttesterQuorums quorums) {
        CODEC = new TriggerCodec(quorums);
    }

    modifier nonReentrant() {
        require(_busy == 0, Reentrancy());
        _busy = 1;
        _;
        _busy = 0;
    }

    /// @dev Whether ether that comes from the ledger may be what is drawn; else somebody withdraws his own to here.
    function _isBusy() internal view returns (bool) {
        return _busy != 0;
    }

    /* AGENTS */

    /// @inheritdoc ITriggerRegistry
    function createTrigger(TriggerType triggerType, bytes calldata config)
        external
        returns (uint256 triggerId)
    {
        (uint256 hot, uint256 cron, bytes32 text, bytes32 topic, bool forwarded) =
            CODEC.pack(msg.sender, triggerType, config);
        uint256 lower = cron;
        if (triggerType == TriggerType.Event) {
            lower = hot.has(TriggerWord.ATTESTED) ? block.timestamp : block.number;
        }

        // Four billion triggers, at some 90,000 gas each, will not be created: ids fit into 32 bits.
        unchecked {
            triggerId = ++triggerCount;
        }
        _words[triggerId].hot = hot.withPrevious(_newest[msg.sender]);
        _words[triggerId].cold = (lower << 160) | uint160(msg.sender);
        if (text != 0) _setText(triggerId, text, config);
        if (topic != 0) _topics[triggerId] = topic;
        _newest[msg.sender] = triggerId;
        emit TriggerCreated(triggerId, msg.sender, triggerType, config);

        if (forwarded && forwarderOf(msg.sender).code.length == 0) {
            new Forwarder{salt: _saltOf(msg.sender)}();
        }
    }

    /// @inheritdoc ITriggerRegistry
    function deactivateTrigger(uint256 triggerId) external {
        uint256 hot = _requireAgent(triggerId);
        require(hot.has(TriggerWord.ACTIVE), TriggerNotActive(triggerId));

        _words[triggerId].hot = hot.clear(TriggerWord.ACTIVE);
        emit TriggerDeactivated(triggerId);
    }

    /// @inheritdoc ITriggerRegistry
    function pauseTrigger(uint256 triggerId) external {
        uint256 hot = _requireAgent(triggerId);
        require(hot.has(TriggerWord.ACTIVE), TriggerNotActive(triggerId));

        _words[triggerId].hot = hot.set(TriggerWord.PAUSED);
        emit TriggerPaused(triggerId, 0);
    }

    /// @inheritdoc ITriggerRegistry
    function resumeTrigger(uint256 triggerId) external {
        uint256 hot = _requireAgent(triggerId);
        require(hot.has(TriggerWord.ACTIVE), TriggerNotActive(triggerId));

        if (hot.has(TriggerWord.PAUSED)) hot = hot.withMark(block.timestamp);
        _words[triggerId].hot = hot.clear(TriggerWord.PAUSED).withFailures(0);
        emit TriggerResumed(triggerId);
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function getTrigger(uint256 triggerId) external view returns (Trigger memory) {
        (uint256 hot, uint256 cold) = _wordsOf(triggerId);
        return Trigger({
            agent: address(uint160(cold)),
            triggerType: TriggerType(hot.triggerType()),
            config: _configOf(triggerId, hot, cold),
            active: hot.runs()
        });
    }

    /// @inheritdoc ITriggerRegistry
    function forwarderOf(address agent) public view returns (address) {
        bytes32 code = keccak256(type(Forwarder).creationCode);
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), address(this), _saltOf(agent), code));
        return address(uint160(uint256(hash)));
    }

    /// @inheritdoc ITriggerRegistry
    function triggersOf(address agent, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory triggerIds, uint256 nextCursor)
    {
        if (limit > triggerCount) limit = triggerCount;
        triggerIds = new uint256[](limit);
        nextCursor = cursor;
        if (cursor == 0) nextCursor = _newest[agent];
        else if (address(uint160(_words[cursor].cold)) != agent) nextCursor = 0;
        uint256 count = 0;
        while (count < limit && nextCursor != 0) {
            triggerIds[count++] = nextCursor;
            nextCursor = _words[nextCursor].hot.previous();
        }
        // Shortens the array to what was filled.
        assembly ("memory-safe") {
            mstore(triggerIds, count)
        }
    }

    /// @inheritdoc ITriggerRegistry
    function allTriggers(uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory triggerIds, uint256 nextCursor)
    {
        uint256 newest = cursor == 0 || cursor > triggerCount ? triggerCount : cursor;
        if (limit > newest) limit = newest;
        triggerIds = new uint256[](limit);
        for (uint256 i = 0; i < limit; ++i) {
            triggerIds[i] = newest - i;
        }
        nextCursor = newest - limit;
    }

    /* INTERNAL */

    function _wordsOf(uint256 triggerId) internal view returns (uint256 hot, uint256 cold) {
        hot = _words[triggerId].hot;
        require(hot != 0, TriggerNotFound(triggerId));
        cold = _words[triggerId].cold;
    }

    function _requireAgent(uint256 triggerId) internal view returns (uint256 hot) {
        uint256 cold;
        (hot, cold) = _wordsOf(triggerId);
        require(msg.sender == address(uint160(cold)), NotAgent(triggerId, msg.sender));
    }

    function _configOf(uint256 triggerId, uint256 hot, uint256 cold) internal view returns (bytes memory) {
        bytes32 text = _texts[triggerId];
        bool stored = text != 0 && text[0] == 0;
        return stored ? _storedConfig(triggerId) : CODEC.unpack(hot, cold >> 160, text, _topics[triggerId]);
    }

    /// @dev The config, where it is not packed.
    function _storedConfig(uint256 triggerId) internal view returns (bytes memory) {
        return SSTORE2.read(address(uint160(uint256(_texts[triggerId]))));
    }

    /// @dev Replaces the config of a trigger by one of which only what is in the text differs.
    function _replaceConfig(uint256 triggerId, TriggerType triggerType, bytes memory config) internal {
        (,, bytes32 text,,) = CODEC.pack(msg.sender, triggerType, config);
        _setText(triggerId, text, config);
    }

    /// @dev Ends the call with what the codec answers.
    function _answerBy(bytes memory data) internal view {
        address codec = address(CODEC);
        // The call ends here, so all memory is free.
        assembly ("memory-safe") {
            let ok := staticcall(gas(), codec, add(data, 0x20), mload(data), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    function _setText(uint256 triggerId, bytes32 text, bytes memory config) private {
        if (text == STORED) text = bytes32(uint256(uint160(SSTORE2.write(config))));
        _texts[triggerId] = text;
    }

    function _saltOf(address agent) private pure returns (bytes32) {
        return bytes32(uint256(uint160(agent)));
    }
}
