// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {LibSort} from "solady/utils/LibSort.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {IComputeStaking} from "../interfaces/IComputeStaking.sol";

/// @notice Trusts the staking contract for who is staked as an attester. Nobody changes a quorum; holds no money.
contract AttesterQuorums is IAttesterQuorums {
    /// @dev The members lie as the code of an account, which cannot change.
    struct Quorum {
        address members;
        uint8 threshold;
    }

    uint256 private constant MAXIMUM_MEMBERS = 32;
    uint256 private constant SIGNATURE_BYTES = 65;

    IComputeStaking public immutable STAKING;

    /* STORAGE */

    mapping(uint256 quorumId => Quorum) private _quorums;

    constructor(IComputeStaking staking) {
        STAKING = staking;
    }

    /// @inheritdoc IAttesterQuorums
    function createQuorum(address[] calldata members, uint8 threshold) external returns (uint256 quorumId) {
        uint256 count = members.length;
        require(count != 0 && count <= MAXIMUM_MEMBERS, MembersOutOfRange(count, MAXIMUM_MEMBERS));
        require(threshold != 0 && threshold <= count, ThresholdOutOfRange(threshold, count));
        address[] memory ordered = members;
        LibSort.insertionSort(ordered);
        require(ordered[0] != address(0), MemberZero());
        for (uint256 i = 1; i < count; i++) {
            require(ordered[i - 1] != ordered[i], MemberTwice(ordered[i]));
        }

        quorumId = uint256(keccak256(abi.encode(ordered, threshold)));
        if (_quorums[quorumId].threshold != 0) return quorumId;

        _quorums[quorumId] = Quorum({members: SSTORE2.write(abi.encode(ordered)), threshold: threshold});
        emit QuorumCreated(quorumId, ordered, threshold);
    }

    /// @inheritdoc IAttesterQuorums
    function quorumOf(uint256 quorumId) external view returns (address[] memory members, uint8 threshold) {
        return _quorum(quorumId);
    }

    /// @inheritdoc IAttesterQuorums
    function requireQuorum(uint256 quorumId, bytes32 digest, bytes calldata signatures)
        external
        view
        returns (address[] memory signers)
    {
        (address[] memory members, uint8 threshold) = _quorum(quorumId);
        uint256 count = signatures.length / SIGNATURE_BYTES;
        require(signatures.length % SIGNATURE_BYTES == 0, SignaturesMalformed(signatures.length));
        require(count >= threshold, TooFewSigners(count, threshold));

        signers = new address[](count);
        address previous;
        uint256 next;
        for (uint256 i = 0; i < count; i++) {
            address signer = _signer(digest, signatures, i);
            require(signer > previous, SignersUnordered(signer, previous));
            // Members ascend too, so each is looked at once in all.
            while (next < members.length && members[next] < signer) next++;
            require(next < members.length && members[next] == signer, SignerNotMember(quorumId, signer));
            require(STAKING.isStaked(signer, IComputeStaking.Role.Attester), SignerNotStaked(signer));
            (signers[i], previous) = (signer, signer);
        }
    }

    function _quorum(uint256 quorumId) private view returns (address[] memory members, uint8 threshold) {
        Quorum memory quorum = _quorums[quorumId];
        require(quorum.threshold != 0, QuorumUnknown(quorumId));
        return (abi.decode(SSTORE2.read(quorum.members), (address[])), quorum.threshold);
    }

    function _signer(bytes32 digest, bytes calldata signatures, uint256 index)
        private
        view
        returns (address signer)
    {
        uint256 from = index * SIGNATURE_BYTES;
        signer = ECDSA.tryRecoverCalldata(digest, signatures[from:from + SIGNATURE_BYTES]);
        require(signer != address(0), SignatureInvalid(index));
    }
}
