// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ComputeRegistry} from "../src/compute/ComputeRegistry.sol";
import {ComputeRental} from "../src/compute/ComputeRental.sol";
import {ComputeStaking} from "../src/compute/ComputeStaking.sol";
import {GuardianPanel} from "../src/compute/GuardianPanel.sol";
import {InferenceServing} from "../src/compute/InferenceServing.sol";
import {LedgerManager} from "../src/compute/LedgerManager.sol";
import {ProviderDiscovery} from "../src/compute/ProviderDiscovery.sol";
import {ProviderFlags} from "../src/compute/ProviderFlags.sol";
import {ProviderRatings} from "../src/compute/ProviderRatings.sol";
import {TriggerRegistry} from "../src/compute/TriggerRegistry.sol";
import {AttestationRegistry} from "../src/compute/attestation/AttestationRegistry.sol";
import {AttesterQuorums} from "../src/compute/attestation/AttesterQuorums.sol";
import {Pccs} from "../src/compute/attestation/Pccs.sol";
import {SnpJudge} from "../src/compute/attestation/SnpJudge.sol";
import {AgentReputation} from "../src/compute/identity/AgentReputation.sol";
import {IdentityRegistry} from "../src/compute/identity/IdentityRegistry.sol";
import {ReputationRegistry} from "../src/compute/identity/ReputationRegistry.sol";
import {ValidationRegistry} from "../src/compute/identity/ValidationRegistry.sol";
import {IAttestationRegistry} from "../src/compute/interfaces/IAttestationRegistry.sol";
import {IAttesterQuorums} from "../src/compute/interfaces/IAttesterQuorums.sol";
import {IComputeRegistry} from "../src/compute/interfaces/IComputeRegistry.sol";
import {IComputeRental} from "../src/compute/interfaces/IComputeRental.sol";
import {IComputeStaking} from "../src/compute/interfaces/IComputeStaking.sol";
import {IGuardianPanel} from "../src/compute/interfaces/IGuardianPanel.sol";
import {IIdentityRegistry} from "../src/compute/interfaces/IIdentityRegistry.sol";
import {ILedgerManager} from "../src/compute/interfaces/ILedgerManager.sol";
import {IPccs} from "../src/compute/interfaces/IPccs.sol";
import {IProviderFlags} from "../src/compute/interfaces/IProviderFlags.sol";
import {IProviderObligations} from "../src/compute/interfaces/IProviderObligations.sol";
import {IProviderRatings} from "../src/compute/interfaces/IProviderRatings.sol";
import {IReputation} from "../src/compute/interfaces/IReputation.sol";
import {IReputationRegistry} from "../src/compute/interfaces/IReputationRegistry.sol";
import {ISnpJudge} from "../src/compute/interfaces/ISnpJudge.sol";
import {IValidationRegistry} from "../src/compute/interfaces/IValidationRegistry.sol";
import {AmdRoots} from "./AmdRoots.sol";

