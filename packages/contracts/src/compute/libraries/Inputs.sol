// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {CalldataGas} from "./CalldataGas.sol";

/// @notice The inputs of triggers as they lie in calldata: one behind the other, each padded to words.
library Inputs {
    /// @notice The version of an input that proves a log; any other is of version 1.
    uint256 internal constant PROOF = 2;

    /// @dev Before the receipt: version, place, and what a proof begins with.
    uint256 private constant PROOF_HEAD = 23;

    /// @notice The `index`-th input, which must begin at `place`: none is counted twice.
    function at(bytes[] calldata inputs, uint256 index, uint256 place)
        internal
        pure
        returns (bytes calldata input)
    {
        uint256 start;
        // Places and lengths in calldata, as the ABI has them; those that lead out of it are refused below.
        assembly ("memory-safe") {
            start := add(add(inputs.offset, calldataload(add(inputs.offset, shl(5, index)))), 0x20)
            input.offset := place
            input.length := calldataload(sub(place, 0x20))
        }
        require(
            start == place && input.length <= msg.data.length,
            ITriggerRegistry.InvalidCalldataLength(start, place)
        );
    }

    /// @notice What a transaction pays for the words of an input.
    function gasOf(bytes calldata input) internal pure returns (uint256) {
        uint256 from;
        assembly ("memory-safe") {
            from := input.offset
        }
        uint256 size = padded(input.length);
        unchecked {
            uint256 zeros =
                versionOf(input) == PROOF ? zerosOf(input, from) : CalldataGas.countZeros(from, from + size);
            return CalldataGas.gasOf(size, zeros);
        }
    }

    /// @notice An input's first byte.
    function versionOf(bytes calldata input) internal pure returns (uint256 version) {
        assembly ("memory-safe") {
            version := byte(0, calldataload(input.offset))
        }
    }

    /// @notice How many bytes are zero of the words from `from` on that hold a proof.
    /// @dev What it has of a trie's nodes, behind all else, is not counted: hashes, of whose bytes one in 256 is zero.
    function zerosOf(bytes calldata proof, uint256 from) internal pure returns (uint256) {
        uint256 sizes;
        uint256 end;
        assembly ("memory-safe") {
            sizes := shr(80, calldataload(proof.offset))
            end := add(proof.offset, proof.length)
        }
        // Places in calldata, and sizes of three bytes and of two, behind the log's place.
        unchecked {
            uint256 to = from + padded(proof.length);
            uint256 nodes = from + padded(PROOF_HEAD + uint24(sizes >> 16) + uint16(sizes));
            if (nodes >= to) return CalldataGas.countZeros(from, to);
            return CalldataGas.countZeros(from, nodes) + to - end;
        }
    }

    /// @notice That many bytes of calldata, in whole words.
    function padded(uint256 length) internal pure returns (uint256) {
        unchecked {
            return (length + 31) & ~uint256(31);
        }
    }
}
