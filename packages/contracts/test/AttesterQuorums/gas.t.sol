// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {QuorumTest} from "./QuorumTest.sol";

/// @notice What a quorum costs, as a whole transaction from cold storage.
/// forge-config: default.isolate = true
contract QuorumGasTest is QuorumTest {
    /// TEE-21: what it costs to make one is in the table.
    function test_createQuorum() external {
        quorums.createQuorum(_members(3), 2);
        vm.snapshotGasLastCall("AttesterQuorums", "createQuorum, 3 members");
        quorums.createQuorum(_members(32), 17);
        vm.snapshotGasLastCall("AttesterQuorums", "createQuorum, 32 members");
    }

    function _members(uint256 size) private pure returns (address[] memory members) {
        members = new address[](size);
        for (uint256 i = 0; i < size; i++) {
            members[i] = vm.addr(i + 1000);
        }
    }
}
