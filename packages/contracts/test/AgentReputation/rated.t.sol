// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {AgentReputation} from "../../src/compute/identity/AgentReputation.sol";
import {ReputationRegistry} from "../../src/compute/identity/ReputationRegistry.sol";
import {IAgentReputation} from "../../src/compute/interfaces/IAgentReputation.sol";
import {IProviderRatings} from "../../src/compute/interfaces/IProviderRatings.sol";
import {IReputationRegistry} from "../../src/compute/interfaces/IReputationRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract RatedTest is ComputeTest {
    ReputationRegistry private reputation;
    AgentReputation private bridge;
    address[] private clients;
    uint256 private sessionId;

    function setUp() public override {
        super.setUp();
        reputation = ReputationRegistry(system.reputationRegistry);
        bridge = AgentReputation(system.agentReputation);
        clients.push(address(bridge));
        sessionId = _run(24);
        vm.prank(renter);
        staking.stake{value: 0.01 ether}();
        skip(2 hours);
    }

    function _rate(uint8 score) private {
        vm.prank(renter);
        rental.rate(sessionId, score);
    }

    function _summary() private view returns (uint64 count, int128 mean) {
        (count, mean,) = reputation.getSummary(0, clients, "starred", "compute-rental");
    }

    /// REG-28: a rating becomes feedback on the provider's agent, of which the passing contract is the client.
    function test_isPassedOn() external {
        _rate(4);
        (uint64 count, int128 mean) = _summary();
        vm.assertEq(count, 1, "one");
        vm.assertEq(mean, 80, "four stars of 100");
        vm.assertEq(bridge.feedbackOf(0, renter), 1, "known by renter");
    }

    /// REG-28: who rated, which session and what it had earned stand in the feedback's file, whose hash goes along.
    function test_saysWhatWasPaid() external {
        vm.recordLogs();
        _rate(5);
        (,,,,,, string memory uri, bytes32 hash) = abi.decode(
            _logOf(IReputationRegistry.NewFeedback.selector),
            (uint64, int128, uint8, string, string, string, string, bytes32)
        );
        bytes memory file = _decode(uri);
        vm.assertEq(keccak256(file), hash, "hash");
        string memory json = string(file);
        vm.assertEq(vm.parseJsonAddress(json, ".renter"), renter, "renter");
        vm.assertEq(vm.parseJsonUint(json, ".paid"), 2 * PRICE, "paid");
        vm.assertEq(vm.parseJsonUint(json, ".sessionId"), sessionId, "session");
        vm.assertEq(vm.parseJsonUint(json, ".agentId"), 0, "agent");
        vm.assertEq(vm.parseJsonUint(json, ".value"), 100, "value");
        vm.assertEq(vm.parseJsonString(json, ".createdAt"), "2026-01-01T02:00:00Z", "time");
        string memory client = string.concat("eip155:31337:", vm.toString(address(bridge)));
        vm.assertEq(vm.parseJsonString(json, ".clientAddress"), client, "client");
    }

    /// REG-29: what a renter says again takes the place of what he said before.
    function test_latestCounts() external {
        _rate(1);
        _rate(5);
        (uint64 count, int128 mean) = _summary();
        vm.assertEq(count, 1, "one renter, one feedback");
        vm.assertEq(mean, 100, "the latest");
    }

    /// REG-29: what is said of a provider is not said of an agent that it sold, nor of none.
    function test_refusesTheSold() external {
        vm.prank(provider);
        identity.transferFrom(provider, stranger, 0);
        vm.expectEmit(address(ratings));
        emit IProviderRatings.ReputationRefused(sessionId);
        _rate(1);
        registry.deactivateSold(1);
        _rate(2);
        (uint64 count,) = _summary();
        vm.assertEq(count, 0, "nothing said");
        vm.assertEq(ratings.ratingOf(1, renter).score, 2, "counts here");
    }

    /// REG-29: a provider that mutes feedback on its agent, by approving whoever passes it on, does not mute its ratings.
    function test_countsWhenMuted() external {
        vm.prank(provider);
        identity.setApprovalForAll(address(bridge), true);
        vm.expectEmit(address(ratings));
        emit IProviderRatings.ReputationRefused(sessionId);
        _rate(1);
        vm.assertEq(ratings.ratingOf(1, renter).score, 1, "counts");
    }

    /// REG-28: exploit: wash ratings. Nobody but the ratings contract, which checks stake and session, is passed on.
    function test_exploit_washRatings() external {
        vm.expectRevert(abi.encodeWithSelector(IAgentReputation.NotRatings.selector, stranger));
        vm.prank(stranger);
        bridge.rated(1, stranger, 1, 5, address(0), 1 ether);
        vm.prank(stranger);
        reputation.giveFeedback(0, 100, 0, "starred", "compute-rental", "", "", 0);
        (uint64 count,) = _summary();
        vm.assertEq(count, 0, "what others say is not summed up by this client");
    }

    function _logOf(bytes32 topic) private returns (bytes memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == topic) return logs[i].data;
        }
        revert("no such log");
    }

    /// @dev The content of a data URI in base64.
    function _decode(string memory uri) private pure returns (bytes memory) {
        bytes memory prefix = "data:application/json;base64,";
        vm.assertTrue(LibString.startsWith(uri, string(prefix)), "data URI");
        return Base64.decode(LibString.slice(uri, prefix.length));
    }
}
