// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {ITriggerRegistry} from "./interfaces/ITriggerRegistry.sol";
import {Cron} from "./libraries/Cron.sol";
import {TriggerConfig} from "./libraries/TriggerConfig.sol";

/// @notice What agents want to be run for.
/// @dev Trusted: nobody. A trigger is its agent's; only the agent ends it. Holds no money.
/// @dev What an execution needs lies in two words. `hot`: `cron, upper 48 | previous trigger of the agent 32 | maximum of
///      failures 8 | maximum delay in minutes 16 | gas price limit 16 | gas limit in thousands 16 | flags 8 | failures 8 |
///      mark in minutes 32 | balance 72`. `cold`: `cron, lower 96 | agent 160`. The mark is the time up to which ticks are
///      done with. Balance, gas price limit and failures are for sponsored executions.
contract TriggerRegistry is ITriggerRegistry {
    uint256 private constant MARK = 72;
    uint256 private constant FLAGS = 112;
    uint256 private constant GAS_LIMIT = 120;
    uint256 private constant MAX_DELAY = 152;
    uint256 private constant MAX_FAILURES = 168;
    uint256 private constant PREVIOUS = 176;
    uint256 private constant CRON_UPPER = 208;

    /// @dev Cron's bits that `cold` holds.
    uint256 private constant CRON_SPLIT = 96;

    uint256 private constant ACTIVE = 1;
    uint256 private constant BACKFILL = 2;
    uint256 private constant TYPE_SHIFT = 2;

    /// @dev Ticks are sought between these times.
    uint256 private constant FIRST_TIME = 1 days;
    uint256 private constant LAST_TIME = type(uint40).max;

    uint256 public constant PREMIUM_BPS = 1000;
    uint256 public constant TIP_CAP = 2 gwei;
    uint256 public constant PERIOD = 1 days;
    uint256 public constant NOTICE = 10 minutes;
    ILedgerManager public immutable LEDGER;

    /* STORAGE */

    /// @inheritdoc ITriggerRegistry
    uint256 public triggerCount;

    mapping(uint256 triggerId => uint256) private _hot;
    mapping(uint256 triggerId => uint256) private _cold;

    /// @dev Of a cron trigger that calls its agent without data and has an expression of up to 31 bytes: the expression, its
    ///      length in the first byte; the rest of the config is in the two words. Of any other: the address of the config.
    mapping(uint256 triggerId => bytes32) private _texts;

    mapping(address agent => uint256 triggerId) private _newest;

    constructor(ILedgerManager ledger) {
        LEDGER = ledger;
    }

    /* TRIGGERS */

    /// @inheritdoc ITriggerRegistry
    function createTrigger(TriggerType triggerType, bytes memory config)
        external
        returns (uint256 triggerId)
    {
        TriggerConfig.Config memory parsed = TriggerConfig.parse(triggerType, config);

        // Four billion triggers, at some 90,000 gas each, will not be created: ids fit into 32 bits.
        triggerId = ++triggerCount;
        uint256 flags = ACTIVE | (parsed.backfill ? BACKFILL : 0) | (uint256(triggerType) << TYPE_SHIFT);
        uint256 hot = ((block.timestamp / 60) << MARK) | (flags << FLAGS) | (parsed.gasLimit << GAS_LIMIT)
            | (parsed.maxDelay << MAX_DELAY) | (parsed.maxFailures << MAX_FAILURES)
            | (_newest[msg.sender] << PREVIOUS) | ((parsed.cron >> CRON_SPLIT) << CRON_UPPER);

        _hot[triggerId] = hot;
        _cold[triggerId] = (parsed.cron << 160) | uint160(msg.sender);
        _texts[triggerId] = _store(parsed, config);
        _newest[msg.sender] = triggerId;
        emit TriggerCreated(triggerId, msg.sender, triggerType, config);
    }

    /// @inheritdoc ITriggerRegistry
    function executeTrigger(uint256, bytes memory) external pure {
        revert NotYetSupported("executeTrigger");
    }

    /// @inheritdoc ITriggerRegistry
    function deactivateTrigger(uint256 triggerId) external {
        (uint256 hot, address agent) = _wordsOf(triggerId);
        require(msg.sender == agent, NotAgent(triggerId, msg.sender));
        require(_isActive(hot), TriggerNotActive(triggerId));

        _hot[triggerId] = hot ^ (ACTIVE << FLAGS);
        emit TriggerDeactivated(triggerId);
    }

    function pauseTrigger(uint256) external pure {
        revert NotYetSupported("pauseTrigger");
    }

    function resumeTrigger(uint256) external pure {
        revert NotYetSupported("resumeTrigger");
    }

    function cancelNonce(uint256, uint256) external pure {
        revert NotYetSupported("cancelNonce");
    }

    function updateKey(uint256, uint8, bytes calldata) external pure {
        revert NotYetSupported("updateKey");
    }

    function executeMany(uint256[] calldata, bytes[] calldata) external pure returns (Reason[] memory) {
        revert NotYetSupported("executeMany");
    }

    function sponsor(uint256, uint256, uint256, uint256) external payable {
        revert NotYetSupported("sponsor");
    }

    function fund(uint256) external payable {
        revert NotYetSupported("fund");
    }

    function inviteSponsor(uint256, address) external pure {
        revert NotYetSupported("inviteSponsor");
    }

    function requestWithdraw(uint256) external pure {
        revert NotYetSupported("requestWithdraw");
    }

    function withdraw(uint256) external pure {
        revert NotYetSupported("withdraw");
    }

    function openCredit() external payable {
        revert NotYetSupported("openCredit");
    }

    function collect() external pure returns (uint256) {
        revert NotYetSupported("collect");
    }

    function collectTo(address) external pure returns (uint256) {
        revert NotYetSupported("collectTo");
    }

    function creditOf(address) external pure returns (uint256) {
        revert NotYetSupported("creditOf");
    }

    function triggerDetails(uint256) external pure returns (Details memory) {
        revert NotYetSupported("triggerDetails");
    }

    function isDue(uint256, bytes calldata) external pure returns (bool, Reason) {
        revert NotYetSupported("isDue");
    }

    function dueTick(uint256) external pure returns (uint256) {
        revert NotYetSupported("dueTick");
    }

    function isNonceUsed(uint256, uint256) external pure returns (bool) {
        revert NotYetSupported("isNonceUsed");
    }

    function isLogUsed(uint256, uint256, uint256, uint256) external pure returns (bool) {
        revert NotYetSupported("isLogUsed");
    }

    function deliveryDigest(uint256, uint64, uint64, bytes32) external pure returns (bytes32) {
        revert NotYetSupported("deliveryDigest");
    }

    function forwarderOf(address) external pure returns (address) {
        revert NotYetSupported("forwarderOf");
    }

    function allTriggers(uint256, uint256) external pure returns (uint256[] memory, uint256) {
        revert NotYetSupported("allTriggers");
    }

    /* VIEWS */

    /// @inheritdoc ITriggerRegistry
    function getTrigger(uint256 triggerId) external view returns (Trigger memory) {
        (uint256 hot, address agent) = _wordsOf(triggerId);
        return Trigger({
            agent: agent, triggerType: _typeOf(hot), config: _configOf(triggerId, hot), active: _isActive(hot)
        });
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
        else if (address(uint160(_cold[cursor])) != agent) nextCursor = 0;
        uint256 count = 0;
        while (count < limit && nextCursor != 0) {
            triggerIds[count++] = nextCursor;
            nextCursor = uint32(_hot[nextCursor] >> PREVIOUS);
        }
        // Shortens the array to what was filled.
        assembly ("memory-safe") {
            mstore(triggerIds, count)
        }
    }

    /// @inheritdoc ITriggerRegistry
    function nextTick(uint256 triggerId) external view returns (uint256) {
        return nextTickAfter(triggerId, block.timestamp);
    }

    /// @inheritdoc ITriggerRegistry
    function nextTickAfter(uint256 triggerId, uint256 time) public view returns (uint256) {
        (uint256 hot,) = _wordsOf(triggerId);
        require(_typeOf(hot) == TriggerType.Cron, NotCron(triggerId));
        require(time >= FIRST_TIME && time <= LAST_TIME, InvalidTime(time));
        return Cron.nextTick(_cronOf(triggerId, hot), time);
    }

    /* INTERNAL */

    function _store(TriggerConfig.Config memory parsed, bytes memory config) private returns (bytes32) {
        bool plain = parsed.target == address(0) && parsed.dataLength == 0;
        uint256 length = parsed.expression.length;
        if (plain && length != 0 && length < 32) return LibString.packOne(string(parsed.expression));
        return bytes32(uint256(uint160(SSTORE2.write(config))));
    }

    function _configOf(uint256 triggerId, uint256 hot) private view returns (bytes memory) {
        bytes32 text = _texts[triggerId];
        if (text[0] == 0) return SSTORE2.read(address(uint160(uint256(text))));

        uint256 policy = _flagsOf(hot) & BACKFILL == 0 ? 0 : 1;
        return abi.encodePacked(
            uint8(TriggerConfig.VERSION),
            uint8(hot >> MAX_FAILURES),
            uint16(hot >> MAX_DELAY),
            uint16(hot >> GAS_LIMIT),
            address(0),
            uint16(0),
            uint8(policy),
            Cron.quarterHoursOf(_cronOf(triggerId, hot)),
            LibString.unpackOne(text)
        );
    }

    function _cronOf(uint256 triggerId, uint256 hot) private view returns (uint256) {
        return ((hot >> CRON_UPPER) << CRON_SPLIT) | (_cold[triggerId] >> 160);
    }

    function _wordsOf(uint256 triggerId) private view returns (uint256 hot, address agent) {
        hot = _hot[triggerId];
        require(hot != 0, TriggerNotFound(triggerId));
        agent = address(uint160(_cold[triggerId]));
    }

    function _typeOf(uint256 hot) private pure returns (TriggerType) {
        return TriggerType(_flagsOf(hot) >> TYPE_SHIFT);
    }

    function _isActive(uint256 hot) private pure returns (bool) {
        return _flagsOf(hot) & ACTIVE != 0;
    }

    function _flagsOf(uint256 hot) private pure returns (uint256) {
        return uint8(hot >> FLAGS);
    }
}
