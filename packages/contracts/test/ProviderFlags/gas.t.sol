// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderFlags} from "../../src/compute/ProviderFlags.sol";
import {DisputeTest} from "../GuardianPanel/DisputeTest.sol";

/// @notice What a vote on a flag costs, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract ProviderFlagsGasTest is DisputeTest {
    /// REG-25: what a vote on a flag costs is in the table too.
    function test_flag() external {
        ProviderFlags flags = ProviderFlags(system.providerFlags);
        vm.prank(guardians[0]);
        flags.open(1, "serves another model than it sells");
        _row("open");
        for (uint256 i = 1; i < 3; i++) {
            vm.prank(guardians[i]);
            flags.vote(1, true);
        }
        _row("vote");
        skip(3 days);
        flags.resolve(1);
        _row("resolve");
        vm.assertTrue(flags.isFlagged(1), "flagged");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ProviderFlags", what);
    }
}
