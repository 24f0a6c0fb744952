// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {LogProver} from "../../src/compute/triggers/LogProver.sol";
import {ProofTest} from "./ProofTest.sol";

contract LogProverTest is ProofTest {
    LogProver internal prover;
    uint256 internal config;

    function setUp() public override {
        super.setUp();
        prover = new LogProver();
        config = _stored(_event(EMITTER, 0, ""));
    }

    /// TRG-22: logs of real blocks are found: of one, 20 and 200 transactions, in legacy and typed receipts.
    function test_findsEachLog() external view {
        for (uint256 i = 0; i < CASES; ++i) {
            Case memory log = _case(i);
            (ITriggerRegistry.Reason reason, bytes memory payload) =
                prover.judge(config, 0, _key(log), log.blockHash, log.timestamp, log.proof);
            vm.assertEq(uint8(reason), 0, "found");
            vm.assertEq(payload, abi.encode(EMITTER, log.topics, log.data), "payload");
        }
    }

    /// TRG-22: of 2,080 proofs with one byte changed, none is taken.
    function test_rejectsMutations() external view {
        for (uint256 i = 0; i < CASES; ++i) {
            Case memory log = _case(i);
            for (uint256 j = 0; j < 160; ++j) {
                uint256 random = uint256(keccak256(abi.encode(i, j)));
                uint256 at = (random >> 8) % log.proof.length;
                bytes1 mask = bytes1(uint8(1 + random % 255));
                log.proof[at] ^= mask;
                _assertBad(log);
                log.proof[at] ^= mask;
            }
        }
    }

    /// TRG-22: nor one that is cut or goes on, whose nodes are left out, swapped or doubled, or of another index.
    function test_rejectsOtherShapes(uint256 which, uint256 seed) external view {
        Case memory log = _case(bound(which, 0, CASES - 1));
        bytes memory proof = log.proof;
        uint256 length = bound(seed, 0, proof.length - 1);

        log.proof = abi.encodePacked(proof, bytes1(uint8(seed)));
        _assertBad(log);
        log.proof = abi.encodePacked(proof, proof);
        _assertBad(log);
        log.proof = proof;
        log.transactionIndex = seed % 2 == 0 ? log.transactionIndex ^ 1 : uint32(seed >> 8);
        if (log.transactionIndex != _case(bound(which, 0, CASES - 1)).transactionIndex) _assertBad(log);
        log.transactionIndex = _case(bound(which, 0, CASES - 1)).transactionIndex;
        log.logIndex += 1 + uint32(seed) % 1000;
        _assertBad(log);
        log.logIndex = 0;
        assembly ("memory-safe") {
            mstore(proof, length)
        }
        _assertBad(log);
    }

    /// TRG-22: whatever bytes come, the answer is a reason and never a revert.
    function test_neverReverts(uint256 key, bytes32 blockHash, bytes calldata proof) external view {
        (ITriggerRegistry.Reason reason,) = prover.judge(config, 0, key, blockHash, 0, proof);
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadProof), "bad");
        (reason,) = prover.judge(config, 0, key, keccak256(proof), 0, proof);
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadProof), "bad, with its own hash");
    }

    /// TRG-22: not even where a header commits to hostile nodes.
    function test_neverRevertsOnHostileNodes(bytes memory node, uint32 index) external view {
        bytes32 root = keccak256(node);
        bytes memory header = abi.encodePacked(hex"f901bd", new bytes(153), root, new bytes(260));
        (ITriggerRegistry.Reason reason,) = prover.judge(
            config, 0, uint256(index) << 32, keccak256(header), 0, abi.encodePacked(header, node)
        );
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadProof), "bad");
    }

    /// TRG-23: only logs of the emitter, with the topics that the config compares, and not older than it says.
    function test_comparesTheLog(uint8 topics, bytes32 other) external {
        Case memory log = _case(6);
        topics = uint8(bound(topics, 0, 3));
        vm.assume(other != log.topics[0] && other != log.topics[1]);
        bytes memory values = topics == 3
            ? abi.encode(log.topics[0], log.topics[1])
            : topics == 0 ? bytes("") : abi.encode(log.topics[topics - 1]);

        vm.assertEq(uint8(_judge(log, _event(EMITTER, topics, values), log.timestamp)), 0, "wanted");
        uint8 otherLog = uint8(ITriggerRegistry.Reason.OtherLog);
        vm.assertEq(uint8(_judge(log, _event(stranger, topics, values), 0)), otherLog, "emitter");
        bytes memory wrong = topics == 3 ? abi.encode(log.topics[0], other) : abi.encode(other);
        if (topics != 0) {
            vm.assertEq(uint8(_judge(log, _event(EMITTER, topics, wrong), 0)), otherLog, "topic");
        }
        vm.assertEq(uint8(_judge(log, _event(EMITTER, 4, abi.encode(0)), 0)), otherLog, "has no third topic");
        uint8 late = uint8(ITriggerRegistry.Reason.TooLate);
        vm.assertEq(uint8(_judge(log, _event(EMITTER, 0, ""), log.timestamp + 1)), late, "old");
    }

    function _judge(Case memory log, bytes memory wanted, uint256 notBefore)
        private
        returns (ITriggerRegistry.Reason reason)
    {
        (reason,) = prover.judge(_stored(wanted), 0, _key(log), log.blockHash, notBefore, log.proof);
    }

    function _stored(bytes memory wanted) private returns (uint256) {
        return uint160(SSTORE2.write(wanted));
    }

    function _assertBad(Case memory log) private view {
        (ITriggerRegistry.Reason reason, bytes memory payload) =
            prover.judge(config, 0, _key(log), log.blockHash, 0, log.proof);
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadProof), "bad");
        vm.assertEq(payload, "", "nothing");
    }
}
