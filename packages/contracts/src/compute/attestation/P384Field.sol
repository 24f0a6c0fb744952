// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Arithmetic modulo the prime of P-384, 2^384 - 2^128 - 2^96 + 2^32 - 1. A number is two words, the high one below
/// 2^128; results are below the prime, and so are what `plus` and `minus` take.
library P384Field {
    uint256 private constant LOW_128 = 0xffffffffffffffffffffffffffffffff;
    /// @dev 2^384 less the prime: whoever carries 2^384 away puts this back.
    uint256 private constant FOLD = 0x100000000ffffffffffffffff00000001;
    uint256 private constant PRIME_HIGH = 0xffffffffffffffffffffffffffffffff;
    uint256 private constant PRIME_LOW = 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff;

    /// @notice a * b, of any two numbers below 2^384.
    function times(uint256 a1, uint256 a0, uint256 b1, uint256 b0)
        internal
        pure
        returns (uint256 r1, uint256 r0)
    {
        // `high * 2^384 + low` is the whole product; high folds into high * (2^128 + 2^96 - 2^32 + 1), below 2^514, whose
        // own high part folds once more and leaves less than 2^384 + 2^258. No sum of words overflows unseen: each has its
        // carry taken by `lt`, and the upper words stay below 2^226.
        assembly ("memory-safe") {
            let all := not(0)
            r0 := mul(a0, b0)
            let word := mulmod(a0, b0, all)
            r1 := sub(sub(word, r0), lt(word, r0))
            let part := mul(a1, b0)
            word := mulmod(a1, b0, all)
            let top := sub(sub(word, part), lt(word, part))
            r1 := add(r1, part)
            top := add(top, lt(r1, part))
            part := mul(b1, a0)
            word := mulmod(b1, a0, all)
            top := add(top, sub(sub(word, part), lt(word, part)))
            r1 := add(r1, part)
            top := add(add(top, lt(r1, part)), mul(a1, b1))

            // The number above 2^384 is a1 (high), a0 (low).
            a1 := shr(128, top)
            a0 := or(shl(128, top), shr(128, r1))
            // b1, b0: 2^96 - 2^32 times that.
            b0 := shl(96, a0)
            word := shl(32, a0)
            b1 := sub(sub(or(shl(96, a1), shr(160, a0)), or(shl(32, a1), shr(224, a0))), lt(b0, word))
            b0 := sub(b0, word)
            // The lower 128 bits of what 2^128 gives fall into the same words as r1 and `top`; its high part is a1 again.
            word := shl(128, shr(128, r1))
            r1 := add(add(and(r1, LOW_128), and(top, LOW_128)), add(a1, b1))
            r0 := add(r0, word)
            r1 := add(r1, lt(r0, word))
            r0 := add(r0, a0)
            r1 := add(r1, lt(r0, a0))
            r0 := add(r0, b0)
            r1 := add(r1, lt(r0, b0))

            top := add(a1, shr(128, r1))
            word := shl(128, top)
            r0 := add(r0, word)
            r1 := add(add(and(r1, LOW_128), shr(128, top)), lt(r0, word))
            word := sub(add(shl(96, top), top), shl(32, top))
            r0 := add(r0, word)
            r1 := add(r1, lt(r0, word))

            part := add(r0, FOLD)
            word := add(r1, lt(part, FOLD))
            if shr(128, word) {
                r1 := and(word, LOW_128)
                r0 := part
            }
        }
    }

    /// @notice a * b as it is, in 96 bytes, most significant first.
    function product(uint256 a1, uint256 a0, uint256 b1, uint256 b0) internal pure returns (bytes memory) {
        (uint256 t1, uint256 t0) = _wide(a0, b0);
        (uint256 high, uint256 low) = _wide(a1, b0);
        // The product has 768 bits; only the middle word overflows, and its carries are counted.
        unchecked {
            t1 += low;
            uint256 t2 = high + (t1 < low ? 1 : 0) + a1 * b1;
            (high, low) = _wide(b1, a0);
            t1 += low;
            t2 += high + (t1 < low ? 1 : 0);
            return abi.encodePacked(t2, t1, t0);
        }
    }

    /// @notice a + b.
    function plus(uint256 a1, uint256 a0, uint256 b1, uint256 b0)
        internal
        pure
        returns (uint256 r1, uint256 r0)
    {
        // The sum is below twice the prime: it carries 2^384 once FOLD is added exactly if it reaches the prime.
        assembly ("memory-safe") {
            r0 := add(a0, b0)
            r1 := add(add(a1, b1), lt(r0, a0))
            a0 := add(r0, FOLD)
            a1 := add(r1, lt(a0, FOLD))
            if shr(128, a1) {
                r1 := and(a1, LOW_128)
                r0 := a0
            }
        }
    }

    /// @notice a - b.
    function minus(uint256 a1, uint256 a0, uint256 b1, uint256 b0)
        internal
        pure
        returns (uint256 r1, uint256 r0)
    {
        // A difference below zero shows in its uppermost bit; the prime is then added, as 2^384 - FOLD.
        assembly ("memory-safe") {
            r0 := sub(a0, b0)
            r1 := sub(sub(a1, b1), gt(b0, a0))
            if shr(255, r1) {
                a0 := sub(r0, FOLD)
                r1 := and(sub(r1, lt(r0, FOLD)), LOW_128)
                r0 := a0
            }
        }
    }

    /// @notice Whether a number is below the prime.
    function isReduced(uint256 a1, uint256 a0) internal pure returns (bool) {
        return a1 < PRIME_HIGH || (a1 == PRIME_HIGH && a0 < PRIME_LOW);
    }

    /// @notice The number that 48 bytes of calldata at `from` make, most significant first.
    function load(uint256 from) internal pure returns (uint256 a1, uint256 a0) {
        // Reading calldata has no effect.
        assembly ("memory-safe") {
            a1 := shr(128, calldataload(from))
            a0 := calldataload(add(from, 16))
        }
    }

    function _wide(uint256 a, uint256 b) private pure returns (uint256 high, uint256 low) {
        // a * b modulo 2^256 - 1 less a * b modulo 2^256 is the high word, but for a borrow.
        assembly ("memory-safe") {
            let word := mulmod(a, b, not(0))
            low := mul(a, b)
            high := sub(sub(word, low), lt(word, low))
        }
    }
}
