// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Cron} from "../../src/compute/libraries/Cron.sol";
import {ProofTest} from "../LogProver/ProofTest.sol";
import {TriggerTest} from "./TriggerTest.sol";

/// @notice What calls of agents, sponsors and executors cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract TriggerRegistryGasTest is TriggerTest {
    /// TRG-30: creating a trigger, an agent's first and further ones.
    function test_create() external {
        vm.startPrank(agent);
        triggers.createTrigger(CRON, _cron("*/5 * * * *"));
        _assertGas(133_000, "createTrigger, cron, an agent's first");
        triggers.createTrigger(CRON, _cron("30 12 * * 1-5"));
        _assertGas(100_000, "createTrigger, cron");
        triggers.createTrigger(CRON, _cron("0,30 12 * * 1-5"));
        _assertGas(123_000, "createTrigger, cron, unusual text");
        triggers.createTrigger(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        _assertGas(111_500, "createTrigger, webhook");
        triggers.createTrigger(EVENT, _event(agent, 1, abi.encode(uint256(1) << 255)));
        _assertGas(134_000, "createTrigger, event with one topic");
    }

    /// TRG-30: to tell from cold storage whether a tick is in the schedule.
    function test_match() external view {
        uint256 spec = Cron.parse("30 12 * * 1-5", 0);
        uint256 dated = Cron.parse("0 0 29 2 *", 0);
        uint256 before = gasleft();
        Cron.matches(spec, 1_800_000_000);
        uint256 plain = before - gasleft();
        before = gasleft();
        Cron.matches(dated, 1_835_395_200);
        uint256 civil = before - gasleft();

        vm.assertLe(plain + 2100, 2500, "by weekday");
        vm.assertLe(civil + 2100, 3200, "by date");
    }

    /// TRG-30: what an agent may do to its triggers.
    function test_agent() external {
        vm.startPrank(agent);
        uint256 triggerId = triggers.createTrigger(WEBHOOK, _webhook(0, abi.encodePacked(agent)));
        triggers.pauseTrigger(triggerId);
        _assertGas(31_000, "pauseTrigger");
        triggers.resumeTrigger(triggerId);
        _assertGas(31_000, "resumeTrigger");
        triggers.cancelNonce(triggerId, 1);
        _assertGas(52_000, "cancelNonce");
        triggers.updateKey(triggerId, 0, abi.encodePacked(executor));
        _assertGas(50_000, "updateKey");
        triggers.inviteSponsor(triggerId, sponsor);
        _assertGas(51_000, "inviteSponsor");
        triggers.deactivateTrigger(triggerId);
        _assertGas(31_000, "deactivateTrigger");
    }

    /// TRG-30: what a sponsor and an executor do.
    function test_money() external {
        uint256 triggerId = _create(CRON, _cron("* * * * *"));
        _sponsor(triggerId, 0.1 ether);
        _assertGas(90_000, "sponsor");
        _sponsor(triggerId, 0.1 ether);
        _assertGas(50_000, "sponsor, other terms");
        vm.startPrank(sponsor);
        triggers.fund{value: 1}(triggerId);
        _assertGas(37_000, "fund");
        triggers.requestWithdraw(triggerId);
        _assertGas(34_000, "requestWithdraw");
        skip(10 minutes);
        triggers.withdraw(triggerId);
        _assertGas(45_000, "withdraw");
        vm.stopPrank();

        vm.startPrank(executor);
        triggers.openCredit{value: 5}();
        _assertGas(32_000, "openCredit, again");
        triggers.collect();
        _assertGas(37_000, "collect");
    }

    function _assertGas(uint256 limit, string memory what) private {
        vm.snapshotGasLastCall("TriggerRegistry", what);
        vm.assertLe(vm.lastCallGas().gasTotalUsed, limit, what);
    }
}

