// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeTest} from "./DisputeTest.sol";

/// @notice What a dispute costs those who take part, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract GuardianPanelGasTest is DisputeTest {
    /// RENT-27: what a dispute costs is in the table too.
    function test_dispute() external {
        skip(5 hours);
        _dispute();
        vm.snapshotGasLastCall("ComputeRental", "dispute");
        _vote(guardians[0], true);
        _row("vote, first");
        _vote(guardians[1], true);
        _row("vote, again");
        _vote(guardians[2], false);
        skip(3 days);
        panel.resolve(sessionId);
        _row("resolve, against the provider");
        vm.prank(guardians[0]);
        panel.takeShare(sessionId);
        _row("takeShare");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("GuardianPanel", what);
    }
}
