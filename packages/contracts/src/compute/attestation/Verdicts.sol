// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";

import {IAttestationRegistry} from "../interfaces/IAttestationRegistry.sol";
import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {IComputeStaking} from "../interfaces/IComputeStaking.sol";
import {ISnpJudge} from "../interfaces/ISnpJudge.sol";
import {IVerdicts} from "../interfaces/IVerdicts.sol";

/// @notice Keeps quorums' verdicts, and takes them away from who is refuted.
/// @dev Trusts `AttesterQuorums` for who signed, the judge for what is false, and the staking contract to burn.
abstract contract Verdicts is IVerdicts, EIP712 {
    /// @dev That a verdict came on chain: when, and the first 27 bytes of the hash of its signers, zero once it was refuted.
    struct Entry {
        uint40 at;
        bytes27 signers;
    }

    /// @dev Who has a device, by the first 27 bytes of the verdict that says so.
    struct Holder {
        uint40 providerId;
        bytes27 digest;
    }

    bytes32 private constant VERDICT_TYPEHASH = keccak256(
        "Verdict(uint256 quorumId,uint256 providerId,address provider,uint8 evidence,bytes32 workload,bytes32[] devices,bytes32 reportData,bytes32 evidenceHash,uint40 issuedAt,uint40 expiry)"
    );
    uint256 private constant MAXIMUM_EVIDENCE = 65_536;
    uint256 private constant MAXIMUM_DEVICES = 32;
    /// @dev As long as an attester's stake takes to leave: who signs is staked when the verdict comes on chain.
    uint256 private constant REFUTABLE = 7 days;

    /// @notice Who signs for which quorum.
    IAttesterQuorums public immutable QUORUMS;
    /// @notice Who recomputes verdicts.
    ISnpJudge public immutable JUDGE;
    /// @notice Where signers' stake is.
    IComputeStaking public immutable STAKING;

    /* STORAGE */

    mapping(uint256 providerId => mapping(bool gpus => Record)) private _records;
    mapping(bytes32 digest => Entry) private _entries;
    /// @dev Quorums have devices each for themselves, so that none can keep another's from being attested.
    mapping(uint256 quorumId => mapping(bool gpus => mapping(bytes32 device => Holder))) private _holders;

    constructor(IAttesterQuorums quorums, ISnpJudge judge, IComputeStaking staking) {
        QUORUMS = quorums;
        JUDGE = judge;
        STAKING = staking;
    }

    /* VERDICTS */

    /// @inheritdoc IVerdicts
    function attestByQuorum(
        Verdict calldata verdict,
        IAttestationRegistry.Binding calldata binding,
        bytes calldata signatures,
        bytes calldata evidence
    ) external {
        address owner = _requireProvider(verdict.providerId);
        require(verdict.provider == owner, VerdictOnAnother(verdict.provider, owner));
        _requireDates(verdict.issuedAt, verdict.expiry);
        _requireEvidence(verdict, evidence);
        _requireBinding(verdict, _bindingHash(owner, binding), binding.gpuEvidenceHash);
        bytes32 digest = verdictHash(verdict);
        require(_entries[digest].at == 0, VerdictUsed(digest));
        address[] memory signers = QUORUMS.requireQuorum(verdict.quorumId, digest, signatures);

        _holdDevices(verdict, digest);
        _records[verdict.providerId][verdict.evidence != Evidence.SevSnp] = Record({
            quorumId: verdict.quorumId,
            digest: digest,
            workload: verdict.workload,
            reportData: verdict.reportData,
            device: verdict.devices[0],
            evidence: verdict.evidence,
            devices: uint8(verdict.devices.length),
            expiry: verdict.expiry
        });
        _entries[digest] = Entry({at: uint40(block.timestamp), signers: _hashOf(signers)});
        emit AttestedByQuorum(verdict.providerId, verdict.quorumId, digest, verdict, binding, signers);
        emit EvidencePublished(verdict.evidenceHash, evidence);
    }

    /// @inheritdoc IVerdicts
    function refute(
        Verdict calldata verdict,
        address[] calldata signers,
        ISnpJudge.Fault fault,
        bytes calldata evidence,
        bytes calldata hints
    ) external {
        bytes32 digest = verdictHash(verdict);
        Entry memory entry = _entries[digest];
        require(entry.signers != 0, VerdictUnknown(digest));
        require(verdict.evidence == Evidence.SevSnp, NotRefutable(verdict.evidence));
        require(block.timestamp < entry.at + REFUTABLE, TooLate(entry.at + REFUTABLE));
        require(_hashOf(signers) == entry.signers, SignersWrong(digest));
        _requireEvidence(verdict, evidence);
        ISnpJudge.Claims memory claims = ISnpJudge.Claims({
            workload: verdict.workload, chip: verdict.devices[0], reportData: verdict.reportData
        });
        require(JUDGE.isFaulty(fault, claims, evidence, hints), VerdictStands(digest, fault));

        _entries[digest].signers = 0;
        Record storage record = _records[verdict.providerId][false];
        if (record.digest == digest) record.expiry = 0;
        emit VerdictRefuted(verdict.providerId, digest, fault, msg.sender);

        uint256 amount = STAKING.ATTESTER_STAKE();
        for (uint256 i = 0; i < signers.length; i++) {
            STAKING.slash(signers[i], amount);
        }
    }

    /* VIEWS */

    /// @inheritdoc IVerdicts
    function verdictHash(Verdict calldata verdict) public view returns (bytes32) {
        return _hashTypedData(
            keccak256(
                abi.encode(
                    VERDICT_TYPEHASH,
                    verdict.quorumId,
                    verdict.providerId,
                    verdict.provider,
                    verdict.evidence,
                    verdict.workload,
                    keccak256(abi.encodePacked(verdict.devices)),
                    verdict.reportData,
                    verdict.evidenceHash,
                    verdict.issuedAt,
                    verdict.expiry
                )
            )
        );
    }

    /// @inheritdoc IVerdicts
    function gpuAttestation(uint256 providerId)
        external
        view
        returns (uint256 quorumId, uint256 devices, bytes32 workload, bytes32 reportData, uint40 expiry)
    {
        Record storage record = _records[providerId][true];
        if (record.expiry < block.timestamp) return (0, 0, 0, 0, 0);
        return (record.quorumId, record.devices, record.workload, record.reportData, record.expiry);
    }

    /// @inheritdoc IVerdicts
    function verdictOf(uint256 providerId, bool gpus) external view returns (Record memory) {
        return _records[providerId][gpus];
    }

    /* INTERNAL */

    /// @dev The first half of the report data that evidence of the provider must have.
    function _bindingHash(address provider, IAttestationRegistry.Binding calldata binding)
        internal
        view
        virtual
        returns (bytes32);

    /// @dev The owner of the provider that the caller speaks for.
    function _requireProvider(uint256 providerId) internal view virtual returns (address owner);

    /// @dev Reverts where another provider has proven to the chain itself that it has the machine.
    function _requireUnproven(bytes32 device, uint256 providerId) internal view virtual;

    /// @dev What a quorum says of the machine, while it counts.
    function _machineOf(uint256 providerId) internal view returns (bool counts, Record memory record) {
        record = _records[providerId][false];
        counts = record.expiry >= block.timestamp;
    }

    /// @dev Takes away what quorums say of the provider; false where none says anything.
    function _withdrawVerdicts(uint256 providerId) internal returns (bool any) {
        Record storage machine = _records[providerId][false];
        Record storage gpus = _records[providerId][true];
        any = machine.expiry != 0 || gpus.expiry != 0;
        (machine.expiry, gpus.expiry) = (0, 0);
    }

    function _requireDates(uint256 issuedAt, uint256 expiry) private view {
        bool current = issuedAt <= block.timestamp && block.timestamp <= expiry;
        require(current && expiry < issuedAt + REFUTABLE, VerdictOutOfDate(issuedAt, expiry, block.timestamp));
    }

    function _requireEvidence(Verdict calldata verdict, bytes calldata evidence) private pure {
        bytes32 published = keccak256(evidence);
        require(
            published == verdict.evidenceHash && evidence.length <= MAXIMUM_EVIDENCE,
            EvidenceNotSigned(verdict.evidenceHash, published, evidence.length)
        );
    }

    function _requireBinding(Verdict calldata verdict, bytes32 wanted, bytes32 gpuEvidenceHash) private pure {
        require(verdict.reportData == wanted, IAttestationRegistry.BindingWrong(verdict.reportData, wanted));
        require(verdict.evidence == Evidence.SevSnp || gpuEvidenceHash != 0, GpuNotBound());
    }

    function _holdDevices(Verdict calldata verdict, bytes32 digest) private {
        uint256 count = verdict.devices.length;
        bool gpus = verdict.evidence != Evidence.SevSnp;
        require(count != 0 && count <= (gpus ? MAXIMUM_DEVICES : 1), DevicesMalformed(count));

        bytes32 previous;
        for (uint256 i = 0; i < count; i++) {
            bytes32 device = verdict.devices[i];
            require(device > previous, DevicesMalformed(count));
            previous = device;
            Holder storage holder = _holders[verdict.quorumId][gpus][device];
            require(
                !_isHeldByAnother(holder, verdict.providerId, gpus), DeviceTaken(device, holder.providerId)
            );
            if (!gpus) _requireUnproven(device, verdict.providerId);
            (holder.providerId, holder.digest) = (uint40(verdict.providerId), bytes27(digest));
        }
    }

    /// @dev A device is free again once the verdict that named it ended, was taken back or refuted, or another took its place.
    function _isHeldByAnother(Holder storage holder, uint256 providerId, bool gpus)
        private
        view
        returns (bool)
    {
        uint256 other = holder.providerId;
        if (other == 0 || other == providerId) return false;
        Record storage record = _records[other][gpus];
        return bytes27(record.digest) == holder.digest && record.expiry >= block.timestamp;
    }

    function _hashOf(address[] memory signers) private pure returns (bytes27) {
        return bytes27(keccak256(abi.encode(signers)));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Jeju AttestationRegistry", "1");
    }
}