/// @notice What executions cost. Isolated calls have no gas price, so nobody would be paid: these are made in the test's own
///         transaction, one to each, after a setup in another, and what a transaction costs besides is added.
contract TriggerExecutionGasTest is ProofTest {
    uint256 private constant NOW = 1_800_000_000;

    /// @dev Adds 1 to its first slot and stops, whatever it is called with.
    bytes private constant COUNT = hex"5f546001015f5500";

    uint256[] private _ticking;
    bytes[] private _ticks;
    uint256 private _backfilled;
    uint256 private _empty;
    uint256 private _hook;
    uint256 private _waiting;
    bytes private _delivery;

    function setUp() public override {
        super.setUp();
        vm.roll(1);
        for (uint256 i = 0; i < 20; ++i) {
            agent = address(uint160(0xa6e27 + i));
            vm.store(agent, 0, bytes32(uint256(1)));
            _ticking.push(_paid(CRON, _everyMinute(0), 0.1 ether));
            _ticks.push(_tick(NOW + 60));
            vm.etch(agent, COUNT);
        }
        _backfilled = _paid(CRON, _everyMinute(1), 0.1 ether);
        _empty = _paid(CRON, _everyMinute(0), 0);
        _allow(1 ether);
        (address signer, uint256 secret) = makeAddrAndKey("gateway");
        _hook = _paid(WEBHOOK, _webhook(0, abi.encodePacked(signer)), 0.1 ether);
        _waiting = _paid(EVENT, _event(EMITTER, 0, ""), 0.1 ether);
        bytes memory payload = abi.encodePacked(keccak256("payload"));
        bytes32 digest = triggers.deliveryDigest(_hook, 7, uint64(NOW), keccak256(payload));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        _delivery = abi.encodePacked(uint8(1), uint64(7), uint40(NOW), uint16(65), r, s, v, payload);
        vm.prank(agent);
        triggers.cancelNonce(_hook, 0);
        vm.warp(NOW + 60);
    }

    /// TRG-30: one tick.
    function test_tick() external {
        _assertGas(47_000, "executeTrigger, tick", _one(_ticking[0], _ticks[0]));
    }

    /// TRG-30: one tick of those that run in order.
    function test_backfill() external {
        _assertGas(48_600, "executeTrigger, tick, in order", _one(_backfilled, _ticks[0]));
    }

    /// TRG-30: one tick whose balance is refilled.
    function test_refill() external {
        _assertGas(110_000, "executeTrigger, tick, with a refill", _one(_empty, _ticks[0]));
    }

    /// TRG-30: twenty ticks of one minute at once.
    function test_many() external {
        bytes[] memory inputs = new bytes[](1);
        inputs[0] = _ticks[0];
        bytes memory data = abi.encodeCall(triggers.executeMany, (_ticking, inputs));
        _assertGas(20 * 21_000, "executeMany, 20 ticks", data);
    }

    /// TRG-30: twenty ticks at once, each with an input of its own.
    function test_manyInputs() external {
        bytes memory data = abi.encodeCall(triggers.executeMany, (_ticking, _ticks));
        _assertGas(20 * 21_200, "executeMany, 20 ticks, an input each", data);
    }

    /// TRG-30: a delivery of 32 bytes.
    function test_delivery() external {
        _assertGas(62_000, "executeTrigger, delivery of 32 bytes", _one(_hook, _delivery));
    }

    /// TRG-30: a log of a block of 200 transactions.
    function test_log() external {
        Case memory log = _case(12);
        _after(log);
        _assertGas(115_000, "executeTrigger, log of 200 transactions", _one(_waiting, _input(log)));
    }

    function _paid(ITriggerRegistry.TriggerType kind, bytes memory config, uint256 value)
        private
        returns (uint256 triggerId)
    {
        triggerId = _create(kind, config);
        _sponsor(triggerId, value);
    }

    function _one(uint256 triggerId, bytes memory input) private view returns (bytes memory) {
        return abi.encodeCall(triggers.executeTrigger, (triggerId, input));
    }

    function _assertGas(uint256 limit, string memory what, bytes memory data) private {
        uint256 zeros = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++zeros;
        }
        uint256 unseen = 21_000 + 16 * data.length - 12 * zeros;
        vm.prank(executor, executor);
        (bool ok,) = address(triggers).call(data);
        uint256 gas = vm.lastCallGas().gasTotalUsed + unseen;

        vm.assertTrue(ok, what);
        vm.snapshotValue("TriggerRegistry", what, gas);
        vm.assertLe(gas, limit, what);
    }
}
