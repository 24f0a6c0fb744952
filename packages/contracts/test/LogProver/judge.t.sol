// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {LogProver} from "../../src/compute/triggers/LogProver.sol";
import {ProofTest} from "./ProofTest.sol";

contract LogProverTest is ProofTest {
    uint8 private constant BAD = uint8(ITriggerRegistry.Reason.BadProof);

    LogProver internal prover;
    uint256 internal config;

    function setUp() public override {
        super.setUp();
        prover = new LogProver();
        config = _stored(_event(EMITTER, 0, ""));
    }

    /// TRG-22: logs of real blocks are found: of one, 20, 130, 200 and 300 transactions, in legacy and typed receipts.
    function test_findsEachLog() external view {
        for (uint256 i = 0; i < CASES; ++i) {
            Case memory log = _case(i);
            (ITriggerRegistry.Reason reason, bytes memory payload) =
                prover.judge(config, 0, _key(log), log.blockHash, log.timestamp, log.proof);
            vm.assertEq(uint8(reason), 0, "found");
            vm.assertEq(payload, abi.encode(EMITTER, log.topics, log.data), "payload");
        }
    }

    /// TRG-22: of 3,200 proofs with one byte changed, none is taken.
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

    /// TRG-22: not even where it is well formed up to a hostile receipt and hostile nodes.
    function test_neverRevertsOnHostileParts(
        uint32 index,
        uint8 nibbles,
        bytes calldata receipt,
        bytes calldata nodes
    ) external view {
        bytes memory proof = _proof(receipt, _header(bytes32(0), false), nibbles, nodes);
        _assertReason(index, keccak256(proof), proof, BAD);
    }

    /// TRG-22: nor where a header commits to a receipt with hostile logs.
    function test_neverRevertsOnHostileLogs(bytes memory logs, uint32 logIndex, uint8 begins) external view {
        if (begins % 4 == 1) logs = abi.encodePacked(hex"f83a", logs);
        if (begins % 4 == 2) logs = abi.encodePacked(hex"f83af83894", EMITTER, logs);
        if (begins % 4 == 3) logs = abi.encodePacked(hex"f83af83894", EMITTER, hex"e1a0", logs);
        bytes memory rest = abi.encodePacked(new bytes(256), logs);
        bytes32 root = keccak256(_leafOf(hex"822080", abi.encodePacked(hex"f9ffff0101b90100", rest)));
        bytes memory sent = abi.encodePacked(hex"f9ffff010100", rest);
        bytes memory proof = _proof(sent, _header(root, false), 2, hex"");

        prover.judge(config, 0, logIndex % 3, keccak256(_header(root, true)), 0, proof);
    }

    /// TRG-22: a node counts as a branch only if it begins like one, and not a receipt into which somebody logged a hash.
    function test_rejectsWhatIsNoBranch(bytes1 first) external view {
        vm.assume(first != 0x80);
        bytes memory before = abi.encodePacked(first, keccak256("another"));
        bytes memory behind = hex"8080808080808080808080808080";
        bytes32 leaf = keccak256(_leafOf(hex"32", _body(abi.encodePacked(hex"b90100", new bytes(256)))));
        bytes32 root = keccak256(abi.encodePacked(hex"f851", before, hex"a0", leaf, behind, hex"80"));
        bytes memory nodes = abi.encodePacked(hex"10", before);

        bytes memory proof =
            _proof(_body(abi.encodePacked(hex"00", new bytes(256))), _header(root, false), 1, nodes);
        _assertReason(0x12 << 32, keccak256(_header(root, true)), proof, first == 0xa0 ? 0 : BAD);
        // one place further, to where the child is not
        _assertReason(0x22 << 32, keccak256(_header(root, true)), proof, BAD);
    }

    /// TRG-22: a bloom is sent whole, or as what is not zero of it, up to 16 bytes.
    function test_completesTheBloom(uint8 place, bytes1 value, uint8 count) external view {
        bytes memory bloom = new bytes(256);
        bloom[place] = value;
        bytes32 root = keccak256(_leafOf(hex"822012", _body(abi.encodePacked(hex"b90100", bloom))));
        bytes32 blockHash = keccak256(_header(root, true));
        bytes memory header = _header(root, false);
        bytes memory proof = _proof(_body(abi.encodePacked(hex"00", bloom)), header, 2, hex"");
        _assertReason(0x12 << 32, blockHash, proof, 0);

        count = uint8(bound(count, 1, 255));
        bytes memory pairs = new bytes(2 * uint256(count));
        for (uint256 i = 0; i < pairs.length; i += 2) {
            (pairs[i], pairs[i + 1]) = (bytes1(place), value);
        }
        proof = _proof(_body(abi.encodePacked(count, pairs)), header, 2, hex"");
        _assertReason(0x12 << 32, blockHash, proof, count <= 16 ? 0 : BAD);
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

    function _proof(bytes memory receipt, bytes memory header, uint8 nibbles, bytes memory nodes)
        private
        pure
        returns (bytes memory)
    {
        return
            abi.encodePacked(uint24(receipt.length), uint16(header.length), nibbles, receipt, header, nodes);
    }

    /// @dev A header of zeros that commits to a root, whole or as proofs have it.
    function _header(bytes32 root, bool whole) private pure returns (bytes memory) {
        bytes memory ommers = whole ? abi.encodePacked(hex"a0", keccak256(hex"c0")) : bytes("");
        bytes memory receipts = whole ? abi.encodePacked(hex"a0", root, hex"b90100") : bytes("");
        return abi.encodePacked(hex"f901be", new bytes(33), ommers, new bytes(87), receipts, new bytes(261));
    }

    /// @dev A receipt with one log of the emitter, with a topic and no data.
    function _body(bytes memory bloom) private pure returns (bytes memory) {
        bytes memory log = abi.encodePacked(hex"94", EMITTER, hex"e1a0", keccak256("topic"), hex"80");
        return abi.encodePacked(hex"f901410101", bloom, hex"f83af838", log);
    }

    /// @dev A leaf with a receipt of less than 65,536 bytes.
    function _leafOf(bytes memory path, bytes memory receipt) private pure returns (bytes memory) {
        bytes memory value = abi.encodePacked(hex"b9", uint16(receipt.length), receipt);
        return abi.encodePacked(hex"f9", uint16(path.length + value.length), path, value);
    }

    function _assertReason(uint256 key, bytes32 blockHash, bytes memory proof, uint8 wanted) private view {
        (ITriggerRegistry.Reason reason,) = prover.judge(config, 0, key, blockHash, 0, proof);
        vm.assertEq(uint8(reason), wanted, "reason");
    }

    function _assertBad(Case memory log) private view {
        (ITriggerRegistry.Reason reason, bytes memory payload) =
            prover.judge(config, 0, _key(log), log.blockHash, 0, log.proof);
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadProof), "bad");
        vm.assertEq(payload, "", "nothing");
    }
}
