// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Script} from "forge-std/Script.sol";
import {console} from "forge-std/console.sol";

import {IReputationRegistry} from "../src/compute/interfaces/IReputationRegistry.sol";
import {ComputeSystem} from "./ComputeSystem.sol";

/// @notice Deploys Jeju Compute and writes `deployments/<chainId>.json`. A second run leaves what is there as it is.
/// @dev Writes into the folder `DEPLOYMENTS` instead if the environment names one.
/// @dev Uses the ERC-8004 registries that `IDENTITY_REGISTRY` and `REPUTATION_REGISTRY` name, and deploys what is not named.
/// @dev Signs with `PRIVATE_KEY` from the environment; on chain 31337, and only there, with anvil's first account if unset.
contract DeployCompute is Script {
    using ComputeSystem for ComputeSystem.Deployment;

    /// @notice This key is known to everyone: set PRIVATE_KEY to deploy anywhere but on a local chain.
    error PublicKeyOnRealChain(uint256 chainId);

    /// @notice The registry of reputation speaks of agents of another registry of identities.
    error ReputationOfOthers(address reputationRegistry, address identityRegistry);

    uint256 private constant LOCAL_CHAIN = 31_337;
    uint256 private constant ANVIL_KEY = 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80;

    function run() external {
        string memory folder = vm.envOr("DEPLOYMENTS", string("deployments"));
        string memory path = string.concat(folder, "/", vm.toString(block.chainid), ".json");
        if (vm.exists(path) && _read(path).isWired()) {
            console.log("Jeju Compute is already deployed; see packages/contracts/%s", path);
            return;
        }
        uint256 key = vm.envOr("PRIVATE_KEY", ANVIL_KEY);
        require(block.chainid == LOCAL_CHAIN || key != ANVIL_KEY, PublicKeyOnRealChain(block.chainid));

        ComputeSystem.Settings memory settings = _settings();
        if (block.chainid == LOCAL_CHAIN) _makeRoom();

        uint256 blockNumber = block.number;
        vm.startBroadcast(key);
        ComputeSystem.Deployment memory made = ComputeSystem.deploy(vm.addr(key), settings);
        vm.stopBroadcast();

        _write(path, made, blockNumber);
        console.log("Jeju Compute is deployed; see packages/contracts/%s", path);
    }

    /// @dev Warning: anvil mines when a transaction comes, and one that found its block full waits for another to come: with
    /// its usual blocks of 30 million gas the last transactions of a deployment are never mined, now and then.
    function _makeRoom() private {
        try vm.rpc("evm_setBlockGasLimit", '["0x5f5e100"]') {} catch {}
    }

    function _settings() private view returns (ComputeSystem.Settings memory settings) {
        settings = ComputeSystem.usual();
        settings.identityRegistry = vm.envOr("IDENTITY_REGISTRY", address(0));
        settings.reputationRegistry = vm.envOr("REPUTATION_REGISTRY", address(0));
        settings.validationRegistry = vm.envOr("VALIDATION_REGISTRY", address(0));
        if (settings.reputationRegistry == address(0)) return settings;
        require(
            IReputationRegistry(settings.reputationRegistry).getIdentityRegistry()
                == settings.identityRegistry,
            ReputationOfOthers(settings.reputationRegistry, settings.identityRegistry)
        );
    }

    /// @dev A file that is not of this form gives addresses at which nothing is wired.
    function _read(string memory path) private view returns (ComputeSystem.Deployment memory made) {
        string memory json = vm.readFile(path);
        made.agentReputation = _address(json, ".agentReputation");
        made.attestationRegistry = _address(json, ".attestationRegistry");
        made.attesterQuorums = _address(json, ".attesterQuorums");
        made.computeRegistry = _address(json, ".computeRegistry");
        made.computeRental = _address(json, ".computeRental");
        made.computeStaking = _address(json, ".computeStaking");
        made.guardianPanel = _address(json, ".guardianPanel");
        made.identityRegistry = _address(json, ".identityRegistry");
        made.inferenceServing = _address(json, ".inferenceServing");
        made.ledgerManager = _address(json, ".ledgerManager");
        made.pccs = _address(json, ".pccs");
        made.providerDiscovery = _address(json, ".providerDiscovery");
        made.providerFlags = _address(json, ".providerFlags");
        made.providerRatings = _address(json, ".providerRatings");
        made.reputationRegistry = _address(json, ".reputationRegistry");
        made.snpJudge = _address(json, ".snpJudge");
        made.triggerRegistry = _address(json, ".triggerRegistry");
        made.validationRegistry = _address(json, ".validationRegistry");
    }

    function _address(string memory json, string memory key) private view returns (address) {
        try vm.parseJsonAddress(json, key) returns (address value) {
            return value;
        } catch {
            return address(0);
        }
    }

    function _write(string memory path, ComputeSystem.Deployment memory made, uint256 blockNumber) private {
        string memory object = "deployment";
        vm.serializeUint(object, "chainId", block.chainid);
        vm.serializeUint(object, "blockNumber", blockNumber);
        vm.serializeAddress(object, "agentReputation", made.agentReputation);
        vm.serializeAddress(object, "attestationRegistry", made.attestationRegistry);
        vm.serializeAddress(object, "attesterQuorums", made.attesterQuorums);
        vm.serializeAddress(object, "computeRegistry", made.computeRegistry);
        vm.serializeAddress(object, "computeRental", made.computeRental);
        vm.serializeAddress(object, "computeStaking", made.computeStaking);
        vm.serializeAddress(object, "guardianPanel", made.guardianPanel);
        vm.serializeAddress(object, "identityRegistry", made.identityRegistry);
        vm.serializeAddress(object, "inferenceServing", made.inferenceServing);
        vm.serializeAddress(object, "ledgerManager", made.ledgerManager);
        vm.serializeAddress(object, "pccs", made.pccs);
        vm.serializeAddress(object, "providerDiscovery", made.providerDiscovery);
        vm.serializeAddress(object, "providerFlags", made.providerFlags);
        vm.serializeAddress(object, "providerRatings", made.providerRatings);
        vm.serializeAddress(object, "reputationRegistry", made.reputationRegistry);
        vm.serializeAddress(object, "snpJudge", made.snpJudge);
        vm.serializeAddress(object, "triggerRegistry", made.triggerRegistry);
        vm.writeJson(vm.serializeAddress(object, "validationRegistry", made.validationRegistry), path);
    }
}
