// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What an agent implements to be run by its triggers.
interface ITriggered {
    /// @notice Called by the TriggerRegistry, once for each key of a trigger. Check who calls.
    /// @param key the tick, the delivery's nonce, or the log as `block << 64 | transaction << 32 | log in its receipt`.
    /// @param payload nothing, the delivery's payload or hash, or `abi.encode(address emitter, bytes32[] topics, bytes data)`.
    function onTrigger(uint256 triggerId, uint256 key, bytes calldata payload) external;
}
