// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {CalldataGas} from "./CalldataGas.sol";

/// @notice The inputs of triggers as they lie in calldata: one behind the other, each padded to words.
library Inputs {
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
            return CalldataGas.gasOf(size, CalldataGas.countZeros(from, from + size));
        }
    }

    /// @notice That many bytes of calldata, in whole words.
    function padded(uint256 length) internal pure returns (uint256) {
        unchecked {
            return (length + 31) & ~uint256(31);
        }
    }
}
