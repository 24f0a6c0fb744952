// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a transaction pays for its data, from EIP-2028, and at least, from EIP-7623.
library CalldataGas {
    uint256 private constant NONZERO = 16;
    uint256 private constant ZERO = 4;
    uint256 private constant FLOOR_NONZERO = 40;
    uint256 private constant FLOOR_ZERO = 10;

    uint256 private constant LOW_BITS = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;
    uint256 private constant EVEN_BYTES = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant PAIRS = 0x0001000100010001000100010001000100010001000100010001000100010001;
    uint256 private constant BYTES = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @notice The gas of that many bytes of data, some of them zero.
    function gasOf(uint256 size, uint256 zeros) internal pure returns (uint256) {
        // Calldata's length is below 2^64, and there are no more zeros than bytes.
        unchecked {
            return NONZERO * size - (NONZERO - ZERO) * zeros;
        }
    }

    /// @notice The least that a transaction pays for them.
    function floorOf(uint256 size, uint256 zeros) internal pure returns (uint256) {
        // As above.
        unchecked {
            return FLOOR_NONZERO * size - (FLOOR_NONZERO - FLOOR_ZERO) * zeros;
        }
    }

    /// @notice How many bytes are zero of calldata from `from` to `to`, whose distance is a multiple of 32.
    function countZeros(uint256 from, uint256 to) internal pure returns (uint256 zeros) {
        // Reads calldata only. Of each byte the top bit becomes 1 if and only if the byte is not zero. A lane of eight bits for
        // each byte of a word does not overflow in 255 words; the lanes of up to three words make at most 96. Lanes of 16 bits
        // hold two lanes of eight, and all sixteen make at most 8,160.
        assembly ("memory-safe") {
            let low := LOW_BITS
            let high := not(low)
            let lanes := 0
            zeros := sub(to, from)
            for { let end := add(from, and(zeros, 127)) } lt(from, end) { from := add(from, 32) } {
                let word := calldataload(from)
                lanes := add(lanes, shr(7, and(or(add(and(word, low), low), word), high)))
            }
            zeros := sub(zeros, shr(248, mul(lanes, BYTES)))
            // four words at a time, which saves a third of the gas
            for {} lt(from, to) {} {
                let end := to
                if gt(sub(to, from), 8064) { end := add(from, 8064) }
                lanes := 0
                for {} lt(from, end) { from := add(from, 128) } {
                    let word := calldataload(from)
                    lanes := add(lanes, shr(7, and(or(add(and(word, low), low), word), high)))
                    word := calldataload(add(from, 32))
                    lanes := add(lanes, shr(7, and(or(add(and(word, low), low), word), high)))
                    word := calldataload(add(from, 64))
                    lanes := add(lanes, shr(7, and(or(add(and(word, low), low), word), high)))
                    word := calldataload(add(from, 96))
                    lanes := add(lanes, shr(7, and(or(add(and(word, low), low), word), high)))
                }
                lanes := add(and(lanes, EVEN_BYTES), and(shr(8, lanes), EVEN_BYTES))
                zeros := sub(zeros, shr(240, mul(lanes, PAIRS)))
            }
        }
    }
}
