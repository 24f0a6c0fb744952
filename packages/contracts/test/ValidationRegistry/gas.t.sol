// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ValidationRegistry} from "../../src/compute/identity/ValidationRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice What validations cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract ValidationGasTest is ComputeTest {
    string private constant URI = "https://mynode.example.com:4007/v1/attestation";

    /// TEE-32: what a request and its answers cost is in the table.
    function test_validation() external {
        ValidationRegistry validations = ValidationRegistry(system.validationRegistry);
        (, uint256 agentId) = registry.agentOf(_register());
        vm.prank(provider);
        validations.validationRequest(stranger, agentId, URI, "first");
        _row("validationRequest, first");
        vm.prank(provider);
        validations.validationRequest(stranger, agentId, URI, "again");
        _row("validationRequest, again");
        vm.startPrank(stranger);
        validations.validationResponse("first", 100, URI, keccak256("evidence"), "tee-tdx");
        _row("validationResponse, first");
        validations.validationResponse("first", 0, "", 0, "");
        _row("validationResponse, again");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ValidationRegistry", what);
    }
}
