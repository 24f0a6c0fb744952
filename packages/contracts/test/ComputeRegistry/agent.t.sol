// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {Agents} from "../../src/compute/libraries/Agents.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice An identity registry as others may have it, or make of it by an upgrade.
contract HostileIdentity {
    enum Way {
        Reverts,
        EatsGas,
        AnswersNothing,
        AnswersMuch,
        AnswersAnything,
        KeepsTheToken,
        SaysSold
    }

    Way private _way;

    function be(Way way) external {
        _way = way;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        if (_way == Way.Reverts) revert("no");
        while (_way == Way.EatsGas) {}
        if (_way == Way.AnswersNothing) return "";
        if (_way == Way.AnswersMuch) return new bytes(20_000);
        if (_way == Way.AnswersAnything) return abi.encode(type(uint256).max);
        if (_way == Way.KeepsTheToken) return abi.encode(7);
        return abi.encode(msg.sig == 0x6352211e ? address(0xdead) : address(7));
    }
}

contract AgentTest is ComputeTest {
    /// REG-20: registering mints an agent, whose file the endpoint serves, and hands it to the provider; ids begin at 0.
    function test_isMinted() external {
        vm.expectEmit(address(registry));
        emit IComputeRegistry.AgentLinked(1, 0);
        uint256 providerId = _register();
        (bool linked, uint256 agentId) = registry.agentOf(providerId);
        vm.assertTrue(linked, "linked");
        vm.assertEq(agentId, 0, "first id");
        vm.assertEq(identity.ownerOf(0), provider, "the provider's");
        vm.assertEq(identity.balanceOf(address(registry)), 0, "not the registry's");
        vm.assertEq(
            identity.tokenURI(0), string.concat(ENDPOINT, "/.well-known/agent-registration.json"), "file"
        );
    }

    /// REG-20: an endpoint's slash is not doubled.
    function test_hasOneSlash() external {
        vm.prank(provider);
        registry.register{value: 0.1 ether}("https://a.example/", HARDWARE, PRICE);
        vm.assertEq(identity.tokenURI(0), "https://a.example/.well-known/agent-registration.json", "file");
    }

    /// REG-21: a provider links an agent that it owns, at registration or later, and no other.
    function test_isLinked() external {
        vm.prank(provider);
        uint256 own = identity.register("ipfs://own");
        vm.prank(stranger);
        uint256 foreign = identity.register("ipfs://foreign");

        vm.startPrank(provider);
        bytes memory refusal =
            abi.encodeWithSelector(IComputeRegistry.NotAgentOwner.selector, foreign, provider);
        vm.expectRevert(refusal);
        registry.registerWithAgent{value: 0.1 ether}(foreign, ENDPOINT, HARDWARE, PRICE);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotAgentOwner.selector, 99, provider));
        registry.registerWithAgent{value: 0.1 ether}(99, ENDPOINT, HARDWARE, PRICE);
        uint256 providerId = registry.registerWithAgent{value: 0.1 ether}(own, ENDPOINT, HARDWARE, PRICE);
        _assertAgent(providerId, true, own);
        vm.assertEq(identity.balanceOf(provider), 1, "none is minted");

        vm.expectRevert(refusal);
        registry.linkAgent(foreign);
        uint256 next = identity.register("ipfs://next");
        registry.linkAgent(next);
        _assertAgent(providerId, true, next);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotRegistered.selector, stranger));
        vm.prank(stranger);
        registry.linkAgent(foreign);
    }

    /// REG-22: once its agent is another's, anyone takes a provider off the market and undoes the link; before, nobody does.
    function test_deactivatesTheSold() external {
        uint256 providerId = _register();
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotSold.selector, providerId, 0));
        registry.deactivateSold(providerId);
        vm.prank(provider);
        identity.transferFrom(provider, renter, 0);

        vm.expectEmit(address(registry));
        emit IComputeRegistry.AgentSold(providerId, 0, renter);
        vm.prank(stranger);
        registry.deactivateSold(providerId);
        (,, bool rentable) = registry.rentalTerms(providerId);
        vm.assertFalse(rentable, "off the market");
        _assertAgent(providerId, false, 0);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NoAgent.selector, providerId));
        registry.deactivateSold(providerId);

        vm.prank(provider);
        registry.setActive(true);
        (,, rentable) = registry.rentalTerms(providerId);
        vm.assertTrue(rentable, "on the market again, without the agent");
    }

    /// REG-22: exploit: node id theft. Who buys, or steals, a provider's agent has nothing of the provider.
    function test_exploit_nodeIdTheft() external {
        uint256 providerId = _register();
        vm.prank(provider);
        identity.transferFrom(provider, stranger, 0);
        bytes memory refusal = abi.encodeWithSelector(IComputeRegistry.NotRegistered.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        registry.updatePricing(1);
        vm.expectRevert(refusal);
        registry.setEndpoint("https://thief.example");
        vm.expectRevert(refusal);
        registry.setOperator(stranger);
        vm.expectRevert(refusal);
        registry.unregister();
        vm.assertEq(registry.ownerOf(providerId), provider, "owner");
        vm.assertEq(staking.stakeOf(stranger), 0, "stake");
        // Registering with it makes another provider, and takes nothing from the first.
        vm.assertEq(registry.registerWithAgent{value: 0.1 ether}(0, ENDPOINT, "", 5), 2, "another id");
        vm.assertEq(registry.getProvider(providerId).pricePerHour, PRICE, "price of the first");
    }

    /// REG-23: whatever the identity registry does, a provider registers, earns, leaves and has its stake back.
    function test_hostileIdentityBlocksNothing() external {
        for (uint256 way = 0; way <= uint256(type(HostileIdentity.Way).max); way++) {
            vm.deal(provider, PURSE);
            _liveWith(HostileIdentity.Way(way));
        }
    }

    function _liveWith(HostileIdentity.Way way) private {
        HostileIdentity hostile = new HostileIdentity();
        hostile.be(way);
        _useWith(address(hostile), system.reputationRegistry);

        vm.expectEmit(address(registry));
        emit IComputeRegistry.AgentRefused(1);
        uint256 sessionId = _run(24);
        _assertAgent(1, false, 0);
        skip(3 hours);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        skip(1 hours);
        _collect(provider, sessionId);

        vm.startPrank(provider);
        registry.unregister();
        staking.initiateUnstake(0.1 ether);
        skip(7 days);
        staking.completeUnstake();
        vm.assertEq(provider.balance, PURSE + 3 * PRICE, "stake and pay");
        vm.stopPrank();
    }

    /// REG-23: an identity registry that turns bad takes a provider off the market once, and not out of it.
    function test_hostileIdentityDeactivatesOnce() external {
        uint256 providerId = _register();
        HostileIdentity hostile = new HostileIdentity();
        vm.etch(address(identity), address(hostile).code);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NotSold.selector, providerId, 0));
        registry.deactivateSold(providerId);
        HostileIdentity(address(identity)).be(HostileIdentity.Way.SaysSold);
        registry.deactivateSold(providerId);
        vm.prank(provider);
        registry.setActive(true);
        vm.expectRevert(abi.encodeWithSelector(IComputeRegistry.NoAgent.selector, providerId));
        registry.deactivateSold(providerId);
    }

    /// REG-23: with too little gas for the agent registering reverts, so that an estimate of gas is enough for it.
    function test_revertsWhen_gasIsTooLow() external {
        vm.expectPartialRevert(Agents.GasTooLow.selector);
        vm.prank(provider);
        registry.register{value: 0.1 ether, gas: 700_000}(ENDPOINT, HARDWARE, PRICE);
    }

    /// REG-20: the registry takes no tokens but those it mints.
    function test_revertsWhen_givenTokens() external {
        vm.startPrank(stranger);
        uint256 agentId = identity.register();
        vm.expectRevert();
        identity.safeTransferFrom(stranger, address(registry), agentId);
        vm.expectRevert(IComputeRegistry.NotForHere.selector);
        registry.onERC721Received(address(registry), stranger, 0, "");
    }

    /// REG-6: the link goes with the provider; the agent stays its owner's and can be linked again.
    function test_staysTheOwners() external {
        _register();
        vm.startPrank(provider);
        registry.unregister();
        _assertAgent(1, false, 0);
        vm.assertEq(registry.registerWithAgent{value: 0.1 ether}(0, ENDPOINT, "", PRICE), 2, "a new id");
        _assertAgent(2, true, 0);
    }

    function _assertAgent(uint256 providerId, bool linked, uint256 agentId) private view {
        (bool isLinked, uint256 id) = registry.agentOf(providerId);
        vm.assertEq(isLinked, linked, "linked");
        vm.assertEq(id, agentId, "agent");
    }
}
