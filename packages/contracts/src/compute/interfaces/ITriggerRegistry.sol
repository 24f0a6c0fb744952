// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {INotYetSupported} from "./INotYetSupported.sol";

/// @notice Runs agents when something happens: a time, a signed delivery, a log on chain.
/// @dev `config` is a versioned byte string, big endian, checked when the trigger is created and given back byte for byte:
///
///      | bytes | field                                                                              |
///      | ----- | ---------------------------------------------------------------------------------- |
///      | 1     | version, 1                                                                         |
///      | 1     | failures in a row after which the trigger pauses; 0 for never                      |
///      | 2     | how many minutes after it is due an execution may still happen, at least 1         |
///      | 2     | gas limit of the call in thousands, up to 10,000; 0 for no call on chain           |
///      | 20    | target of the call; zero for the agent itself                                      |
///      | 2     | n, length of the call's data, at most 4,096                                        |
///      | n     | the call's data; empty for the default callback                                    |
///
///      then, for a cron trigger
///
///      | 1     | policy: 0 missed ticks fold into one run, 1 every tick runs in order               |
///      | 1     | offset from UTC in quarter hours, signed, -56 to 56                                |
///      | rest  | the five fields, at most 128 bytes: minute hour day-of-month month day-of-week     |
///
///      for a webhook trigger
///
///      | 1     | payload: 0 passed to the call, 1 only its hash                                     |
///      | 1     | key: 0 secp256k1 address, 1 P-256 point, 2 ERC-1271 account                        |
///      | rest  | the key: an address (20), or x and y (64)                                          |
///
///      for an event trigger
///
///      | 20    | the contract that emits the log, not zero                                          |
///      | 1     | which of the four topics are compared, one bit each, lowest first                  |
///      | rest  | those topics, 32 bytes each                                                        |
interface ITriggerRegistry is INotYetSupported {
    enum TriggerType {
        Cron,
        Webhook,
        Event
    }

    struct Trigger {
        address agent;
        TriggerType triggerType;
        bytes config;
        bool active;
    }

    /// @notice No trigger has this id.
    error TriggerNotFound(uint256 triggerId);

    /// @notice The trigger was deactivated, which is for ever.
    error TriggerNotActive(uint256 triggerId);

    /// @notice Only the trigger's agent may do this.
    error NotAgent(uint256 triggerId, address caller);

    /// @notice Only cron triggers have ticks.
    error NotCron(uint256 triggerId);

    /// @notice This registry knows version 1 of configs.
    error UnknownConfigVersion(uint8 version);

    /// @notice The config is `got` bytes long where `wanted` are needed, or allowed.
    error InvalidConfigLength(uint256 got, uint256 wanted);

    /// @notice A field of the config is out of bounds; `field` is its name.
    error InvalidConfig(string field, uint256 value);

    /// @notice A field of the cron expression, 0 to 4, does not parse; `position` is the byte where.
    error InvalidCron(uint256 field, uint256 position);

    /// @notice Ticks are sought after 2 January 1970 and up to 2^40 - 1.
    error InvalidTime(uint256 time);

    /// @notice The cron expression names no day that exists, like 30 February.
    error NeverDue(string expression);

    /// @notice `agent` created a trigger.
    event TriggerCreated(
        uint256 indexed triggerId, address indexed agent, TriggerType indexed triggerType, bytes config
    );

    /// @notice The agent deactivated its trigger.
    event TriggerDeactivated(uint256 indexed triggerId);

    /// @notice Creates a trigger of the caller, who is its agent. Reverts if it could never fire.
    /// @return triggerId from 1.
    function createTrigger(TriggerType triggerType, bytes memory config) external returns (uint256 triggerId);

    /// @notice Runs a trigger that is due. Not yet supported.
    function executeTrigger(uint256 triggerId, bytes memory input) external;

    /// @notice Ends a trigger for ever. By its agent.
    function deactivateTrigger(uint256 triggerId) external;

    /// @notice The trigger, its config as it was given.
    function getTrigger(uint256 triggerId) external view returns (Trigger memory);

    /// @notice The agent's triggers, newest first, deactivated ones included.
    /// @param cursor 0 for the newest, then the one returned.
    /// @param limit triggers to read.
    /// @return triggerIds what was read.
    /// @return nextCursor 0 at the end.
    function triggersOf(address agent, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory triggerIds, uint256 nextCursor);

    /// @notice How many triggers were created; ids run from 1 to this.
    function triggerCount() external view returns (uint256);

    /// @notice The first tick of a cron trigger after now.
    function nextTick(uint256 triggerId) external view returns (uint256);

    /// @notice The first tick of a cron trigger after `time`.
    function nextTickAfter(uint256 triggerId, uint256 time) external view returns (uint256);
}
