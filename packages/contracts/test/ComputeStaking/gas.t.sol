// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice What stakes and roles cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract StakingGasTest is ComputeTest {
    /// STK-1, STK-3, STK-8: what they cost is in the table.
    function test_verbs() external {
        vm.startPrank(renter);
        staking.stake{value: 2 ether}();
        _row("stake, first");
        staking.stake{value: 2 ether}();
        _row("stake, again");
        staking.stakeFor{value: 1}(stranger);
        _row("stakeFor, first");
        staking.becomeGuardian();
        _row("becomeGuardian");
        staking.becomeAttester();
        _row("becomeAttester");
        staking.resignAttester();
        _row("resignAttester");
        staking.resignGuardian();
        _row("resignGuardian");
        staking.initiateUnstake(1 ether);
        _row("initiateUnstake");
        skip(7 days);
        staking.completeUnstake();
        _row("completeUnstake");
        staking.initiateUnstake(1 ether);
        skip(7 days);
        staking.completeUnstakeTo(stranger);
        _row("completeUnstakeTo");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ComputeStaking", what);
    }
}
