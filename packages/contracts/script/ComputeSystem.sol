// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ComputeRegistry} from "../src/compute/ComputeRegistry.sol";
import {ComputeRental} from "../src/compute/ComputeRental.sol";
import {ComputeStaking} from "../src/compute/ComputeStaking.sol";
import {GuardianPanel} from "../src/compute/GuardianPanel.sol";
import {InferenceServing} from "../src/compute/InferenceServing.sol";
import {LedgerManager} from "../src/compute/LedgerManager.sol";
import {ProviderRatings} from "../src/compute/ProviderRatings.sol";
import {TriggerRegistry} from "../src/compute/TriggerRegistry.sol";
import {IComputeRegistry} from "../src/compute/interfaces/IComputeRegistry.sol";
import {IGuardianPanel} from "../src/compute/interfaces/IGuardianPanel.sol";
import {IComputeRental} from "../src/compute/interfaces/IComputeRental.sol";
import {IProviderRatings} from "../src/compute/interfaces/IProviderRatings.sol";
import {IReputation} from "../src/compute/interfaces/IReputation.sol";
import {IProviderObligations} from "../src/compute/interfaces/IProviderObligations.sol";

/// @notice The contracts of Jeju Compute and how they know each other. Scripts and tests deploy by this alone.
library ComputeSystem {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    struct Deployment {
        address computeStaking;
        address computeRegistry;
        address ledgerManager;
        address computeRental;
        address inferenceServing;
        address triggerRegistry;
        address guardianPanel;
        address providerRatings;
    }

    /// @notice Deploys all of it from `deployer`, whose next transactions these must be.
    /// @dev Contracts that obey each other learn each other's address from the deployer's nonces.
    function deploy(address deployer) internal returns (Deployment memory made) {
        return deploy(deployer, IReputation(address(0)));
    }

    /// @notice The same, with someone who is told of ratings.
    function deploy(address deployer, IReputation reputation) internal returns (Deployment memory made) {
        uint256 nonce = vm.getNonce(deployer);
        address registry = vm.computeCreateAddress(deployer, nonce + 1);
        address rental = vm.computeCreateAddress(deployer, nonce + 3);
        address panel = vm.computeCreateAddress(deployer, nonce + 6);
        address ratings = vm.computeCreateAddress(deployer, nonce + 7);

        made.computeStaking = address(new ComputeStaking(registry, panel, address(0)));
        made.computeRegistry =
            address(new ComputeRegistry(ComputeStaking(made.computeStaking), IProviderObligations(rental)));
        made.ledgerManager = address(new LedgerManager());
        made.computeRental = address(
            new ComputeRental(
                IComputeRegistry(registry),
                LedgerManager(made.ledgerManager),
                IGuardianPanel(panel),
                IProviderRatings(ratings)
            )
        );
        made.inferenceServing = address(new InferenceServing(registry));
        made.triggerRegistry = address(new TriggerRegistry(LedgerManager(made.ledgerManager)));
        made.guardianPanel = address(
            new GuardianPanel(
                IComputeRegistry(registry),
                ComputeStaking(made.computeStaking),
                LedgerManager(made.ledgerManager),
                rental
            )
        );
        made.providerRatings = address(
            new ProviderRatings(
                IComputeRegistry(registry),
                ComputeStaking(made.computeStaking),
                IComputeRental(rental),
                reputation
            )
        );
    }

    /// @notice Whether there is such a system on this chain, each contract at its place and knowing the others.
    function isWired(Deployment memory made) internal view returns (bool) {
        return made.ledgerManager.code.length != 0
            && _knows(made.computeStaking, "REGISTRY()", made.computeRegistry)
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
            && _knows(made.triggerRegistry, "LEDGER()", made.ledgerManager);
    }

    /// @dev Asks without trust: another chain may have anything at the address.
    function _knows(address target, string memory question, address expected) private view returns (bool) {
        if (target.code.length == 0) return false;
        (bool ok, bytes memory answer) = target.staticcall(abi.encodeWithSignature(question));
        return ok && keccak256(answer) == keccak256(abi.encode(expected));
    }
}
