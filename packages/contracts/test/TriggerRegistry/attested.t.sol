// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttesterQuorums} from "../../src/compute/interfaces/IAttesterQuorums.sol";
import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract AttestedTest is TriggerTest {
    uint64 internal constant CHAIN = 8453;
    uint256 internal constant NOW = 1_800_000_000;
    bytes32 internal constant TYPE = keccak256(
        "AttestedLog(uint256 chainId,uint64 blockNumber,uint32 transactionIndex,uint32 logIndex,uint64 timestamp,address emitter,bytes32[] topics,bytes data)"
    );
    bytes32 internal constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @dev Three attesters, whose addresses ascend, and a quorum of two of them.
    uint256[] internal keys;
    uint256 internal quorumId;
    uint256 internal triggerId;
    address internal emitter = makeAddr("emitter");

    struct Log {
        uint256 chainId;
        uint64 number;
        uint32 transactionIndex;
        uint32 logIndex;
        uint40 time;
        address emitter;
        bytes32[] topics;
        bytes data;
    }

    function setUp() public override {
        super.setUp();
        address[] memory members = new address[](3);
        for (uint256 key = 1; keys.length < 3; key++) {
            if (keys.length != 0 && vm.addr(key) < vm.addr(keys[keys.length - 1])) continue;
            members[keys.length] = vm.addr(key);
            keys.push(key);
            staking.stakeFor{value: 1 ether}(vm.addr(key));
            vm.prank(vm.addr(key));
            staking.becomeAttester();
        }
        quorumId = quorums.createQuorum(members, 2);
        triggerId = _sponsored(EVENT, _wanted(CHAIN, quorumId, 17, abi.encode(bytes32("topic"))));
        vm.warp(NOW + 60);
    }

    /// TRG-41: a log of another chain runs on its quorum's word, once, and the event says whose word it is.
    function test_runsOnce() external {
        Log memory log = _log();
        bytes memory input = _input(log, _signed(log, 0, 1));
        uint256 key = (uint256(log.number) << 64) | (uint256(log.transactionIndex) << 32) | log.logIndex;
        (bool due,) = triggers.isDue(triggerId, input);
        vm.assertTrue(due, "due");
        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.LogAttested(triggerId, quorumId, CHAIN, key);
        _execute(triggerId, input);

        vm.assertEq(counter.runs(), 2, "ran");
        vm.assertEq(counter.lastKey(), key, "key");
        bytes memory payload = abi.encode(emitter, log.topics, log.data, uint256(CHAIN), quorumId);
        vm.assertEq(counter.lastPayload(), payload, "payload");
        vm.assertTrue(triggers.isLogUsed(triggerId, log.number, log.transactionIndex, log.logIndex), "used");
        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, _input(log, _signed(log, 1, 2)));
    }

    /// TRG-41: an agent that takes what a log of this chain has can take this, and see in what follows that it is attested.
    function test_readsLikeALog() external {
        Log memory log = _log();
        _execute(triggerId, _input(log, _signed(log, 0, 2)));

        (address from, bytes32[] memory topics, bytes memory data) =
            abi.decode(counter.lastPayload(), (address, bytes32[], bytes));
        vm.assertEq(from, emitter, "emitter");
        vm.assertEq(topics.length, 2, "topics");
        vm.assertEq(data, log.data, "data");
    }

    /// TRG-41: views say that it is attested, by whom, and of which chain.
    function test_isMarked() external {
        ITriggerRegistry.Details memory details = triggers.triggerDetails(triggerId);
        vm.assertTrue(details.attested, "attested");
        vm.assertEq(details.chainId, CHAIN, "chain");
        vm.assertEq(details.quorumId, quorumId, "quorum");
        bytes memory config = _wanted(CHAIN, quorumId, 17, abi.encode(bytes32("topic")));
        vm.assertEq(triggers.getTrigger(triggerId).config, config, "config");

        details = triggers.triggerDetails(_createFor(EVENT, _event(emitter, 0, "")));
        vm.assertFalse(details.attested, "a log of this chain is proven");
        vm.assertEq(details.quorumId, 0, "no quorum");
    }

    /// TRG-41: with any part of what was signed changed, it does not run; the sponsor pays nothing.
    function test_revertsWhen_itIsNotWhatWasSigned(uint256 part) external {
        Log memory log = _log();
        bytes memory signatures = _signed(log, 0, 1);
        part = bound(part, 0, 5);
        if (part == 0) ++log.number;
        if (part == 1) ++log.transactionIndex;
        if (part == 2) ++log.logIndex;
        if (part == 3) --log.time;
        if (part == 4) log.topics[1] = 0;
        if (part == 5) log.data = "other";
        uint256 balance = triggers.triggerDetails(triggerId).balance;

        _expectReason(triggerId, ITriggerRegistry.Reason.BadSignature);
        _execute(triggerId, _input(log, signatures));
        vm.assertEq(triggers.triggerDetails(triggerId).balance, balance, "balance");
    }

    /// TRG-41: too few signatures, one twice, of no member, of a member without stake, of another chain's log: it does not run.
    function test_revertsWhen_theQuorumDidNotSign() external {
        Log memory log = _log();
        bytes memory one = _sign(keys[0], _digest(log, address(triggers)));
        _assertUnsigned(log, one);
        _assertUnsigned(log, abi.encodePacked(one, one));
        _assertUnsigned(log, "");
        _assertUnsigned(log, abi.encodePacked(one, hex"00"));
        _assertUnsigned(log, abi.encodePacked(one, _sign(0xbad, _digest(log, address(triggers)))));
        bytes32 elsewhere = _digest(log, address(ledger));
        _assertUnsigned(log, abi.encodePacked(_sign(keys[0], elsewhere), _sign(keys[1], elsewhere)));
        log.chainId = 10;
        bytes memory other = _signed(log, 0, 1);
        log.chainId = CHAIN;
        _assertUnsigned(log, other);
        log.emitter = stranger;
        other = _signed(log, 0, 1);
        log.emitter = emitter;
        _assertUnsigned(log, other);

        staking.slash(vm.addr(keys[1]), 1 ether);
        _assertUnsigned(log, _signed(log, 0, 1));
        _execute(triggerId, _input(log, _signed(log, 0, 2)));
    }

    /// TRG-41: a quorum that others chose says nothing here.
    function test_revertsWhen_anotherQuorumSigned() external {
        address[] memory members = new address[](1);
        members[0] = vm.addr(keys[0]);
        uint256 other = quorums.createQuorum(members, 1);
        uint256 theirs = _createFor(EVENT, _wanted(CHAIN, other, 16, ""));
        vm.warp(NOW + 120);
        Log memory log = _log();
        log.time = uint40(NOW + 100);
        bytes memory input = _input(log, _sign(keys[0], _digest(log, address(triggers))));

        _execute(theirs, input);
        _expectReason(triggerId, ITriggerRegistry.Reason.BadSignature);
        _execute(triggerId, input);
    }

    /// TRG-41: only with the topics named, after the trigger's creation, within the maximum delay, of a time that has come.
    function test_revertsWhen_itIsNotWanted() external {
        Log memory log = _log();
        log.topics[0] = bytes32("other");
        _assertNot(log, ITriggerRegistry.Reason.OtherLog);
        log.topics = new bytes32[](0);
        _assertNot(log, ITriggerRegistry.Reason.OtherLog);
        log = _log();
        log.time = uint40(NOW);
        _assertNot(log, ITriggerRegistry.Reason.TooLate);
        log.time = uint40(NOW + 60 + 5 minutes + 1);
        _assertNot(log, ITriggerRegistry.Reason.TooEarly);
        log = _log();
        vm.warp(log.time + 1 hours + 1);
        _assertNot(log, ITriggerRegistry.Reason.TooLate);
    }

    /// TRG-41: whatever bytes come, a reason comes back; cut anywhere, it does not run.
    function test_neverReverts(bytes calldata tail, uint256 length) external {
        _assertReason(abi.encodePacked(uint8(1), tail));
        _assertReason(abi.encodePacked(uint8(1), new bytes(16), tail));
        Log memory log = _log();
        bytes memory input = _input(log, _signed(log, 0, 1));
        length = bound(length, 0, input.length - 1);
        assembly ("memory-safe") {
            mstore(input, length)
        }
        _assertReason(input);
    }

    /// TRG-4: a config names a chain that is not this one and a quorum that there is.
    function test_revertsWhen_sourceIsWrong() external {
        vm.expectRevert(
            abi.encodeWithSelector(ITriggerRegistry.InvalidConfig.selector, "chainId", block.chainid)
        );
        _create(EVENT, _wanted(uint64(block.chainid), quorumId, 16, ""));
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidConfig.selector, "chainId", 0));
        _create(EVENT, _wanted(0, quorumId, 16, ""));
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.QuorumUnknown.selector, 7));
        _create(EVENT, _wanted(CHAIN, 7, 16, ""));
        vm.expectPartialRevert(ITriggerRegistry.InvalidConfigLength.selector);
        _create(EVENT, _event(emitter, 16, ""));
    }

    function _log() private view returns (Log memory log) {
        log = Log(CHAIN, 123, 4, 5, uint40(NOW + 30), emitter, new bytes32[](2), "some data");
        log.topics[0] = bytes32("topic");
        log.topics[1] = bytes32("more");
    }

    function _wanted(uint64 chainId, uint256 quorum, uint8 topics, bytes memory values)
        private
        view
        returns (bytes memory)
    {
        return abi.encodePacked(_header(), emitter, topics, chainId, quorum, values);
    }

    function _input(Log memory log, bytes memory signatures) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            uint8(1), log.number, log.transactionIndex, log.logIndex, log.time, uint8(log.topics.length)
        );
        return abi.encodePacked(head, log.topics, uint16(log.data.length), log.data, signatures);
    }

    function _digest(Log memory log, address registry) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN, keccak256("Jeju TriggerRegistry"), keccak256("1"), block.chainid, registry)
        );
        bytes32 topics = keccak256(abi.encodePacked(log.topics));
        bytes memory head = abi.encode(TYPE, log.chainId, log.number, log.transactionIndex, log.logIndex);
        bytes memory rest = abi.encode(log.time, log.emitter, topics, keccak256(log.data));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encodePacked(head, rest))));
    }

    function _signed(Log memory log, uint256 first, uint256 second) private view returns (bytes memory) {
        bytes32 digest = _digest(log, address(triggers));
        return abi.encodePacked(_sign(keys[first], digest), _sign(keys[second], digest));
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _assertUnsigned(Log memory log, bytes memory signatures) private {
        _expectReason(triggerId, ITriggerRegistry.Reason.BadSignature);
        _execute(triggerId, _input(log, signatures));
    }

    function _assertNot(Log memory log, ITriggerRegistry.Reason reason) private {
        _expectReason(triggerId, reason);
        _execute(triggerId, _input(log, _signed(log, 0, 1)));
    }

    function _assertReason(bytes memory input) private view {
        (bool due, ITriggerRegistry.Reason reason) = triggers.isDue(triggerId, input);
        vm.assertFalse(due, "not due");
        vm.assertNotEq(uint8(reason), 0, "a reason");
    }
}
