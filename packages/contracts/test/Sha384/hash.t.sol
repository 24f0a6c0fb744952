// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Sha384} from "../../src/compute/attestation/Sha384.sol";

contract Sha384Test is Test {
    function _digest(bytes memory message) private pure returns (bytes memory) {
        (uint256 high, uint256 low) = Sha384.hash(message);
        return abi.encodePacked(uint128(high), low);
    }

    /// TEE-27: SHA-384 as FIPS 180-4 has it: its examples, and a long message.
    function test_hasTheStandardsExamples() external pure {
        vm.assertEq(
            _digest(""),
            hex"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
            "nothing"
        );
        vm.assertEq(
            _digest("abc"),
            hex"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "abc"
        );
        bytes memory two =
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
        vm.assertEq(
            _digest(two),
            hex"09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
            "two blocks"
        );
        bytes memory long = new bytes(10_000);
        for (uint256 i = 0; i < long.length; i++) {
            long[i] = "a";
        }
        vm.assertEq(
            _digest(long),
            hex"2bca3b131bb7e922bcd1de98c44786d32e6b6b2993e69c4987edf9dd49711eb501f0e98ad248d839f6bf9e116e25a97c",
            "79 blocks"
        );
    }

    /// TEE-27: as node:crypto has it, for a message of each length from 0 to 299 bytes.
    function test_agreesAtEveryLength() external pure {
        bytes memory digests;
        for (uint256 size = 0; size < 300; size++) {
            bytes memory message = new bytes(size);
            for (uint256 j = 0; j < size; j++) {
                message[j] = bytes1(uint8(size * 7 + j * 13));
            }
            digests = bytes.concat(digests, _digest(message));
        }
        // sha384 of the digests, by node:crypto.
        vm.assertEq(
            _digest(digests),
            hex"f33f1a0dbef4b85dcf6dca2dc0772ec874d3c5ba9979d9e72444cdff85148b884567d6a44fb8c75a81c0243e6cb79631",
            "all of them"
        );
    }
}
