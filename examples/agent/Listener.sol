// SPDX-License-Identifier: MIT
pragma solidity ^0.8.26;

/// @notice What an event trigger calls: an agent that remembers the last number that a contract logged.
contract Listener {
    /// @notice Only the agent's triggers may say what was logged.
    error NotForwarder(address caller);

    /// @notice Speaks for the triggers of one agent: `TriggerRegistry.forwarderOf(agent)`.
    address public immutable FORWARDER;

    address public emitter;
    uint256 public number;

    constructor(address forwarder) {
        FORWARDER = forwarder;
    }

    /// @notice `log` is `abi.encode(address emitter, bytes32[] topics, bytes data)`, proven to the registry.
    function onTrigger(uint256, uint256, bytes calldata log) external {
        require(msg.sender == FORWARDER, NotForwarder(msg.sender));
        bytes memory data;
        (emitter,, data) = abi.decode(log, (address, bytes32[], bytes));
        number = abi.decode(data, (uint256));
    }
}
