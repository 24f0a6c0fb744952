// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Sets of attesters and how many of them it takes. Anyone makes one; none ever changes, so a quorum's id says who
/// signs and readers choose which quorums they trust. That a quorum exists says nothing for it.
/// @dev Members are plain keys: a signature then depends on nothing but itself, costs the same for everyone, and a reader
/// can check it years later. What a contract answers (ERC-1271) can change after stake was put behind it.
interface IAttesterQuorums {
    /// @notice A quorum has 1 to 32 members.
    error MembersOutOfRange(uint256 count, uint256 maximum);

    /// @notice The zero address signs nothing.
    error MemberZero();

    /// @notice A member is given twice.
    error MemberTwice(address member);

    /// @notice It takes at least one member and at most all.
    error ThresholdOutOfRange(uint256 threshold, uint256 members);

    /// @notice No quorum has this id.
    error QuorumUnknown(uint256 quorumId);

    /// @notice Signatures have 65 bytes each: r, s, v.
    error SignaturesMalformed(uint256 length);

    /// @notice The signature at this place, counted from 0, is of nobody: another digest, or no signature.
    error SignatureInvalid(uint256 index);

    /// @notice Signatures are in the ascending order of their signers, each once.
    error SignersUnordered(address signer, address after_);

    /// @notice Whoever signed is no member; it may also be that a member signed another digest.
    error SignerNotMember(uint256 quorumId, address signer);

    /// @notice The member has no stake as an attester now.
    error SignerNotStaked(address signer);

    /// @notice Fewer signed than it takes.
    error TooFewSigners(uint256 signers, uint256 threshold);

    /// @notice There is a new quorum; `members` ascend.
    event QuorumCreated(uint256 indexed quorumId, address[] members, uint8 threshold);

    /// @notice Makes the quorum of these members, in any order, and this threshold. Anyone may call.
    /// @dev Idempotent: the same set and threshold have the same id on every chain, and making it again does nothing.
    /// Members need no stake yet.
    function createQuorum(address[] calldata members, uint8 threshold) external returns (uint256 quorumId);

    /// @notice The members, ascending, and how many of them it takes. Reverts where there is no such quorum.
    function quorumOf(uint256 quorumId) external view returns (address[] memory members, uint8 threshold);

    /// @notice Those who signed. Reverts unless they are enough members, each staked as an attester now.
    /// @dev Warning: `digest` must bind what is signed to chain, contract and purpose, which EIP-712 does. A signature is not
    /// used up here.
    /// @param signatures r, s and v of each, one after another, in the ascending order of signers.
    function requireQuorum(uint256 quorumId, bytes32 digest, bytes calldata signatures)
        external
        view
        returns (address[] memory signers);
}
