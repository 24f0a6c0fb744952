// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAttestationRegistry} from "./IAttestationRegistry.sol";
import {ISnpJudge} from "./ISnpJudge.sol";

/// @notice What quorums of attesters say of providers' machines and GPUs, where the chain cannot verify the evidence itself.
/// @dev A verdict is worth what its quorum is: anyone makes one, so readers choose which they trust. A verdict on a SEV-SNP
/// machine is refuted by anyone whose recomputation differs, for 7 days; each of its signers then loses an attester's stake.
/// One on GPUs rests on the quorum alone.
interface IVerdicts {
    /// @notice What a verdict rests on. The first is about the machine, the others are about the GPUs in it.
    enum Evidence {
        SevSnp,
        Hopper,
        Blackwell,
        NvSwitch,
        /// A token of NVIDIA's Remote Attestation Service.
        Nras
    }

    /// @notice What attesters sign, as EIP-712 data of this contract: this evidence is genuine, of these devices and this
    /// workload, and bound to the report data.
    struct Verdict {
        uint256 quorumId;
        uint256 providerId;
        /// The provider's owner.
        address provider;
        Evidence evidence;
        bytes32 workload;
        /// The machine's chip, or each GPU and switch once: keccak256 of its id, ascending.
        bytes32[] devices;
        /// `bindingHash`: chain, this contract, agent, provider, keys, GPU evidence and a recent block.
        bytes32 reportData;
        /// keccak256 of what is published with the verdict.
        bytes32 evidenceHash;
        uint40 issuedAt;
        /// Less than 7 days after `issuedAt`.
        uint40 expiry;
    }

    /// @notice A verdict as it is kept, whether or not it still counts.
    struct Record {
        uint256 quorumId;
        bytes32 digest;
        bytes32 workload;
        bytes32 reportData;
        /// The first of the devices.
        bytes32 device;
        Evidence evidence;
        uint8 devices;
        uint40 expiry;
    }

    /// @notice The verdict is on another owner's provider.
    error VerdictOnAnother(address provider, address owner);

    /// @notice A verdict counts from `issuedAt` until less than 7 days after it, and comes on chain in that time.
    error VerdictOutOfDate(uint256 issuedAt, uint256 expiry, uint256 now_);

    /// @notice The verdict came on chain before, and comes once.
    error VerdictUsed(bytes32 digest);

    /// @notice No such verdict is on chain, or it was refuted.
    error VerdictUnknown(bytes32 digest);

    /// @notice A machine is one chip; GPUs are 1 to 32; ids ascend and none is zero.
    error DevicesMalformed(uint256 count);

    /// @notice GPU evidence must be bound by the machine that it sits in.
    error GpuNotBound();

    /// @notice Another provider has a verdict of this quorum on this device that counts.
    error DeviceTaken(bytes32 device, uint256 providerId);

    /// @notice The published evidence is not the one that was signed, or there is too much of it.
    error EvidenceNotSigned(bytes32 signed, bytes32 published, uint256 length);

    /// @notice Only verdicts on SEV-SNP machines are recomputed on chain.
    error NotRefutable(Evidence evidence);

    /// @notice A verdict is refuted within 7 days after it came on chain.
    error TooLate(uint256 until);

    /// @notice These are not those who signed the verdict.
    error SignersWrong(bytes32 digest);

    /// @notice The verdict does not have this fault.
    error VerdictStands(bytes32 digest, ISnpJudge.Fault fault);

    /// @notice A quorum's verdict on the provider's machine or GPUs came on chain, in place of the one before.
    event AttestedByQuorum(
        uint256 indexed providerId,
        uint256 indexed quorumId,
        bytes32 indexed digest,
        Verdict verdict,
        IAttestationRegistry.Binding binding,
        address[] signers
    );

    /// @notice What a verdict rests on, whole.
    event EvidencePublished(bytes32 indexed evidenceHash, bytes evidence);

    /// @notice The verdict was false; each of its signers lost an attester's stake.
    event VerdictRefuted(
        uint256 indexed providerId, bytes32 indexed digest, ISnpJudge.Fault fault, address refuter
    );

    /// @notice Puts a quorum's verdict on the caller's provider on chain.
    /// @dev Only the provider and its operator. The signers must be staked as attesters now.
    /// @param signatures As `AttesterQuorums.requireQuorum` takes them, of `verdictHash`.
    /// @param evidence At most 65,536 bytes; for SEV-SNP as `ISnpJudge` reads it.
    function attestByQuorum(
        Verdict calldata verdict,
        IAttestationRegistry.Binding calldata binding,
        bytes calldata signatures,
        bytes calldata evidence
    ) external;

    /// @notice Proves that a verdict on a SEV-SNP machine is false: its signers' stake burns, and the level is gone. Anyone may
    /// call, and gets nothing for it.
    /// @dev Reverts where the fault is not there: no input makes a true verdict false, see `ISnpJudge`.
    /// @param signers All that signed, as the event `AttestedByQuorum` has them.
    function refute(
        Verdict calldata verdict,
        address[] calldata signers,
        ISnpJudge.Fault fault,
        bytes calldata evidence,
        bytes calldata hints
    ) external;

    /// @notice The EIP-712 digest that attesters sign.
    function verdictHash(Verdict calldata verdict) external view returns (bytes32);

    /// @notice What a quorum says of the provider's GPUs now; zeros where none does, or it ended. Warning: `reportData` must be
    /// that of the machine's attestation, else the GPUs may sit elsewhere.
    function gpuAttestation(uint256 providerId)
        external
        view
        returns (uint256 quorumId, uint256 devices, bytes32 workload, bytes32 reportData, uint40 expiry);

    /// @notice The last verdict on the provider's machine, or on its GPUs. Warning: it may have ended.
    function verdictOf(uint256 providerId, bool gpus) external view returns (Record memory);
}