/// @notice The contracts of Jeju Compute and how they know each other. Scripts and tests deploy by this alone.
library ComputeSystem {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev The key of Intel SGX Root CA, which is all that is trusted of Intel: its X.509 certificate at
    /// https://certificates.trustedservices.intel.com/IntelSGXRootCA.der has it.
    bytes32 internal constant INTEL_X = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
    bytes32 internal constant INTEL_Y = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;

    /// @notice A contract is not where the others look for it.
    error Misplaced(address found, address expected);

    struct Deployment {
        address computeStaking;
        address computeRegistry;
        address ledgerManager;
        address computeRental;
        address inferenceServing;
        address triggerRegistry;
        address guardianPanel;
        address providerRatings;
        address pccs;
        address attestationRegistry;
        address attesterQuorums;
        address snpJudge;
        address identityRegistry;
        address reputationRegistry;
        address validationRegistry;
        address agentReputation;
        address providerFlags;
        address providerDiscovery;
    }

    /// @notice ERC-8004 registries that the chain has already, where those of 0 are deployed too, and the key that signs collateral.
    struct Settings {
        address identityRegistry;
        address reputationRegistry;
        address validationRegistry;
        bytes32 rootX;
        bytes32 rootY;
        /// AMD's root keys for Milan, Genoa and Turin.
        bytes[3] amdRoots;
    }

    /// @notice Deploys all of it from `deployer`, whose next transactions these must be.
    function deploy(address deployer) internal returns (Deployment memory) {
        return deploy(deployer, usual());
    }

    /// @notice What a chain gets that has no ERC-8004 registries.
    function usual() internal pure returns (Settings memory) {
        return Settings(address(0), address(0), address(0), INTEL_X, INTEL_Y, AmdRoots.all());
    }

    /// @notice The same with settings. Another root key than Intel's is for tests alone.
    /// @dev Contracts that obey each other learn each other's address from the deployer's nonces.
    function deploy(address deployer, Settings memory settings) internal returns (Deployment memory made) {
        made = _deployIdentity(settings);
        _predict(deployer, made);
        _deployMoney(made);
        _deployGuardians(made);
        _deployAttestation(made, settings);
    }

    /// @dev In the order in which they are deployed.
    function _predict(address deployer, Deployment memory made) private view {
        uint256 nonce = vm.getNonce(deployer);
        made.computeStaking = vm.computeCreateAddress(deployer, nonce);
        made.computeRegistry = vm.computeCreateAddress(deployer, nonce + 1);
        made.ledgerManager = vm.computeCreateAddress(deployer, nonce + 2);
        made.computeRental = vm.computeCreateAddress(deployer, nonce + 3);
        made.inferenceServing = vm.computeCreateAddress(deployer, nonce + 4);
        made.triggerRegistry = vm.computeCreateAddress(deployer, nonce + 5);
        made.guardianPanel = vm.computeCreateAddress(deployer, nonce + 6);
        made.providerRatings = vm.computeCreateAddress(deployer, nonce + 7);
        made.agentReputation = vm.computeCreateAddress(deployer, nonce + 8);
        made.providerFlags = vm.computeCreateAddress(deployer, nonce + 9);
        made.providerDiscovery = vm.computeCreateAddress(deployer, nonce + 10);
        made.pccs = vm.computeCreateAddress(deployer, nonce + 11);
        made.attestationRegistry = vm.computeCreateAddress(deployer, nonce + 12);
        made.attesterQuorums = vm.computeCreateAddress(deployer, nonce + 13);
        made.snpJudge = vm.computeCreateAddress(deployer, nonce + 14);
    }

    function _deployIdentity(Settings memory settings) private returns (Deployment memory made) {
        made.identityRegistry = settings.identityRegistry;
        made.reputationRegistry = settings.reputationRegistry;
        if (made.identityRegistry == address(0)) made.identityRegistry = address(new IdentityRegistry());
        if (made.reputationRegistry == address(0)) {
            made.reputationRegistry =
                address(new ReputationRegistry(IIdentityRegistry(made.identityRegistry)));
        }
        made.validationRegistry = settings.validationRegistry;
        if (made.validationRegistry == address(0)) {
            made.validationRegistry =
                address(new ValidationRegistry(IIdentityRegistry(made.identityRegistry)));
        }
    }

    function _deployMoney(Deployment memory made) private {
        IComputeRegistry registry = IComputeRegistry(made.computeRegistry);
        ILedgerManager ledger = ILedgerManager(made.ledgerManager);
        address staking =
            address(new ComputeStaking(made.computeRegistry, made.guardianPanel, made.attestationRegistry));
        _check(staking, made.computeStaking);
        _check(
            address(
                new ComputeRegistry(
                    IComputeStaking(staking),
                    IProviderObligations(made.computeRental),
                    IAttestationRegistry(made.attestationRegistry),
                    made.identityRegistry
                )
            ),
            made.computeRegistry
        );
        _check(address(new LedgerManager()), made.ledgerManager);
        _check(
            address(
                new ComputeRental(
                    registry,
                    ledger,
                    IGuardianPanel(made.guardianPanel),
                    IProviderRatings(made.providerRatings)
                )
            ),
            made.computeRental
        );
        _check(address(new InferenceServing(made.computeRegistry, ledger)), made.inferenceServing);
        _check(
            address(new TriggerRegistry(ledger, IAttesterQuorums(made.attesterQuorums))), made.triggerRegistry
        );
    }

    /// @dev What people say of providers.
    function _deployGuardians(Deployment memory made) private {
        IComputeRegistry registry = IComputeRegistry(made.computeRegistry);
        IComputeStaking staking = IComputeStaking(made.computeStaking);
        _check(
            address(new GuardianPanel(staking, ILedgerManager(made.ledgerManager), made.computeRental)),
            made.guardianPanel
        );
        _check(
            address(
                new ProviderRatings(
                    registry, staking, IComputeRental(made.computeRental), IReputation(made.agentReputation)
                )
            ),
            made.providerRatings
        );
        _check(
            address(
                new AgentReputation(
                    registry,
                    made.providerRatings,
                    IReputationRegistry(made.reputationRegistry),
                    made.identityRegistry
                )
            ),
            made.agentReputation
        );
        _check(address(new ProviderFlags(registry, staking)), made.providerFlags);
        _check(
            address(new ProviderDiscovery(registry, IProviderFlags(made.providerFlags))),
            made.providerDiscovery
        );
    }

    /// @dev What machines prove.
    function _deployAttestation(Deployment memory made, Settings memory settings) private {
        _check(address(new Pccs(settings.rootX, settings.rootY)), made.pccs);
        _check(
            address(
                new AttestationRegistry(
                    IPccs(made.pccs),
                    IComputeRegistry(made.computeRegistry),
                    IAttesterQuorums(made.attesterQuorums),
                    ISnpJudge(made.snpJudge),
                    IComputeStaking(made.computeStaking),
                    IValidationRegistry(made.validationRegistry)
                )
            ),
            made.attestationRegistry
        );
        _check(address(new AttesterQuorums(IComputeStaking(made.computeStaking))), made.attesterQuorums);
        _check(address(new SnpJudge(settings.amdRoots)), made.snpJudge);
    }

    /// @notice Whether there is such a system on this chain, each contract at its place and knowing the others.
    function isWired(Deployment memory made) internal view returns (bool) {
        return made.ledgerManager.code.length != 0 && _isMoneyWired(made) && _isTrustWired(made);
    }

    function _isMoneyWired(Deployment memory made) private view returns (bool) {
        return _knows(made.computeStaking, "REGISTRY()", made.computeRegistry)
            && _knows(made.computeStaking, "SLASHER()", made.guardianPanel)
            && _knows(made.computeRegistry, "STAKING()", made.computeStaking)
            && _knows(made.computeRegistry, "OBLIGATIONS()", made.computeRental)
            && _knows(made.computeRental, "REGISTRY()", made.computeRegistry)
            && _knows(made.computeRental, "LEDGER()", made.ledgerManager)
            && _knows(made.computeRental, "PANEL()", made.guardianPanel)
            && _knows(made.computeRental, "RATINGS()", made.providerRatings)
            && _knows(made.providerRatings, "RENTAL()", made.computeRental)
            && _knows(made.guardianPanel, "RENTAL()", made.computeRental)
            && _knows(made.inferenceServing, "REGISTRY()", made.computeRegistry)
            && _knows(made.inferenceServing, "LEDGER()", made.ledgerManager)
            && _knows(made.triggerRegistry, "LEDGER()", made.ledgerManager)
            && _knows(made.triggerRegistry, "QUORUMS()", made.attesterQuorums);
    }

    function _isTrustWired(Deployment memory made) private view returns (bool) {
        return _knows(made.computeRegistry, "ATTESTATIONS()", made.attestationRegistry)
            && _knows(made.attestationRegistry, "REGISTRY()", made.computeRegistry)
            && _knows(made.attestationRegistry, "pccs()", made.pccs)
            && _knows(made.attestationRegistry, "QUORUMS()", made.attesterQuorums)
            && _knows(made.attestationRegistry, "JUDGE()", made.snpJudge) && made.snpJudge.code.length != 0
            && _knows(made.attestationRegistry, "VALIDATIONS()", made.validationRegistry)
            && _knows(made.validationRegistry, "getIdentityRegistry()", made.identityRegistry)
            && _knows(made.attestationRegistry, "STAKING()", made.computeStaking)
            && _knows(made.computeStaking, "REFUTER()", made.attestationRegistry)
            && _knows(made.attesterQuorums, "STAKING()", made.computeStaking)
            && _knows(made.computeRegistry, "IDENTITY()", made.identityRegistry)
            && _knows(made.reputationRegistry, "getIdentityRegistry()", made.identityRegistry)
            && _knows(made.providerRatings, "REPUTATION()", made.agentReputation)
            && _knows(made.agentReputation, "RATINGS()", made.providerRatings)
            && _knows(made.agentReputation, "REPUTATION()", made.reputationRegistry)
            && _knows(made.providerFlags, "STAKING()", made.computeStaking)
            && _knows(made.providerDiscovery, "FLAGS()", made.providerFlags);
    }

    function _check(address found, address expected) private pure {
        require(found == expected, Misplaced(found, expected));
    }

    /// @dev Asks without trust: another chain may have anything at the address.
    function _knows(address target, string memory question, address expected) private view returns (bool) {
        if (target.code.length == 0) return false;
        (bool ok, bytes memory answer) = target.staticcall(abi.encodeWithSignature(question));
        return ok && keccak256(answer) == keccak256(abi.encode(expected));
    }
}
