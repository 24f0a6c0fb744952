// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {AttesterQuorums} from "../../src/compute/attestation/AttesterQuorums.sol";

/// @notice Three staked attesters and a quorum of two of them.
abstract contract QuorumTest is Test {
    ComputeStaking internal staking;
    AttesterQuorums internal quorums;
    /// @dev Their addresses ascend.
    uint256[] internal keys;
    uint256 internal quorumId;

    function setUp() public virtual {
        staking = new ComputeStaking(address(this), address(this), address(this));
        quorums = new AttesterQuorums(staking);
        for (uint256 key = 1; keys.length < 3; key++) {
            if (keys.length == 0 || vm.addr(key) > vm.addr(keys[keys.length - 1])) keys.push(key);
        }
        for (uint256 i = 0; i < 3; i++) {
            staking.stakeFor{value: 1 ether}(vm.addr(keys[i]));
            vm.prank(vm.addr(keys[i]));
            staking.becomeAttester();
        }
        quorumId = quorums.createQuorum(_members(), 2);
    }

    function _members() internal view returns (address[] memory members) {
        members = new address[](3);
        for (uint256 i = 0; i < 3; i++) {
            members[i] = vm.addr(keys[i]);
        }
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
