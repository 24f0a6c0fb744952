// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../../src/compute/interfaces/IIdentityRegistry.sol";
import {AgentTest} from "./AgentTest.sol";

contract IdentityRegistryTest is AgentTest {
    address private stranger = makeAddr("stranger");

    /// REG-16: agents are tokens with ids from 0; the first owner is the wallet, and what is registered is told by events.
    function test_makesAnAgent() external {
        IIdentityRegistry.MetadataEntry[] memory metadata = new IIdentityRegistry.MetadataEntry[](1);
        metadata[0] = IIdentityRegistry.MetadataEntry("compute.gpu", "H100");
        vm.startPrank(owner);
        vm.assertEq(identity.register(), 0, "first id");
        vm.assertEq(identity.register("ipfs://file"), 1, "second id");
        vm.expectEmit(address(identity));
        emit IIdentityRegistry.Registered(2, "https://a.example/file.json", owner);
        vm.expectEmit(address(identity));
        emit IIdentityRegistry.MetadataSet(2, "agentWallet", "agentWallet", abi.encodePacked(owner));
        vm.expectEmit(address(identity));
        emit IIdentityRegistry.MetadataSet(2, "compute.gpu", "compute.gpu", "H100");
        identity.register("https://a.example/file.json", metadata);

        vm.assertEq(identity.ownerOf(2), owner, "owner");
        vm.assertEq(identity.balanceOf(owner), 3, "tokens");
        vm.assertEq(identity.tokenURI(0), "", "no URI");
        vm.assertEq(identity.tokenURI(2), "https://a.example/file.json", "URI");
        vm.assertEq(identity.getAgentWallet(2), owner, "wallet");
        vm.assertEq(identity.getMetadata(2, "agentWallet"), abi.encodePacked(owner), "wallet as metadata");
        vm.assertEq(identity.getMetadata(2, "compute.gpu"), "H100", "metadata");
        vm.assertEq(identity.getMetadata(2, "none"), "", "nothing said");
        vm.assertTrue(identity.supportsInterface(0x80ac58cd), "ERC-721");
        vm.assertEq(string.concat(identity.name(), identity.symbol()), "AgentIdentityAGENT", "name");
    }

    /// REG-16: what an agent says is its owner's to set, and whom he approved.
    function test_isTheOwnersToSet() external {
        vm.prank(owner);
        uint256 agentId = identity.register("a");
        bytes memory refusal =
            abi.encodeWithSelector(IIdentityRegistry.NotAuthorized.selector, agentId, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        identity.setAgentURI(agentId, "b");
        vm.expectRevert(refusal);
        identity.setMetadata(agentId, "k", "v");
        vm.expectRevert(refusal);
        identity.unsetAgentWallet(agentId);
        vm.expectRevert(refusal);
        identity.setAgentWallet(agentId, stranger, block.timestamp, "");
        vm.assertFalse(identity.isAuthorizedOrOwner(stranger, agentId), "stranger");

        vm.startPrank(owner);
        identity.approve(stranger, agentId);
        vm.assertTrue(identity.isAuthorizedOrOwner(stranger, agentId), "approved");
        vm.startPrank(stranger);
        vm.expectEmit(address(identity));
        emit IIdentityRegistry.URIUpdated(agentId, "b", stranger);
        identity.setAgentURI(agentId, "b");
        vm.assertEq(identity.tokenURI(agentId), "b", "URI");
    }

    /// REG-16: the wallet's key is not set as other metadata is.
    function test_revertsWhen_keyIsReserved() external {
        vm.startPrank(owner);
        uint256 agentId = identity.register();
        vm.expectRevert(IIdentityRegistry.ReservedKey.selector);
        identity.setMetadata(agentId, "agentWallet", abi.encodePacked(stranger));
        IIdentityRegistry.MetadataEntry[] memory metadata = new IIdentityRegistry.MetadataEntry[](1);
        metadata[0] = IIdentityRegistry.MetadataEntry("agentWallet", abi.encodePacked(stranger));
        vm.expectRevert(IIdentityRegistry.ReservedKey.selector);
        identity.register("", metadata);
    }

    /// REG-17: a wallet agrees by a signature of at most 5 minutes, and is gone when the token moves.
    function test_walletAgrees() external {
        (address wallet, uint256 key) = makeAddrAndKey("wallet");
        vm.startPrank(owner);
        uint256 agentId = identity.register();
        uint256 deadline = block.timestamp + 5 minutes;
        bytes memory signature = _sign(key, agentId, wallet, owner, deadline);
        vm.expectPartialRevert(IIdentityRegistry.WalletSignatureWrong.selector);
        identity.setAgentWallet(agentId, stranger, deadline, signature);
        vm.expectPartialRevert(IIdentityRegistry.DeadlineOutOfRange.selector);
        identity.setAgentWallet(agentId, wallet, deadline + 1, signature);
        vm.expectPartialRevert(IIdentityRegistry.DeadlineOutOfRange.selector);
        identity.setAgentWallet(agentId, wallet, block.timestamp - 1, signature);
        vm.expectRevert(IIdentityRegistry.WalletMissing.selector);
        identity.setAgentWallet(agentId, address(0), deadline, signature);
        identity.setAgentWallet(agentId, wallet, deadline, signature);
        vm.assertEq(identity.getAgentWallet(agentId), wallet, "wallet");

        vm.expectEmit(address(identity));
        emit IIdentityRegistry.MetadataSet(agentId, "agentWallet", "agentWallet", "");
        identity.transferFrom(owner, stranger, agentId);
        vm.assertEq(identity.getAgentWallet(agentId), address(0), "gone with the token");
        vm.assertEq(identity.getMetadata(agentId, "agentWallet"), "", "gone as metadata");
    }

    /// REG-17: an owner's own wallet goes with the token too, and can be taken away.
    function test_walletGoes() external {
        vm.startPrank(owner);
        uint256 sold = identity.register();
        uint256 unset = identity.register();
        identity.transferFrom(owner, stranger, sold);
        vm.assertEq(identity.getAgentWallet(sold), address(0), "sold");
        identity.unsetAgentWallet(unset);
        vm.assertEq(identity.getAgentWallet(unset), address(0), "unset");
    }
}
