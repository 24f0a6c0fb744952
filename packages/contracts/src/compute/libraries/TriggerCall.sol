// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggered} from "../interfaces/ITriggered.sol";

/// @notice How an agent is called: with the gas it was promised or not at all, and whatever it does.
library TriggerCall {
    /// @dev What a forwarder uses up around its call, but for the copy: the target's account from cold, and the checks.
    uint256 private constant FORWARDER_GAS = 10_000;

    /// @notice The default callback's data.
    function encode(uint256 triggerId, uint256 key, bytes memory payload)
        internal
        pure
        returns (bytes memory data)
    {
        bytes4 selector = ITriggered.onTrigger.selector;
        // As `abi.encodeCall` would: four words behind the selector and the payload, padded with zeros; memory up to the next
        // word is taken.
        assembly ("memory-safe") {
            data := mload(0x40)
            let size := mload(payload)
            let padded := and(add(size, 31), not(31))
            mstore(data, add(132, padded))
            mstore(add(data, 0x20), selector)
            mstore(add(data, 0x24), triggerId)
            mstore(add(data, 0x44), key)
            mstore(add(data, 0x64), 0x60)
            // the last word of the payload, or the size if there is none
            mstore(add(data, add(0x84, padded)), 0)
            mstore(add(data, 0x84), size)
            mcopy(add(data, 0xa4), add(payload, 0x20), size)
            mstore(0x40, and(add(add(data, add(0xa4, padded)), 31), not(31)))
        }
    }

    /// @notice Calls the default callback of `agent`, without a payload.
    function tick(address agent, uint256 gasLimit, uint256 triggerId, uint256 time)
        internal
        returns (bool success)
    {
        bytes4 selector = ITriggered.onTrigger.selector;
        // As `encode` for no payload; what is written lies in free memory and is left there.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 0x04), triggerId)
            mstore(add(data, 0x24), time)
            mstore(add(data, 0x44), 0x60)
            mstore(add(data, 0x64), 0)
            success := call(gasLimit, agent, 0, data, 0x84, 0, 0)
        }
    }

    /// @notice What a forwarder is called with to call `target` with `gasLimit`.
    function forward(address target, uint256 gasLimit, bytes memory data)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(target, uint32(gasLimit), data);
    }

    /// @notice The gas that must be left so that a call gets `gasLimit`: a call keeps a 64th back.
    function gasFor(uint256 gasLimit) internal pure returns (uint256) {
        // A gas limit is below 2^24.
        unchecked {
            return gasLimit + gasLimit / 63 + 1;
        }
    }

    /// @notice The gas that a forwarder must get so that its target gets `gasLimit`: it copies `size` bytes into fresh memory.
    function forwarderGas(uint256 gasLimit, uint256 size) internal pure returns (uint256) {
        // A size in memory is far below 2^64.
        unchecked {
            uint256 words = size / 32 + 5;
            return gasFor(gasLimit) + FORWARDER_GAS + 6 * words + words * words / 512;
        }
    }

    /// @notice Calls `to`. Copies nothing that it returns, so it cannot make the caller pay for that.
    function send(address to, uint256 gasLimit, bytes memory data) internal returns (bool success) {
        // No memory is written.
        assembly ("memory-safe") {
            success := call(gasLimit, to, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
