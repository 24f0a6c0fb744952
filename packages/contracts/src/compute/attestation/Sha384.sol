// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice SHA-384 (FIPS 180-4).
library Sha384 {
    uint256 private constant BLOCK = 128;
    uint256 private constant ROUNDS = 80;
    uint256 private constant MASK = 0xffffffffffffffff;

    /// @notice The digest, its first 16 bytes in `high` and the others in `low`.
    function hash(bytes memory message) internal pure returns (uint256 high, uint256 low) {
        bytes memory padded = _pad(message);
        uint256[8] memory state = [
            uint256(0xcbbb9d5dc1059ed8),
            0x629a292a367cd507,
            0x9159015a3070dd17,
            0x152fecd8f70e5939,
            0x67332667ffc00b31,
            0x8eb44a8768581511,
            0xdb0c2e0d64f98fa7,
            0x47b5481dbefa4fa4
        ];
        uint256[2 * ROUNDS] memory schedule = _constants();
        for (uint256 at = 0; at < padded.length; at += BLOCK) {
            _expand(schedule, padded, at);
            _compress(schedule, state);
        }
        high = (state[0] << 64) | state[1];
        low = (state[2] << 192) | (state[3] << 128) | (state[4] << 64) | state[5];
    }

    /// @dev A one bit, zeros, and the length in bits as 128 bits, to a multiple of the block.
    function _pad(bytes memory message) private pure returns (bytes memory) {
        uint256 size = message.length;
        uint256 zeros = (2 * BLOCK - 17 - (size % BLOCK)) % BLOCK;
        return abi.encodePacked(message, bytes1(0x80), new bytes(zeros), uint128(size * 8));
    }

    /// @dev Fills the second half of `schedule` for the block at `at`.
    function _expand(uint256[2 * ROUNDS] memory schedule, bytes memory padded, uint256 at) private pure {
        // Words of 64 bits; `x * (2^64 + 1)` shifted right is x rotated, but for bits above 64 that are cut off. The block lies
        // in `padded`, the 80 words in `schedule`.
        assembly ("memory-safe") {
            let words := add(schedule, 2560)
            let from := add(add(padded, 32), at)
            for { let i := 0 } lt(i, 16) { i := add(i, 1) } {
                mstore(add(words, shl(5, i)), shr(192, mload(add(from, shl(3, i)))))
            }
            let end := add(words, 2560)
            for { let w := add(words, 512) } lt(w, end) { w := add(w, 32) } {
                let x := mload(sub(w, 480))
                let xx := mul(x, 0x10000000000000001)
                let sum := add(mload(sub(w, 512)), mload(sub(w, 224)))
                sum := add(sum, and(xor(xor(shr(1, xx), shr(8, xx)), shr(7, x)), MASK))
                x := mload(sub(w, 64))
                xx := mul(x, 0x10000000000000001)
                sum := add(sum, and(xor(xor(shr(19, xx), shr(61, xx)), shr(6, x)), MASK))
                mstore(w, and(sum, MASK))
            }
        }
    }

    /// @dev Eighty rounds. Each word of the schedule lies 2,560 bytes after its constant.
    function _compress(uint256[2 * ROUNDS] memory schedule, uint256[8] memory state) private pure {
        // Sums of a few words of 64 bits do not reach 256 bits, and are cut off where they are kept.
        assembly ("memory-safe") {
            let a := mload(state)
            let b := mload(add(state, 32))
            let c := mload(add(state, 64))
            let d := mload(add(state, 96))
            let e := mload(add(state, 128))
            let f := mload(add(state, 160))
            let g := mload(add(state, 192))
            let h := mload(add(state, 224))
            for { let i := 0 } lt(i, 2560) { i := add(i, 32) } {
                let t := mul(e, 0x10000000000000001)
                t := and(xor(xor(shr(14, t), shr(18, t)), shr(41, t)), MASK)
                t := add(add(t, h), xor(g, and(e, xor(f, g))))
                h := add(schedule, i)
                t := add(t, add(mload(h), mload(add(h, 2560))))
                h := g
                g := f
                f := e
                e := and(add(d, t), MASK)
                d := c
                c := b
                b := a
                a := mul(a, 0x10000000000000001)
                a := and(xor(xor(shr(28, a), shr(34, a)), shr(39, a)), MASK)
                t := add(t, or(and(b, c), and(d, or(b, c))))
                a := and(add(a, t), MASK)
            }
            mstore(state, and(add(mload(state), a), MASK))
            mstore(add(state, 32), and(add(mload(add(state, 32)), b), MASK))
            mstore(add(state, 64), and(add(mload(add(state, 64)), c), MASK))
            mstore(add(state, 96), and(add(mload(add(state, 96)), d), MASK))
            mstore(add(state, 128), and(add(mload(add(state, 128)), e), MASK))
            mstore(add(state, 160), and(add(mload(add(state, 160)), f), MASK))
            mstore(add(state, 192), and(add(mload(add(state, 192)), g), MASK))
            mstore(add(state, 224), and(add(mload(add(state, 224)), h), MASK))
        }
    }

    /// @dev The cube roots' fractions of the first eighty primes, a word each; room for as many words of the schedule follows.
    function _constants() private pure returns (uint256[2 * ROUNDS] memory table) {
        bytes memory packed = hex"428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b53859f111f1b605d019"
            hex"923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2"
            hex"72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e3"
            hex"0fc19dc68b8cd5b5240ca1cc77ac9c652de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5"
            hex"983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725"
            hex"06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df"
            hex"650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353ba2bfe8a14cf10364a81a664bbc423001"
            hex"c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8"
            hex"19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb"
            hex"5b9cca4f7763e373682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec"
            hex"90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619cd186b8c721c0c207"
            hex"eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b"
            hex"28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a"
            hex"5fcb6fab3ad6faec6c44198c4a475817";
        // Eighty words of eight bytes lie in `packed`.
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 80) { i := add(i, 1) } {
                mstore(add(table, shl(5, i)), shr(192, mload(add(add(packed, 32), shl(3, i)))))
            }
        }
    }
}
