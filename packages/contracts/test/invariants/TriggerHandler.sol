// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {TriggerRegistry} from "../../src/compute/TriggerRegistry.sol";
import {AttesterQuorums} from "../../src/compute/attestation/AttesterQuorums.sol";
import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {AttestedLog} from "../../src/compute/libraries/AttestedLog.sol";
import {Agent} from "../TriggerRegistry/Agent.sol";

/// @notice Plays agents, sponsors and executors in any order, and keeps books of its own.
contract TriggerHandler is Test {
    uint256 public constant SPONSORS = 3;
    uint256 public constant EXECUTORS = 3;
    uint256 public constant CAP = 0.2 ether;

    uint256 public constant PURSE = 1000 ether;
    uint64 private constant CHAIN = 8453;

    LedgerManager public ledger = new LedgerManager();
    ComputeStaking private _staking = new ComputeStaking(address(this), address(this), address(this));
    AttesterQuorums private _quorums = new AttesterQuorums(_staking);
    TriggerRegistry public triggers = new TriggerRegistry(ledger, _quorums);
    Agent public agent = new Agent();
    address public stranger = makeAddr("stranger");
    /// Whoever signs deliveries, and attests logs of another chain.
    address public signer;
    uint256 private _quorumId;
    uint256 private _secret;

    /// What executions paid that this handler saw being due, and what was drawn.
    uint256 public paid;
    uint256 public executions;
    uint256 public skipped;
    mapping(uint256 triggerId => mapping(uint256 key => bool)) private _seen;
    bool public ranTwice;
    bool public chargedForNothing;
    bool public chargedAnother;
    mapping(ITriggerRegistry.TriggerType => uint256[]) private _ofType;

    constructor() {
        vm.warp(1_800_000_000);
        vm.fee(1 gwei);
        vm.txGasPrice(2 gwei);
        (signer, _secret) = makeAddrAndKey("gateway");
        for (uint256 i = 0; i < SPONSORS; ++i) {
            vm.deal(sponsorAt(i), PURSE);
            vm.startPrank(sponsorAt(i));
            ledger.deposit{value: 10 ether}();
            ledger.allow(address(triggers), address(0), 5 ether);
            vm.stopPrank();
        }
        vm.deal(signer, 1 ether);
        address[] memory members = new address[](1);
        members[0] = signer;
        _quorumId = _quorums.createQuorum(members, 1);
        vm.startPrank(signer);
        _staking.stake{value: 1 ether}();
        _staking.becomeAttester();
        vm.stopPrank();
        for (uint256 kind = 0; kind < 4; ++kind) {
            create(kind);
        }
    }

    function sponsorAt(uint256 index) public pure returns (address) {
        return address(uint160(0x5000 + index));
    }

    function executorAt(uint256 index) public pure returns (address) {
        return address(uint160(0xe000 + index));
    }

    function create(uint256 kind) public {
        if (triggers.triggerCount() >= 8) return;
        bytes memory header =
            abi.encodePacked(uint8(1), uint8(3), uint16(30), uint16(500), address(0), uint16(0));
        bytes memory rest = abi.encodePacked(uint8(kind % 2), int8(0), "*/3 * * * *");
        ITriggerRegistry.TriggerType type_ = ITriggerRegistry.TriggerType.Cron;
        if (kind % 4 == 2) {
            type_ = ITriggerRegistry.TriggerType.Webhook;
            rest = abi.encodePacked(uint8(0), uint8(0), signer);
        } else if (kind % 4 == 3) {
            type_ = ITriggerRegistry.TriggerType.Event;
            rest = abi.encodePacked(address(this), uint8(16), CHAIN, _quorumId);
        }
        _ofType[type_].push(agent.create(triggers, type_, abi.encodePacked(header, rest)));
    }

    function sponsor(uint256 triggerId, uint256 who, uint256 value) external {
        triggerId = _id(triggerId);
        value = bound(value, 0, CAP);
        vm.prank(who % 2 == 0 ? sponsorAt(who / 2 % SPONSORS) : _sponsorOf(triggerId, who / 2));
        triggers.sponsor{value: value}(triggerId, CAP, 100 gwei, block.timestamp + 3 days);
    }

    function fund(uint256 triggerId, uint256 who, uint256 value) external {
        triggerId = _id(triggerId);
        value = who % 8 == 1 ? bound(value, 0, 0.1 ether) : bound(value, 1, CAP - _held(triggerId));
        vm.prank(_sponsorOf(triggerId, who));
        triggers.fund{value: value}(triggerId);
    }

    function leave(uint256 triggerId, uint256 who, bool waits) external {
        triggerId = _id(triggerId);
        address payer = _sponsorOf(triggerId, who);
        vm.prank(payer);
        triggers.requestWithdraw(triggerId);
        if (!waits) return;
        skip(10 minutes);
        vm.prank(payer);
        triggers.withdraw(triggerId);
    }

    function invite(uint256 triggerId, uint256 who) external {
        triggerId = _id(triggerId);
        vm.prank(address(agent));
        triggers.inviteSponsor(triggerId, sponsorAt(who % SPONSORS));
    }

    function misbehave(uint256 mood) external {
        agent.setMood(Agent.Mood(mood % 4));
    }

    /// @dev From within its next calls the agent tries this.
    function plot(uint256 triggerId, uint256 what, uint256 tick) external {
        triggerId = _id(triggerId);
        bytes memory input = abi.encodePacked(uint8(1), uint40((block.timestamp / 60 + tick % 40) * 60));
        bytes[8] memory calls = [
            abi.encodeCall(triggers.withdraw, triggerId),
            abi.encodeCall(triggers.collect, ()),
            abi.encodeCall(triggers.executeTrigger, (triggerId, input)),
            abi.encodeCall(triggers.sponsor, (triggerId, CAP, 100 gwei, block.timestamp + 1 days)),
            abi.encodeCall(triggers.inviteSponsor, (triggerId, address(agent))),
            abi.encodeCall(triggers.resumeTrigger, triggerId),
            abi.encodeCall(triggers.pauseTrigger, triggerId),
            abi.encodeCall(triggers.requestWithdraw, triggerId)
        ];
        agent.callBack(address(triggers), calls[what % 8]);
    }

    /// @dev A stranger without money tries to come by some.
    function steal(uint256 triggerId, uint256 who, uint256 what, uint256 amount) external {
        triggerId = _id(triggerId);
        address victim = sponsorAt(who % SPONSORS);
        // one prank, which a refusal ends too
        vm.prank(stranger, stranger);
        if (what % 6 == 0) triggers.withdraw(triggerId);
        if (what % 6 == 1) triggers.requestWithdraw(triggerId);
        if (what % 6 == 2) triggers.collectTo(stranger);
        if (what % 6 == 3) ledger.draw(victim, address(0), amount);
        if (what % 6 == 4) ledger.drawTopUp(victim, bytes32(triggerId), amount);
        if (what % 6 == 5) triggers.sponsor(triggerId, CAP, 100 gwei, block.timestamp + 1 hours);
    }

    function resume(uint256 triggerId, bool pause) external {
        triggerId = _id(triggerId);
        vm.prank(address(agent));
        if (pause) triggers.pauseTrigger(triggerId);
        else triggers.resumeTrigger(triggerId);
    }

    /// @dev The first executor from the drawn one on that has credit.
    function collect(uint256 who) external {
        who %= EXECUTORS;
        for (uint256 i = 0; i < EXECUTORS && triggers.creditOf(executorAt(who)) < 2; ++i) {
            who = (who + 1) % EXECUTORS;
        }
        vm.prank(executorAt(who));
        triggers.collect();
    }

    function wait(uint256 time) external {
        skip(bound(time, 1, 1 hours));
    }

    /// @dev Whatever tick: due or not.
    function executeTick(uint256 triggerId, uint256 who, uint256 back) external {
        triggerId = _idOf(ITriggerRegistry.TriggerType.Cron, triggerId);
        uint256 tick = (block.timestamp / 60 - back % 40) * 60;
        _execute(triggerId, who, tick, abi.encodePacked(uint8(1), uint40(tick)));
    }

    function executeDue(uint256 triggerId, uint256 who) external {
        triggerId = _idOf(ITriggerRegistry.TriggerType.Cron, triggerId);
        uint256 tick = triggers.dueTick(triggerId);
        _execute(triggerId, who, tick, abi.encodePacked(uint8(1), uint40(tick)));
    }

    function executeDelivery(uint256 triggerId, uint256 who, uint256 nonce, bool forged) external {
        triggerId = _idOf(ITriggerRegistry.TriggerType.Webhook, triggerId);
        nonce %= 20;
        bytes32 digest =
            triggers.deliveryDigest(triggerId, uint64(nonce), uint64(block.timestamp), keccak256("hi"));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(forged ? _secret + 1 : _secret, digest);
        bytes memory signature = abi.encodePacked(r, s, v);
        bytes memory input =
            abi.encodePacked(uint8(1), uint64(nonce), uint40(block.timestamp), uint16(65), signature, "hi");
        _execute(triggerId, who, nonce, input);
    }

    /// @dev Of another chain, attested or forged.
    function executeLog(uint256 triggerId, uint256 who, uint256 number, bool forged) external {
        triggerId = _idOf(ITriggerRegistry.TriggerType.Event, triggerId);
        number = 1 + number % 20;
        AttestedLog.Log memory log =
            AttestedLog.Log(CHAIN, number << 64, block.timestamp, address(this), new bytes32[](0), "hi");
        bytes32 digest = AttestedLog.digest(log, address(triggers));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(forged ? _secret + 1 : _secret, digest);
        bytes memory head = abi.encodePacked(uint8(1), uint128(log.key), uint40(log.time), uint8(0));
        _execute(triggerId, who, log.key, abi.encodePacked(head, uint16(2), log.data, r, s, v));
    }

    function _execute(uint256 triggerId, uint256 who, uint256 key, bytes memory input) private {
        bool due = _isDue(triggerId, input);
        uint256 before = _held(triggerId);
        uint256 others = _othersLedgers(triggerId);
        uint256[] memory triggerIds = new uint256[](2);
        (triggerIds[0], triggerIds[1]) = (triggerId, triggerId);
        bytes[] memory inputs = new bytes[](1 + who / EXECUTORS % 2);
        for (uint256 i = 0; i < inputs.length; ++i) {
            inputs[i] = input;
        }

        address executor = executorAt(who % EXECUTORS);
        uint256 credit = triggers.creditOf(executor);
        vm.prank(executor, executor);
        ITriggerRegistry.Reason[] memory results = triggers.executeMany(triggerIds, inputs);

        bool ran = results[0] == ITriggerRegistry.Reason.None;
        if (results[1] == ITriggerRegistry.Reason.None) ranTwice = true;
        if (ran && _seen[triggerId][key]) ranTwice = true;
        if (!due && (ran || _held(triggerId) != before)) chargedForNothing = true;
        if (_othersLedgers(triggerId) != others) chargedAnother = true;
        if (ran) _seen[triggerId][key] = true;
        ran ? ++executions : ++skipped;
        paid += triggers.creditOf(executor) - credit;
    }

    /// @dev Warning: `isDue` counts with a transaction for this alone, which may cost more than there is when a share of one does
    /// not; so what it finds not covered is due all the same.
    function _isDue(uint256 triggerId, bytes memory input) private view returns (bool due) {
        ITriggerRegistry.Reason reason;
        (due, reason) = triggers.isDue(triggerId, input);
        if (reason == ITriggerRegistry.Reason.NotCovered) due = true;
    }

    /// @dev What all who could pay for a trigger have in it or lost to it.
    function _held(uint256 triggerId) private view returns (uint256) {
        return triggers.triggerDetails(triggerId).balance;
    }

    /// @dev The ledgers of those who do not sponsor it.
    function _othersLedgers(uint256 triggerId) private view returns (uint256 sum) {
        address payer = triggers.triggerDetails(triggerId).sponsor;
        for (uint256 i = 0; i < SPONSORS; ++i) {
            if (sponsorAt(i) != payer) sum += ledger.getBalance(sponsorAt(i));
        }
    }

    /// @dev Mostly of that type; now and then of any.
    function _idOf(ITriggerRegistry.TriggerType type_, uint256 seed) private view returns (uint256) {
        if (seed % 16 == 0) return _id(seed / 16);
        uint256[] storage triggerIds = _ofType[type_];
        return triggerIds[seed % triggerIds.length];
    }

    /// @dev Mostly whoever sponsors it; now and then whoever is drawn.
    function _sponsorOf(uint256 triggerId, uint256 who) private view returns (address) {
        address payer = triggers.triggerDetails(triggerId).sponsor;
        return payer == address(0) || who % 8 == 0 ? sponsorAt(who / 8 % SPONSORS) : payer;
    }

    function _id(uint256 seed) private view returns (uint256) {
        return 1 + seed % triggers.triggerCount();
    }
}
