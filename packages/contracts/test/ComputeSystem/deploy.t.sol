// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeSystem} from "../../script/ComputeSystem.sol";
import {Pccs} from "../../src/compute/attestation/Pccs.sol";
import {IntelVector} from "../attestation/IntelVector.sol";

contract DeployTest is IntelVector {
    using ComputeSystem for ComputeSystem.Deployment;

    /// DEP-5: collateral is pinned to Intel's root key: an authority that Intel signed is taken, and a changed one is not.
    function test_pinsIntelsRootKey() external {
        vm.warp(1_751_328_000);
        Vector memory vector = _load("tdx/v4-phala-uptodate");
        Pccs deployed = Pccs(ComputeSystem.deploy(address(this)).pccs);
        bytes32 key = deployed.addAuthority(vector.signer);
        vm.assertNotEq(key, 0, "Intel's TCB signer");
        vector.signer[vector.signer.length - 1] ^= 0x01;
        vm.expectRevert();
        deployed.addAuthority(vector.signer);
        vm.assertEq(deployed.rootKey(), pccs.rootKey(), "the key of the real vectors");
    }

    /// DEP-6: a deployment is one whose contracts know each other; with any of them exchanged it is none.
    function test_knowsItsOwn() external {
        ComputeSystem.Deployment memory one = ComputeSystem.deploy(address(this));
        ComputeSystem.Deployment memory other = ComputeSystem.deploy(address(this));
        vm.assertTrue(one.isWired() && other.isWired(), "both are whole");
        bytes memory fields = abi.encode(one);
        bytes memory others = abi.encode(other);
        for (uint256 at = 32; at <= fields.length; at += 32) {
            bytes memory mixed = bytes.concat(fields);
            assembly ("memory-safe") {
                mstore(add(mixed, at), mload(add(others, at)))
            }
            vm.assertFalse(
                abi.decode(mixed, (ComputeSystem.Deployment)).isWired(),
                string.concat("word ", vm.toString(at / 32))
            );
        }
    }
}
