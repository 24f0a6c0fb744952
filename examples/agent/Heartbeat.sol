// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice An agent that counts how often it was woken, and remembers what for.
contract Heartbeat {
    uint256 public beats;
    uint256 public lastKey;

    /// @notice It was woken for the `beats`-th time.
    event Beat(uint256 beats);

    /// @notice What a trigger calls unless it is told otherwise: `key` is the tick, or the delivery's nonce.
    /// @dev Anyone may call this one. An agent with something to lose checks that `msg.sender` is the TriggerRegistry, or, as the
    ///      target of another agent's trigger, that agent's forwarder: `TriggerRegistry.forwarderOf(agent)`.
    function onTrigger(uint256, uint256 key, bytes calldata) external {
        beats++;
        lastKey = key;
        emit Beat(beats);
    }
}
