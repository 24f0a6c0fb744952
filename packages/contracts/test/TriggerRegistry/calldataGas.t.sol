// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {CalldataGas} from "../../src/compute/libraries/CalldataGas.sol";

contract CalldataGasTest is Test {
    /// TRG-39: every zero byte is counted, in calldata of any length.
    function test_countsZeros(bytes calldata seed, uint16 words) external view {
        bytes memory data = new bytes(uint256(words % 700) * 32);
        uint256 zeros = data.length;
        for (uint256 i = 0; i < data.length && i < seed.length * 64; ++i) {
            bytes1 value = seed[i % seed.length] & bytes1(uint8(i % 7 == 0 ? 0 : 255));
            data[i] = value;
            if (value != 0) --zeros;
        }
        vm.assertEq(this.count(data), zeros, "zeros");
    }

    function count(bytes calldata data) external pure returns (uint256) {
        uint256 at;
        assembly ("memory-safe") {
            at := data.offset
        }
        return CalldataGas.countZeros(at, at + data.length);
    }
}
