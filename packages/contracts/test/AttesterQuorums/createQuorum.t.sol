// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttesterQuorums} from "../../src/compute/interfaces/IAttesterQuorums.sol";
import {QuorumTest} from "./QuorumTest.sol";

contract CreateQuorumTest is QuorumTest {
    /// TEE-21: anyone makes a quorum; the same set in whatever order has the same id, and there is nothing that changes one.
    function test_isItsMembersAndThreshold() external {
        address[] memory members = _members();
        (members[0], members[2]) = (members[2], members[0]);
        vm.prank(makeAddr("stranger"));
        vm.assertEq(quorums.createQuorum(members, 2), quorumId, "the same");
        vm.assertNotEq(quorums.createQuorum(members, 3), quorumId, "another threshold, another quorum");

        (address[] memory found, uint8 threshold) = quorums.quorumOf(quorumId);
        vm.assertEq(found, _members(), "members, ascending");
        vm.assertEq(threshold, 2, "threshold");
    }

    /// TEE-21: a new quorum is announced with its members, once.
    function test_saysWhoIsInIt() external {
        address[] memory members = new address[](1);
        members[0] = makeAddr("only");
        vm.expectEmit(false, false, false, true, address(quorums));
        emit IAttesterQuorums.QuorumCreated(0, members, 1);
        quorums.createQuorum(members, 1);
        vm.recordLogs();
        quorums.createQuorum(members, 1);
        vm.assertEq(vm.getRecordedLogs().length, 0, "nothing new");
    }

    /// TEE-21: 1 to 32 members, each once, and a threshold that they can reach.
    function test_revertsWhen_itIsNoQuorum() external {
        address[] memory members = new address[](33);
        for (uint160 i = 0; i < 33; i++) {
            members[i] = address(i + 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.MembersOutOfRange.selector, 33, 32));
        quorums.createQuorum(members, 1);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.MembersOutOfRange.selector, 0, 32));
        quorums.createQuorum(new address[](0), 0);

        members = _members();
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.ThresholdOutOfRange.selector, 4, 3));
        quorums.createQuorum(members, 4);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.ThresholdOutOfRange.selector, 0, 3));
        quorums.createQuorum(members, 0);
        members[0] = members[2];
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.MemberTwice.selector, members[2]));
        quorums.createQuorum(members, 1);
        members[0] = address(0);
        vm.expectRevert(IAttesterQuorums.MemberZero.selector);
        quorums.createQuorum(members, 1);
    }

    /// TEE-21: as many as 32 members work.
    function test_takesThirtyTwoMembers() external {
        address[] memory members = new address[](32);
        for (uint160 i = 0; i < 32; i++) {
            members[i] = address(i + 1);
        }
        (address[] memory found,) = quorums.quorumOf(quorums.createQuorum(members, 32));
        vm.assertEq(found, members, "all of them");
    }
}
