// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {ProofTest} from "../LogProver/ProofTest.sol";

contract LogsTest is ProofTest {
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes internal constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";
    uint256 internal triggerId;

    function setUp() public override {
        super.setUp();
        triggerId = _createFor(EVENT, _event(EMITTER, 0, ""));
    }

    /// TRG-23: a proven log runs, once, with its topics and data.
    function test_runsEachLogOnce() external {
        for (uint256 i = 0; i < CASES; ++i) {
            Case memory log = _case(i);
            _after(log);
            vm.assertFalse(
                triggers.isLogUsed(triggerId, log.blockNumber, log.transactionIndex, log.logIndex), "fresh"
            );
            _execute(triggerId, _input(log));

            vm.assertEq(counter.lastKey(), _key(log), "key");
            vm.assertEq(counter.lastPayload(), abi.encode(EMITTER, log.topics, log.data), "payload");
            vm.assertTrue(
                triggers.isLogUsed(triggerId, log.blockNumber, log.transactionIndex, log.logIndex), "used"
            );
            _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
            _execute(triggerId, _input(log));
        }
        vm.assertEq(counter.runs(), 1 + CASES, "each");
    }

    /// TRG-23: the test for what has run comes before the proof, and costs no more than it must.
    function test_dedupesBeforeTheProof() external {
        Case memory log = _case(8);
        _after(log);
        _execute(triggerId, _input(log));
        bytes memory input = _input(log);

        uint256 before = gasleft();
        (, ITriggerRegistry.Reason reason) = triggers.isDue(triggerId, input);

        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.AlreadyDone), "done");
        vm.assertLt(before - gasleft(), 15_000, "gas");
    }

    /// TRG-23: a log from before the trigger was there does not count, nor one from a block not known.
    function test_revertsWhen_theBlockDoesNotCount() external {
        Case memory log = _case(5);
        _after(log);
        uint256 late = _createFor(EVENT, _event(EMITTER, 0, ""));
        _expectReason(late, ITriggerRegistry.Reason.TooLate);
        _execute(late, _input(Case(log.blockHash, log.blockNumber + 1, "", 0, "", 0, log.topics, 0, 0, 0)));
        log.blockNumber += 7;
        _expectReason(triggerId, ITriggerRegistry.Reason.UnknownBlock);
        _execute(triggerId, _input(log));
    }

    /// TRG-23: the last 8,191 blocks count, by EIP-2935's contract where BLOCKHASH does not reach.
    function test_reachesBack(uint256 distance) external {
        distance = bound(distance, 257, 9000);
        vm.etch(HISTORY, HISTORY_CODE);
        Case memory log = _case(5);
        _after(log);
        vm.roll(log.blockNumber + distance);
        vm.store(HISTORY, bytes32(log.blockNumber % 8191), log.blockHash);

        if (distance > 8191) _expectReason(triggerId, ITriggerRegistry.Reason.UnknownBlock);
        _execute(triggerId, _input(log));
    }

    /// TRG-23: a log runs until the maximum delay after its block.
    function test_revertsWhen_itIsTooOld() external {
        Case memory log = _case(5);
        _after(log);
        vm.warp(log.timestamp + 1 hours + 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.TooLate);
        _execute(triggerId, _input(log));
        vm.warp(log.timestamp + 1 hours);
        _execute(triggerId, _input(log));
    }

    /// TRG-23: an input too short for a proof is refused.
    function test_revertsWhen_inputIsShort(uint256 length) external {
        Case memory log = _case(5);
        _after(log);
        bytes memory input = _input(log);
        length = bound(length, 0, 400);
        assembly ("memory-safe") {
            mstore(input, length)
        }
        (bool due,) = triggers.isDue(triggerId, input);
        vm.assertFalse(due, "not due");
    }

    /// TRG-22: a proof is of version 2, everything else of version 1: their bytes are counted otherwise.
    function test_revertsWhen_theVersionIsAnother(uint8 version) external {
        vm.assume(version != 2);
        Case memory log = _case(5);
        _after(log);
        bytes memory input = _input(log);
        input[0] = bytes1(version);
        _expectReason(triggerId, ITriggerRegistry.Reason.BadInput);
        _execute(triggerId, input);

        uint256 hook = _createFor(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        _expectReason(hook, ITriggerRegistry.Reason.BadInput);
        _execute(hook, _input(log));
    }

    /// TRG-23: one topic is compared where the config says, and with what it says.
    function test_comparesOneTopic(bytes32 other) external {
        Case memory log = _case(6);
        vm.roll(log.blockNumber - 1);
        vm.assume(other != log.topics[0] && other != log.topics[1]);
        bytes32[4] memory topics = [log.topics[0], log.topics[1], bytes32(0), bytes32(0)];
        for (uint256 i = 0; i < 4; ++i) {
            uint256 wanted = _createFor(EVENT, _event(EMITTER, uint8(1 << i), abi.encode(topics[i])));
            uint256 unwanted = _createFor(EVENT, _event(EMITTER, uint8(1 << i), abi.encode(other)));
            uint256 foreign = _createFor(EVENT, _event(stranger, uint8(1 << i), abi.encode(topics[i])));
            _after(log);
            (bool due,) = triggers.isDue(wanted, _input(log));
            vm.assertEq(due, i < 2, "the log has two topics");
            _expectReason(unwanted, ITriggerRegistry.Reason.OtherLog);
            _execute(unwanted, _input(log));
            _expectReason(foreign, ITriggerRegistry.Reason.OtherLog);
            _execute(foreign, _input(log));
            vm.roll(log.blockNumber - 1);
        }
    }
}
