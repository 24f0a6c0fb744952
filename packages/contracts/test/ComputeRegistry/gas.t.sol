// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice What calls cost, as whole transactions from cold storage, where others are registered already.
/// forge-config: default.isolate = true
contract RegistryGasTest is ComputeTest {
    /// REG-25: registering with 512 bytes of attestation and the mint of an agent costs at most 460,000 gas.
    function test_register() external {
        vm.startPrank(renter);
        registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE);
        vm.startPrank(provider);
        bytes memory claim = abi.encodePacked('{"v":1,"gpuCount":8,"gpuModel":"NVIDIA H100 80GB HBM3","x":"');
        while (claim.length < 510) claim = abi.encodePacked(claim, "x");
        registry.register{value: 0.1 ether}(ENDPOINT, string.concat(string(claim), '"}'), PRICE);
        _assertGas(460_000, "register, 512 bytes of attestation");
        registry.updatePricing(2 * PRICE);
        _assertGas(40_000, "updatePricing");
        registry.setActive(false);
        _assertGas(40_000, "setActive");
        registry.unregister();
        _assertGas(80_000, "unregister");
    }

    /// REG-25: what the other verbs cost is in the table too.
    function test_otherVerbs() external {
        uint256 providerId = _register();
        (, uint256 agentId) = registry.agentOf(providerId);
        vm.startPrank(provider);
        registry.setEndpoint("https://other.example.com");
        _row("setEndpoint");
        registry.setHardware(string.concat(HARDWARE, " "));
        _row("setHardware");
        registry.setOperator(stranger);
        _row("setOperator");
        registry.linkAgent(agentId);
        _row("linkAgent");
        registry.unregister();
        providerId = registry.registerWithAgent(agentId, ENDPOINT, HARDWARE, PRICE);
        _row("registerWithAgent");
        identity.transferFrom(provider, stranger, agentId);
        registry.deactivateSold(providerId);
        _row("deactivateSold");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ComputeRegistry", what);
    }

    function _assertGas(uint256 limit, string memory what) private {
        vm.snapshotGasLastCall("ComputeRegistry", what);
        vm.assertLe(vm.lastCallGas().gasTotalUsed, limit, what);
    }
}
