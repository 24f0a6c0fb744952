// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IdentityRegistry} from "../../src/compute/identity/IdentityRegistry.sol";
import {ReputationRegistry} from "../../src/compute/identity/ReputationRegistry.sol";
import {IReputationRegistry} from "../../src/compute/interfaces/IReputationRegistry.sol";

contract ReputationRegistryTest is Test {
    IdentityRegistry private identity = new IdentityRegistry();
    ReputationRegistry private reputation = new ReputationRegistry(identity);
    address private owner = makeAddr("owner");
    address private one = makeAddr("one");
    address private other = makeAddr("other");
    uint256 private agentId;

    function setUp() external {
        vm.prank(owner);
        agentId = identity.register();
    }

    function _give(address client, int128 value, uint8 decimals, string memory tag) private {
        vm.prank(client);
        reputation.giveFeedback(agentId, value, decimals, tag, "", "", "", 0);
    }

    function _both() private view returns (address[] memory clients) {
        clients = new address[](2);
        (clients[0], clients[1]) = (one, other);
    }

    /// REG-18: feedback is its client's, with indexes from 1, and is read as it was given.
    function test_isKept() external {
        vm.expectEmit(address(reputation));
        emit IReputationRegistry.NewFeedback(
            agentId, one, 1, -7, 2, "starred", "starred", "b", "https://e", "ipfs://f", "hash"
        );
        vm.prank(one);
        reputation.giveFeedback(agentId, -7, 2, "starred", "b", "https://e", "ipfs://f", "hash");
        (int128 value, uint8 decimals, string memory tag1, string memory tag2, bool revoked) =
            reputation.readFeedback(agentId, one, 1);
        vm.assertEq(value, -7, "value");
        vm.assertEq(decimals, 2, "decimals");
        vm.assertEq(string.concat(tag1, "/", tag2), "starred/b", "tags");
        vm.assertFalse(revoked, "revoked");
        vm.assertEq(reputation.getLastIndex(agentId, one), 1, "last");
        vm.assertEq(reputation.getClients(agentId).length, 1, "clients");
        vm.assertEq(reputation.getIdentityRegistry(), address(identity), "identity");
    }

    /// REG-18: an agent's owner and whom it approved say nothing of it, and there is nothing to say of an agent that is none.
    function test_revertsWhen_clientIsTheAgent() external {
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.SelfFeedback.selector, agentId, owner));
        _give(owner, 1, 0, "");
        vm.prank(owner);
        identity.setApprovalForAll(one, true);
        vm.expectRevert(abi.encodeWithSelector(IReputationRegistry.SelfFeedback.selector, agentId, one));
        _give(one, 1, 0, "");
        vm.expectRevert();
        vm.prank(other);
        reputation.giveFeedback(99, 1, 0, "", "", "", "", 0);
    }

    /// REG-18: a value has at most 18 decimals and 10^38.
    function test_revertsWhen_valueIsOutOfRange() external {
        vm.expectPartialRevert(IReputationRegistry.ValueOutOfRange.selector);
        _give(one, 1, 19, "");
        vm.expectPartialRevert(IReputationRegistry.ValueOutOfRange.selector);
        _give(one, 1e38 + 1, 0, "");
        vm.expectPartialRevert(IReputationRegistry.ValueOutOfRange.selector);
        _give(one, -1e38 - 1, 0, "");
    }

    /// REG-19: a summary is the mean over the clients asked for, with the decimals that most of it has, without what was revoked.
    function test_sumsUp() external {
        _give(one, 80, 0, "starred");
        _give(one, 9977, 2, "starred");
        _give(other, 100, 0, "starred");
        _give(other, 1, 0, "uptime");
        (uint64 count, int128 mean, uint8 decimals) = reputation.getSummary(agentId, _both(), "starred", "");
        vm.assertEq(count, 3, "count");
        vm.assertEq(mean, 93, "(80 + 99.77 + 100) / 3");
        vm.assertEq(decimals, 0, "decimals of most");

        vm.prank(one);
        reputation.revokeFeedback(agentId, 1);
        (count, mean, decimals) = reputation.getSummary(agentId, _both(), "starred", "");
        vm.assertEq(count, 2, "without what was revoked");
        (count,,) = reputation.getSummary(agentId, _both(), "nothing", "");
        vm.assertEq(count, 0, "nothing of the tag");
        vm.expectRevert(IReputationRegistry.ClientsMissing.selector);
        reputation.getSummary(agentId, new address[](0), "", "");
    }

    /// REG-19: all that was said is read back, of some clients or all, with or without what was revoked.
    function test_readsAll() external {
        _give(one, 80, 0, "starred");
        _give(other, 60, 0, "starred");
        _give(other, 40, 0, "uptime");
        vm.prank(other);
        reputation.revokeFeedback(agentId, 1);
        (
            address[] memory clients,
            uint64[] memory indexes,
            int128[] memory values,,,,
            bool[] memory revoked
        ) = reputation.readAllFeedback(agentId, new address[](0), "", "", true);
        vm.assertEq(values.length, 3, "all");
        vm.assertEq(clients[2], other, "client");
        vm.assertEq(indexes[2], 2, "index");
        vm.assertEq(values[1], 60, "value");
        vm.assertTrue(revoked[1], "revoked");
        string[] memory tags;
        (,, values,, tags,,) = reputation.readAllFeedback(agentId, _both(), "uptime", "", false);
        vm.assertEq(values.length, 1, "of the tag");
        vm.assertEq(tags[0], "uptime", "tag");
    }

    /// REG-18: only what a client gave is revoked, once, by that client.
    function test_revertsWhen_feedbackIsUnknown() external {
        _give(one, 80, 0, "");
        vm.expectPartialRevert(IReputationRegistry.FeedbackUnknown.selector);
        vm.prank(other);
        reputation.revokeFeedback(agentId, 1);
        vm.startPrank(one);
        vm.expectPartialRevert(IReputationRegistry.FeedbackUnknown.selector);
        reputation.revokeFeedback(agentId, 0);
        reputation.revokeFeedback(agentId, 1);
        vm.expectPartialRevert(IReputationRegistry.AlreadyRevoked.selector);
        reputation.revokeFeedback(agentId, 1);
    }

    /// REG-18: anyone answers what was said, and answers are counted by responder.
    function test_countsResponses() external {
        _give(one, 80, 0, "");
        _give(one, 70, 0, "");
        vm.startPrank(owner);
        vm.expectRevert(IReputationRegistry.ResponseMissing.selector);
        reputation.appendResponse(agentId, one, 1, "", 0);
        vm.expectPartialRevert(IReputationRegistry.FeedbackUnknown.selector);
        reputation.appendResponse(agentId, one, 3, "ipfs://a", 0);
        reputation.appendResponse(agentId, one, 1, "ipfs://a", 0);
        reputation.appendResponse(agentId, one, 1, "ipfs://b", 0);
        vm.startPrank(other);
        reputation.appendResponse(agentId, one, 2, "ipfs://c", 0);

        address[] memory nobody = new address[](0);
        vm.assertEq(reputation.getResponseCount(agentId, address(0), 0, nobody), 3, "in all");
        vm.assertEq(reputation.getResponseCount(agentId, one, 1, nobody), 2, "to one");
        vm.assertEq(reputation.getResponseCount(agentId, one, 0, _both()), 1, "by some");
        vm.assertEq(reputation.getResponseCount(agentId, other, 0, nobody), 0, "to none");
    }
}
