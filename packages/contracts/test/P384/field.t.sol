// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ModExp} from "../../src/compute/attestation/ModExp.sol";
import {P384Field} from "../../src/compute/attestation/P384Field.sol";

/// @notice Against the chain's own arithmetic of large numbers.
contract FieldTest is Test {
    bytes private constant PRIME =
        hex"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
    uint256 private constant TOP = type(uint128).max;
    uint256 private constant PRIME_LOW = 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff;

    function _reduced(bytes memory number) private view returns (bytes memory) {
        return ModExp.power(number, hex"01", PRIME);
    }

    function _check(uint256 a1, uint256 a0, uint256 b1, uint256 b0) private view {
        bytes memory product = P384Field.product(a1, a0, b1, b0);
        (uint256 r1, uint256 r0) = P384Field.times(a1, a0, b1, b0);
        vm.assertEq(abi.encodePacked(uint128(r1), r0), _reduced(product), "product");
        vm.assertTrue(P384Field.isReduced(r1, r0), "below the prime");
        vm.assertLe(r1, TOP, "high word");
    }

    /// TEE-27: products modulo the prime are the chain's own, of any two numbers below 2^384.
    function test_multiplies(uint128 a1, uint256 a0, uint128 b1, uint256 b0) external view {
        _check(a1, a0, b1, b0);
    }

    /// TEE-27: so they are where carries go furthest: words of all ones, of zeros, and those beside the prime.
    function test_multipliesAtTheEdges() external view {
        uint256[4] memory high = [uint256(0), 1, TOP - 1, TOP];
        uint256[8] memory low = [
            uint256(0),
            1,
            PRIME_LOW - 1,
            PRIME_LOW,
            PRIME_LOW + 1,
            type(uint256).max,
            uint256(1) << 255,
            type(uint256).max >> 1
        ];
        for (uint256 i = 0; i < 32; i++) {
            for (uint256 j = 0; j < 32; j++) {
                _check(high[i / 8], low[i % 8], high[j / 8], low[j % 8]);
            }
        }
    }

    /// TEE-27: a product as it is is what schoolbook multiplication gives, read modulo other numbers.
    function test_multipliesWithoutReduction(uint128 a1, uint256 a0, uint128 b1, uint256 b0) external pure {
        (uint256 t2, uint256 t1, uint256 t0) =
            abi.decode(P384Field.product(a1, a0, b1, b0), (uint256, uint256, uint256));
        uint256 modulus = type(uint256).max - 188;
        uint256 word = addmod(type(uint256).max % modulus, 1, modulus);
        uint256 a = addmod(mulmod(a1, word, modulus), a0, modulus);
        uint256 b = addmod(mulmod(b1, word, modulus), b0, modulus);
        uint256 product = addmod(mulmod(t2, word, modulus), t1, modulus);
        product = addmod(mulmod(product, word, modulus), t0, modulus);
        vm.assertEq(product, mulmod(a, b, modulus), "modulo 2^256 - 189");
    }

    /// TEE-27: sums and differences are the chain's own, and one undoes the other.
    function test_addsAndSubtracts(uint128 a1, uint256 a0, uint128 b1, uint256 b0) external view {
        vm.assume(P384Field.isReduced(a1, a0) && P384Field.isReduced(b1, b0));
        (uint256 s1, uint256 s0) = P384Field.plus(a1, a0, b1, b0);
        uint256 low;
        unchecked {
            low = a0 + b0;
        }
        uint256 high = uint256(a1) + b1 + (low < a0 ? 1 : 0);
        vm.assertEq(abi.encodePacked(uint128(s1), s0), _reduced(abi.encodePacked(high, low)), "sum");
        (uint256 d1, uint256 d0) = P384Field.minus(s1, s0, b1, b0);
        vm.assertTrue(d1 == a1 && d0 == a0, "back again");
        (d1, d0) = P384Field.minus(a1, a0, a1, a0);
        vm.assertTrue(d1 | d0 == 0, "nothing");
        vm.assertTrue(P384Field.isReduced(s1, s0) && s1 <= TOP, "below the prime");
    }

    /// TEE-27: at the edges of the prime sums and differences wrap.
    function test_wraps() external pure {
        (uint256 a1, uint256 a0) = P384Field.plus(TOP, PRIME_LOW - 1, 0, 1);
        vm.assertTrue(a1 | a0 == 0, "the prime is zero");
        (a1, a0) = P384Field.minus(0, 0, 0, 1);
        vm.assertTrue(a1 == TOP && a0 == PRIME_LOW - 1, "one below zero");
        (a1, a0) = P384Field.plus(TOP, PRIME_LOW - 1, TOP, PRIME_LOW - 1);
        vm.assertTrue(a1 == TOP && a0 == PRIME_LOW - 2, "two below");
    }
}
