// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TriggerTest} from "../TriggerRegistry/TriggerTest.sol";

/// @notice Proofs of logs in real blocks of anvil, which `scripts/receiptFixture.ts` wrote, and those blocks' hashes.
abstract contract ProofTest is TriggerTest {
    struct Case {
        bytes32 blockHash;
        uint256 blockNumber;
        bytes data;
        uint256 logIndex;
        bytes proof;
        uint256 timestamp;
        bytes32[] topics;
        uint256 transactionIndex;
        uint256 transactions;
        uint256 transactionType;
    }

    address internal constant EMITTER = 0x00000000000000000000000000000000000E3117;
    uint256 internal constant CASES = 20;
    Case[] private _cases;

    function setUp() public virtual override {
        super.setUp();
        bytes memory cases = vm.parseJson(vm.readFile("test/LogProver/receipts.json"), ".cases");
        Case[] memory read = abi.decode(cases, (Case[]));
        vm.assertEq(read.length, CASES, "cases");
        for (uint256 i = 0; i < CASES; ++i) {
            _cases.push(read[i]);
        }
        vm.roll(0);
    }

    function _case(uint256 index) internal view returns (Case memory) {
        return _cases[index];
    }

    /// @dev The next block, a second later.
    function _after(Case memory log) internal {
        vm.roll(log.blockNumber + 1);
        vm.warp(log.timestamp + 1);
        vm.setBlockhash(log.blockNumber, log.blockHash);
    }

    function _key(Case memory log) internal pure returns (uint256) {
        return (log.blockNumber << 64) | (log.transactionIndex << 32) | log.logIndex;
    }

    function _input(Case memory log) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(2), uint128(_key(log)), log.proof);
    }
}
