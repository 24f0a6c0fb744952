// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeSystem} from "../../script/ComputeSystem.sol";
import {ComputeRegistry} from "../../src/compute/ComputeRegistry.sol";
import {ComputeRental} from "../../src/compute/ComputeRental.sol";
import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {GuardianPanel} from "../../src/compute/GuardianPanel.sol";
import {ProviderRatings} from "../../src/compute/ProviderRatings.sol";
import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {IdentityRegistry} from "../../src/compute/identity/IdentityRegistry.sol";

/// @notice The system as the deployment script makes it, and the people of its tests.
abstract contract ComputeTest is Test {
    string internal constant ENDPOINT = "https://mynode.example.com:4007";
    string internal constant HARDWARE = '{"v":1,"gpuCount":8,"gpuModel":"NVIDIA H100 80GB HBM3"}';
    string internal constant ED25519_KEY =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N";
    uint256 internal constant PRICE = 0.01 ether;
    uint256 internal constant PURSE = 1_000_000 ether;

    ComputeStaking internal staking;
    ComputeRegistry internal registry;
    LedgerManager internal ledger;
    ComputeRental internal rental;
    GuardianPanel internal panel;
    ProviderRatings internal ratings;
    IdentityRegistry internal identity;
    ComputeSystem.Deployment internal system;

    address internal provider = makeAddr("provider");
    address internal operator = makeAddr("operator");
    address internal renter = makeAddr("renter");
    address internal stranger = makeAddr("stranger");

    function setUp() public virtual {
        vm.warp(1_767_225_600);
        _use(ComputeSystem.deploy(address(this)));

        vm.deal(provider, PURSE);
        vm.deal(renter, PURSE);
        vm.deal(stranger, PURSE);
    }

    /// @dev Goes on with a system that uses these registries of ERC-8004.
    function _useWith(address identityRegistry, address reputationRegistry) internal {
        ComputeSystem.Settings memory settings = ComputeSystem.usual();
        (settings.identityRegistry, settings.reputationRegistry) = (identityRegistry, reputationRegistry);
        _use(ComputeSystem.deploy(address(this), settings));
    }

    function _use(ComputeSystem.Deployment memory made) internal {
        system = made;
        staking = ComputeStaking(made.computeStaking);
        registry = ComputeRegistry(made.computeRegistry);
        ledger = LedgerManager(made.ledgerManager);
        rental = ComputeRental(payable(made.computeRental));
        panel = GuardianPanel(made.guardianPanel);
        ratings = ProviderRatings(made.providerRatings);
        identity = IdentityRegistry(made.identityRegistry);
    }

    /// @dev A provider of `provider`'s with the operator `operator`.
    function _register() internal returns (uint256 providerId) {
        vm.startPrank(provider);
        providerId = registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE);
        registry.setOperator(operator);
        vm.stopPrank();
    }

    function _rent(uint256 providerId, uint256 durationHours) internal returns (uint256 sessionId) {
        return _rentAs(renter, providerId, durationHours);
    }

    function _rentAs(address who, uint256 providerId, uint256 durationHours) internal returns (uint256) {
        (, uint256 price,) = registry.rentalTerms(providerId);
        vm.prank(who);
        return rental.createSession{value: price * durationHours}(providerId, durationHours, ED25519_KEY);
    }

    /// @dev A session of `renter`'s that its provider has activated.
    function _run(uint256 durationHours) internal returns (uint256 sessionId) {
        sessionId = _rent(_register(), durationHours);
        vm.prank(provider);
        rental.activateSession(sessionId, "access");
    }

    function _collect(address caller, uint256 sessionId) internal returns (uint256 paid) {
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = sessionId;
        vm.prank(caller);
        return rental.collect(sessionIds);
    }
}
