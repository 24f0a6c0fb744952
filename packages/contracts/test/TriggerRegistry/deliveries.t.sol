// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {TriggerTest} from "./TriggerTest.sol";

/// @notice An account that signs for what its owner signed, by ERC-1271.
contract Account1271 {
    address private immutable OWNER;
    bool public greedy;

    constructor(address owner) {
        OWNER = owner;
    }

    function setGreedy() external {
        greedy = true;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (greedy) while (true) {}
        (bytes32 r, bytes32 s, uint8 v) = abi.decode(signature, (bytes32, bytes32, uint8));
        return ecrecover(hash, v, r, s) == OWNER ? this.isValidSignature.selector : bytes4(0);
    }
}

contract DeliveriesTest is TriggerTest {
    uint256 internal constant NOW = 1_800_000_000;
    uint256 internal constant P256_KEY = 0xc0ffee;
    address internal signer;
    uint256 internal secret;
    uint256 internal triggerId;

    function setUp() public override {
        super.setUp();
        (signer, secret) = makeAddrAndKey("gateway");
        triggerId = _createFor(WEBHOOK, _webhook(0, abi.encodePacked(signer)));
    }

    /// TRG-19: what the key signed runs, whoever brings it, with the nonce as the key and the payload.
    function test_runsWhatTheKeySigned(uint64 nonce, bytes memory payload) external {
        _execute(triggerId, _delivery(nonce, NOW, payload));

        vm.assertEq(counter.lastKey(), nonce, "key");
        vm.assertEq(counter.lastPayload(), payload, "payload");
        vm.assertTrue(triggers.isNonceUsed(triggerId, nonce), "used");
    }

    /// TRG-19: EIP-2098's short form is a signature too.
    function test_takesShortSignatures() external {
        (bytes32 r, bytes32 vs) = vm.signCompact(secret, _digest(triggerId, 7, NOW, keccak256("hi")));
        _execute(triggerId, _input(7, NOW, abi.encodePacked(r, vs), "hi"));
        vm.assertEq(counter.lastPayload(), "hi", "payload");
    }

    /// TRG-19: the digest is EIP-712's, from the published names.
    function test_digestIsTheDocuments(uint64 nonce, uint64 time, bytes32 payloadHash) external view {
        vm.assertEq(
            triggers.deliveryDigest(triggerId, nonce, time, payloadHash),
            _digest(triggerId, nonce, time, payloadHash),
            "digest"
        );
    }

    /// TRG-19: P-256 keys sign as well, verified by the precompile.
    function test_runsWhatAP256KeySigned(bytes memory payload) external {
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        uint256 id = _createFor(WEBHOOK, _webhook(1, abi.encode(x, y)));
        (bytes32 r, bytes32 s) = vm.signP256(P256_KEY, _digest(id, 1, NOW, keccak256(payload)));

        _expectReason(id, ITriggerRegistry.Reason.BadSignature);
        _execute(id, _input(2, NOW, abi.encodePacked(r, s), payload));
        _execute(id, _input(1, NOW, abi.encodePacked(r, s), payload));

        vm.assertEq(counter.lastPayload(), payload, "payload");
    }

    /// TRG-19: so do accounts, by ERC-1271; one that burns gas is refused after 200,000.
    function test_runsWhatAnAccountSigned() external {
        Account1271 account = new Account1271(signer);
        uint256 id = _createFor(WEBHOOK, _webhook(2, abi.encodePacked(account)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, _digest(id, 1, NOW, keccak256("x")));
        bytes memory signature = abi.encode(r, s, v);

        _expectReason(id, ITriggerRegistry.Reason.BadSignature);
        _execute(id, _input(2, NOW, signature, "x"));
        account.setGreedy();
        uint256 before = gasleft();
        (, ITriggerRegistry.Reason reason) = triggers.isDue(id, _input(1, NOW, signature, "x"));
        vm.assertEq(uint8(reason), uint8(ITriggerRegistry.Reason.BadSignature), "greedy");
        vm.assertLt(before - gasleft(), 300_000, "gas");
        vm.store(address(account), 0, 0);
        _execute(id, _input(1, NOW, signature, "x"));
        vm.assertEq(counter.lastPayload(), "x", "payload");
    }

    /// TRG-19: with payload mode 1 only the hash goes on chain.
    function test_passesTheHashAlone() external {
        bytes memory config = abi.encodePacked(_header(), uint8(1), uint8(0), signer);
        uint256 id = _createFor(WEBHOOK, config);
        bytes32 hash = keccak256("private");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, _digest(id, 1, NOW, hash));
        bytes memory signature = abi.encodePacked(r, s, v);

        _expectReason(id, ITriggerRegistry.Reason.BadInput);
        _execute(id, _input(1, NOW, signature, "private"));
        _execute(id, _input(1, NOW, signature, abi.encodePacked(hash)));

        vm.assertEq(counter.lastPayload(), abi.encodePacked(hash), "hash");
        vm.assertEq(triggers.getTrigger(id).config, config, "config");
    }

    /// TRG-19: whatever is changed of a delivery, it is not what was signed.
    function test_revertsWhen_aByteIsChanged(uint256 at, uint8 change) external {
        bytes memory input = _delivery(5, NOW, "some payload");
        at = bound(at, 1, input.length - 1);
        change = uint8(bound(change, 1, 255));
        input[at] = bytes1(uint8(input[at]) ^ change);

        (bool due,) = triggers.isDue(triggerId, input);

        vm.assertFalse(due, "not due");
    }

    /// TRG-18: in a batch, nothing of one execution shows in the next.
    function test_keepsABatchApart() external {
        uint256 backfill = _createFor(CRON, _everyMinute(1));
        uint256 plain = _createFor(CRON, _everyMinute(0));
        vm.warp(NOW + 2 hours);
        uint256[] memory triggerIds = new uint256[](3);
        bytes[] memory inputs = new bytes[](3);
        (triggerIds[0], inputs[0]) = (backfill, _tick(NOW + 1 hours));
        (triggerIds[1], inputs[1]) = (triggerId, _delivery(3, NOW + 2 hours, "not for others"));
        (triggerIds[2], inputs[2]) = (plain, _tick(NOW + 2 hours));

        vm.recordLogs();
        _executeMany(triggerIds, inputs);

        vm.assertEq(vm.getRecordedLogs().length, 4, "one expiry, three runs");
        vm.assertEq(counter.runs(), 4, "all ran");
        vm.assertEq(counter.lastKey(), NOW + 2 hours, "key");
        vm.assertEq(counter.lastPayload(), "", "payload");
    }

    /// TRG-20: each nonce works once, in any order.
    function test_runsEachNonceOnce(uint64 first, uint64 second) external {
        vm.assume(first != second);
        bytes memory one = _delivery(first, NOW, "one");
        bytes memory two = _delivery(second, NOW, "two");
        _execute(triggerId, two);
        _execute(triggerId, one);

        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, one);
        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, _delivery(second, NOW, "another"));
        vm.assertEq(counter.runs(), 3, "two runs");
    }

    /// TRG-20: a delivery is of one trigger, chain and registry.
    function test_revertsWhen_itIsOfAnother() external {
        uint256 other = _createFor(WEBHOOK, _webhook(0, abi.encodePacked(signer)));
        bytes memory input = _delivery(1, NOW, "x");
        _expectReason(other, ITriggerRegistry.Reason.BadSignature);
        _execute(other, input);
        vm.chainId(5);
        _expectReason(triggerId, ITriggerRegistry.Reason.BadSignature);
        _execute(triggerId, input);
    }

    /// TRG-20: it runs from five minutes before its time of signing to the maximum delay after.
    function test_revertsWhen_outOfTime(uint256 time) external {
        time = bound(time, 0, type(uint40).max);
        bytes memory input = _delivery(1, time, "x");

        if (time > NOW + 5 minutes) _expectReason(triggerId, ITriggerRegistry.Reason.TooEarly);
        else if (time + 1 hours < NOW) _expectReason(triggerId, ITriggerRegistry.Reason.TooLate);
        _execute(triggerId, input);
    }

    /// TRG-20: the agent makes a nonce worthless, once.
    function test_cancelsANonce(uint64 nonce) external {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, triggerId, stranger));
        vm.prank(stranger);
        triggers.cancelNonce(triggerId, nonce);

        vm.startPrank(address(counter));
        triggers.cancelNonce(triggerId, nonce);
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NonceNotFree.selector, triggerId, nonce));
        triggers.cancelNonce(triggerId, nonce);
        vm.stopPrank();
        _expectReason(triggerId, ITriggerRegistry.Reason.AlreadyDone);
        _execute(triggerId, _delivery(nonce, NOW, "x"));
    }

    /// TRG-21: a new key takes over at once, of whatever kind, and the config shows it.
    function test_updatesTheKey() external {
        bytes memory old = _delivery(1, NOW, "x");
        (uint256 x, uint256 y) = vm.publicKeyP256(P256_KEY);
        vm.startPrank(address(counter));
        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.KeyUpdated(triggerId, 1, abi.encode(x, y));
        triggers.updateKey(triggerId, 1, abi.encode(x, y));
        vm.stopPrank();

        vm.assertEq(triggers.getTrigger(triggerId).config, _webhook(1, abi.encode(x, y)), "config");
        _expectReason(triggerId, ITriggerRegistry.Reason.BadSignature);
        _execute(triggerId, old);
        (bytes32 r, bytes32 s) = vm.signP256(P256_KEY, _digest(triggerId, 1, NOW, keccak256("x")));
        _execute(triggerId, _input(1, NOW, abi.encodePacked(r, s), "x"));
    }

    /// TRG-21: a key that cannot sign, a trigger without one, and anyone but the agent are refused.
    function test_revertsWhen_theKeyCannotBeUpdated() external {
        uint256 cron = _createFor(CRON, _everyMinute(0));
        vm.startPrank(address(counter));
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidConfig.selector, "key", 0));
        triggers.updateKey(triggerId, 0, abi.encodePacked(address(0)));
        vm.expectPartialRevert(ITriggerRegistry.InvalidConfigLength.selector);
        triggers.updateKey(triggerId, 0, hex"00");
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotWebhook.selector, cron));
        triggers.updateKey(cron, 0, abi.encodePacked(signer));
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotWebhook.selector, cron));
        triggers.cancelNonce(cron, 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotAgent.selector, triggerId, stranger));
        vm.prank(stranger);
        triggers.updateKey(triggerId, 0, abi.encodePacked(signer));
    }

    /// TRG-21: the key of a webhook that calls another target is read and replaced too.
    function test_readsTheKeyBehindTheCall() external {
        bytes memory head = _headerWith(200, address(counter), abi.encodeCall(counter.poke, 9));
        uint256 id = _createFor(WEBHOOK, abi.encodePacked(head, uint8(0), uint8(0), stranger));
        vm.prank(address(counter));
        triggers.updateKey(id, 0, abi.encodePacked(signer));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, _digest(id, 1, NOW, keccak256("x")));

        _execute(id, _input(1, NOW, abi.encodePacked(r, s, v), "x"));

        vm.assertEq(counter.lastKey(), 9, "its data");
        vm.assertEq(triggers.getTrigger(id).config, abi.encodePacked(head, hex"0000", signer), "config");
    }

    function _delivery(uint64 nonce, uint256 time, bytes memory payload)
        internal
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, _digest(triggerId, nonce, time, keccak256(payload)));
        return _input(nonce, time, abi.encodePacked(r, s, v), payload);
    }

    function _input(uint64 nonce, uint256 time, bytes memory signature, bytes memory payload)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(uint8(1), nonce, uint40(time), uint16(signature.length), signature, payload);
    }

    function _digest(uint256 id, uint256 nonce, uint256 time, bytes32 payloadHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Jeju TriggerRegistry"),
                keccak256("1"),
                block.chainid,
                triggers
            )
        );
        bytes32 kind =
            keccak256("WebhookDelivery(uint256 triggerId,uint64 nonce,uint64 timestamp,bytes32 payloadHash)");
        bytes32 hash = keccak256(abi.encode(kind, id, nonce, time, payloadHash));
        return keccak256(abi.encodePacked(hex"1901", domain, hash));
    }
}
