// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Agent} from "./Agent.sol";
import {TriggerTest} from "./TriggerTest.sol";

/// @notice Says with how much gas it was called.
contract Gauge {
    uint256 public got = 1;
    uint256 public runs = 1;

    fallback() external {
        got = gasleft();
        ++runs;
    }
}

/// @notice Payloads so long that carrying them takes gas of its own.
contract PayloadsTest is TriggerTest {
    uint256 internal constant NOW = 1_800_000_000;
    uint256 private constant PROMISED = 300_000;

    address private signer;
    uint256 private secret;
    Gauge private gauge = new Gauge();

    function setUp() public override {
        super.setUp();
        (signer, secret) = makeAddrAndKey("gateway");
    }

    /// TRG-35: a stranger who brings a signed delivery with a little too little gas burns its nonce for nothing: what is copied
    /// for the call is paid before the gas that is left is looked at.
    function test_attack_longPayloadStarvesTheCall() external {
        vm.prank(address(gauge));
        uint256 triggerId = triggers.createTrigger(WEBHOOK, _config(address(0)));
        uint256 accepted = _bringWithEveryGas(triggerId, new bytes(98_304), 8000);
        vm.assertGt(accepted, 5, "some were accepted");
        vm.assertLt(accepted, 90, "some were not");
    }

    /// TRG-35: so it is through a forwarder, which copies the payload once more.
    function test_attack_longPayloadStarvesTheForwardedCall() external {
        uint256 triggerId = _create(WEBHOOK, _config(address(gauge)));
        uint256 accepted = _bringWithEveryGas(triggerId, new bytes(65_536), 8000);
        vm.assertGt(accepted, 5, "some were accepted");
        vm.assertLt(accepted, 90, "some were not");
    }

    /// TRG-35: nor does junk ahead in a batch, whose copies make memory dear for what comes behind it.
    function test_attack_junkAheadStarvesTheCall() external {
        uint256 junk = _createFor(WEBHOOK, _config(address(0)));
        vm.prank(address(gauge));
        uint256 triggerId = triggers.createTrigger(WEBHOOK, _config(address(0)));
        uint256 accepted = 0;
        for (uint256 i = 0; i < 40; ++i) {
            uint256 runs = gauge.runs();
            // memory of its own, since the batch is long
            this.bringBehindJunk(junk, triggerId, i);
            if (gauge.runs() == runs) continue;
            ++accepted;
            vm.assertGt(gauge.got(), PROMISED - 1000, "what was promised");
        }
        vm.assertGt(accepted, 5, "some were accepted");
        vm.assertLt(accepted, 40, "some were not");
    }

    function bringBehindJunk(uint256 junk, uint256 triggerId, uint256 index) external {
        uint256[] memory triggerIds = new uint256[](2);
        bytes[] memory inputs = new bytes[](2);
        (triggerIds[0], triggerIds[1]) = (junk, triggerId);
        inputs[0] = abi.encodePacked(uint8(1), uint64(0), uint40(NOW), uint16(0), new bytes(500_000));
        inputs[1] = _delivery(triggerId, uint64(index * 256), new bytes(8192));
        bytes memory call = abi.encodeCall(triggers.executeMany, (triggerIds, inputs));
        vm.prank(executor, executor);
        (bool ok, bytes memory answer) = address(triggers).call{gas: 1_900_000 + index * 20_000}(call);
        vm.assertTrue(ok || answer.length == 0, "in a batch nothing is refused, but for gas that ends");
    }

    /// TRG-27: a balance that does not reach for all of a delivery's gas runs nothing; the executor is not left with the rest.
    function test_attack_balanceJustTooLow() external {
        bytes memory config = abi.encodePacked(_headerWith(300, address(0), ""), uint8(0), uint8(0), signer);
        uint256 triggerId = _createFor(WEBHOOK, config);
        counter.setMood(Agent.Mood.BurnGas);
        bytes memory input = _delivery(triggerId, 256, "x");
        uint256 start = vm.snapshotState();
        _sponsor(triggerId, 0.1 ether);
        _execute(triggerId, input);
        uint256 cost = triggers.creditOf(executor) - 1;
        vm.revertToState(start);

        _sponsor(triggerId, cost - 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, input);
    }

    /// TRG-27: nor does a long payload cost the executor what the balance does not reach for.
    function test_attack_longPayloadAboveTheBalance() external {
        uint256 triggerId = _create(WEBHOOK, _config(address(counter)));
        counter.setMood(Agent.Mood.BurnGas);
        bytes memory input = _delivery(triggerId, 256, new bytes(98_304));
        uint256 start = vm.snapshotState();
        _sponsor(triggerId, 0.1 ether);
        _execute(triggerId, input);
        uint256 cost = triggers.creditOf(executor) - 1;
        vm.revertToState(start);

        _sponsor(triggerId, cost - 1);
        _expectReason(triggerId, ITriggerRegistry.Reason.NotCovered);
        _execute(triggerId, input);
    }

    function _bringWithEveryGas(uint256 triggerId, bytes memory payload, uint256 step)
        private
        returns (uint256 accepted)
    {
        for (uint256 i = 0; i < 90; ++i) {
            bytes memory input = _delivery(triggerId, uint64(i * 256), payload);
            bytes memory call = abi.encodeCall(triggers.executeTrigger, (triggerId, input));
            uint256 runs = gauge.runs();
            vm.prank(executor, executor);
            (bool ok,) = address(triggers).call{gas: 400_000 + i * step}(call);
            vm.assertEq(gauge.runs(), ok ? runs + 1 : runs, "all or nothing");
            if (!ok) continue;
            ++accepted;
            vm.assertGt(gauge.got(), PROMISED - 1000, "what was promised");
        }
    }

    function _config(address target) private view returns (bytes memory) {
        return abi.encodePacked(_headerWith(uint16(PROMISED / 1000), target, ""), uint8(0), uint8(0), signer);
    }

    function _delivery(uint256 triggerId, uint64 nonce, bytes memory payload)
        private
        view
        returns (bytes memory)
    {
        bytes32 digest =
            triggers.deliveryDigest(triggerId, nonce, uint64(block.timestamp), keccak256(payload));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(
            uint8(1), nonce, uint40(block.timestamp), uint16(65), abi.encodePacked(r, s, v), payload
        );
    }
}
