// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReputationRegistry} from "../../src/compute/identity/ReputationRegistry.sol";
import {AgentTest} from "./AgentTest.sol";

/// @notice What agents and what is said of them cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract IdentityGasTest is AgentTest {
    string private constant FILE = "https://mynode.example.com/.well-known/agent-registration.json";

    ReputationRegistry private reputation = new ReputationRegistry(identity);
    address private other = makeAddr("other");

    /// REG-16: what an agent costs is in the table.
    function test_agent() external {
        vm.startPrank(owner);
        identity.register(FILE);
        identity.register(FILE);
        _row("IdentityRegistry", "register, again");
        identity.setAgentURI(1, string.concat(FILE, "?"));
        _row("IdentityRegistry", "setAgentURI");
        identity.setMetadata(1, "compute.gpu", "H100");
        _row("IdentityRegistry", "setMetadata, first");
        identity.approve(other, 1);
        _row("IdentityRegistry", "approve");
        identity.setApprovalForAll(other, true);
        _row("IdentityRegistry", "setApprovalForAll");
        (address wallet, uint256 key) = makeAddrAndKey("wallet");
        uint256 deadline = block.timestamp + 1 minutes;
        identity.setAgentWallet(1, wallet, deadline, _sign(key, 1, wallet, owner, deadline));
        _row("IdentityRegistry", "setAgentWallet");
        identity.unsetAgentWallet(1);
        _row("IdentityRegistry", "unsetAgentWallet");
        identity.transferFrom(owner, other, 1);
        _row("IdentityRegistry", "transferFrom");
    }

    /// REG-18: what feedback costs is in the table.
    function test_feedback() external {
        vm.prank(owner);
        identity.register(FILE);
        vm.startPrank(other);
        reputation.giveFeedback(0, 80, 0, "starred", "compute-rental", "", "", 0);
        _row("ReputationRegistry", "giveFeedback, first");
        reputation.giveFeedback(0, 100, 0, "starred", "compute-rental", "", "", 0);
        _row("ReputationRegistry", "giveFeedback, again");
        reputation.revokeFeedback(0, 1);
        _row("ReputationRegistry", "revokeFeedback");
        reputation.appendResponse(0, other, 2, "ipfs://answer", 0);
        _row("ReputationRegistry", "appendResponse, first");
    }

    function _row(string memory name, string memory what) private {
        vm.snapshotGasLastCall(name, what);
    }
}
