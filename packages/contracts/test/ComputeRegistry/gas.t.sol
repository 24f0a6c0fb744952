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

    function _assertGas(uint256 limit, string memory what) private {
        vm.snapshotGasLastCall("ComputeRegistry", what);
        vm.assertLe(vm.lastCallGas().gasTotalUsed, limit, what);
    }
}
