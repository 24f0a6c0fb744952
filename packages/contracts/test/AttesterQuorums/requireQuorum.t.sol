// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttesterQuorums} from "../../src/compute/interfaces/IAttesterQuorums.sol";
import {QuorumTest} from "./QuorumTest.sol";

contract RequireQuorumTest is QuorumTest {
    bytes32 private constant DIGEST = keccak256("what is signed");

    /// TEE-22: a quorum has spoken when enough of its members signed, whichever.
    function test_takesAnyOfThemThatAreEnough() external view {
        bytes memory pair = abi.encodePacked(_sign(keys[0], DIGEST), _sign(keys[2], DIGEST));
        address[] memory signers = quorums.requireQuorum(quorumId, DIGEST, pair);
        vm.assertEq(signers.length, 2, "two");
        vm.assertEq(signers[0], vm.addr(keys[0]), "the first");
        vm.assertEq(signers[1], vm.addr(keys[2]), "the third");
        bytes memory all =
            abi.encodePacked(_sign(keys[0], DIGEST), _sign(keys[1], DIGEST), _sign(keys[2], DIGEST));
        vm.assertEq(quorums.requireQuorum(quorumId, DIGEST, all).length, 3, "more than it takes");
    }

    /// TEE-22: one signature counts once, however often and in whatever form it is given.
    function test_revertsWhen_oneSignsTwice() external {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], DIGEST);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory other = abi.encodePacked(r, bytes32(order - uint256(s)), uint8(v == 27 ? 28 : 27));
        address signer = vm.addr(keys[0]);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.SignersUnordered.selector, signer, signer));
        quorums.requireQuorum(quorumId, DIGEST, abi.encodePacked(r, s, v, other));
    }

    /// TEE-22: fewer than it takes are no quorum, nor are signatures out of order or of an odd length.
    function test_revertsWhen_signaturesAreNotEnough() external {
        bytes memory one = _sign(keys[0], DIGEST);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.TooFewSigners.selector, 1, 2));
        quorums.requireQuorum(quorumId, DIGEST, one);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.TooFewSigners.selector, 0, 2));
        quorums.requireQuorum(quorumId, DIGEST, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttesterQuorums.SignersUnordered.selector, vm.addr(keys[0]), vm.addr(keys[1])
            )
        );
        quorums.requireQuorum(quorumId, DIGEST, abi.encodePacked(_sign(keys[1], DIGEST), one));
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.SignaturesMalformed.selector, 129));
        quorums.requireQuorum(quorumId, DIGEST, new bytes(129));
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.SignatureInvalid.selector, 0));
        quorums.requireQuorum(quorumId, DIGEST, new bytes(130));
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.QuorumUnknown.selector, 1));
        quorums.requireQuorum(1, DIGEST, one);
    }

    /// TEE-22: a stranger's signature counts for nothing, nor does a member's under anything else.
    function test_revertsWhen_signerIsNoMember(uint256 key, bytes32 other) external {
        key = bound(key, 1000, type(uint128).max);
        vm.assume(other != DIGEST);
        bytes memory pair = vm.addr(key) < vm.addr(keys[2])
            ? abi.encodePacked(_sign(key, DIGEST), _sign(keys[2], DIGEST))
            : abi.encodePacked(_sign(keys[2], DIGEST), _sign(key, DIGEST));
        vm.expectRevert(
            abi.encodeWithSelector(IAttesterQuorums.SignerNotMember.selector, quorumId, vm.addr(key))
        );
        quorums.requireQuorum(quorumId, DIGEST, pair);
        pair = abi.encodePacked(_sign(keys[0], DIGEST), _sign(keys[2], DIGEST));
        vm.expectRevert();
        quorums.requireQuorum(quorumId, other, pair);
    }

    /// TEE-23: a member signs only while it is staked as an attester: not after resigning, nor after it was slashed.
    function test_revertsWhen_signerIsNotStaked() external {
        bytes memory pair = abi.encodePacked(_sign(keys[0], DIGEST), _sign(keys[1], DIGEST));
        address signer = vm.addr(keys[1]);
        vm.prank(signer);
        staking.resignAttester();
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.SignerNotStaked.selector, signer));
        quorums.requireQuorum(quorumId, DIGEST, pair);
        vm.prank(signer);
        staking.becomeAttester();
        quorums.requireQuorum(quorumId, DIGEST, pair);
        staking.slash(vm.addr(keys[0]), 1);
        vm.expectRevert(abi.encodeWithSelector(IAttesterQuorums.SignerNotStaked.selector, vm.addr(keys[0])));
        quorums.requireQuorum(quorumId, DIGEST, pair);
    }
}
