// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IDcapVerifier} from "./IDcapVerifier.sol";
import {IPccs} from "./IPccs.sol";

/// @notice What is proven of providers' machines. Level 0 is claimed only, 1 attested by a named quorum, 2 verified on
/// chain: an Intel quote whose report data binds the chain, this contract, the agent, the provider's address, the SSH
/// host key, the TLS key, the GPU evidence and a recent block.
interface IAttestationRegistry is IDcapVerifier {
    enum TeeType {
        None,
        SGX,
        TDX,
        SEV_SNP,
        NVIDIA_CC
    }

    /// @notice What evidence is bound to. The block is named by number; its hash comes from the chain.
    struct Binding {
        uint256 agentId;
        bytes32 sshHostKeyHash;
        bytes32 tlsSpkiHash;
        bytes32 gpuEvidenceHash;
        uint256 blockNumber;
    }

    /// @notice A result of level 2 as it is kept, whether or not it still counts.
    struct Attestation {
        uint8 level;
        TeeType teeType;
        IPccs.Status status;
        uint16 evaluation;
        uint32 expiry;
        bytes12 platformId;
        /// The first 11 bytes of keccak256 of the hashes of quote, of signatures and of the PCK record's ABI encoding.
        bytes11 evidence;
    }

    /// @notice No provider has this id.
    error ProviderUnknown(uint256 providerId);

    /// @notice Only the provider and its operator do this.
    error NotProvider(uint256 providerId, address caller);

    /// @notice The block is neither one of the last 8,191 nor one whose hash this chain still knows.
    error BlockHashUnknown(uint256 blockNumber);

    /// @notice The evidence's report data is not this binding's.
    error BindingWrong(bytes32 found, bytes32 wanted);

    /// @notice Another provider has an attestation on this machine that counts.
    error PlatformTaken(bytes12 platformId, uint256 providerId);

    /// @notice The provider has no attestation that could change.
    error NotAttested(uint256 providerId);

    /// @notice This is not the evidence that the provider's attestation rests on.
    error EvidenceWrong(uint256 providerId, bytes11 kept, bytes11 sent);

    /// @notice The attestation was rated by another evaluation.
    error EvaluationNotKept(uint256 kept, uint256 sent);

    /// @notice The request does not ask this contract about the provider's agent.
    error RequestOfAnother(bytes32 requestHash, address validator, uint256 agentId);

    /// @notice The provider's machine was attested. The evidence is the call's data; `evidence` is its whole hash.
    event Attested(
        uint256 indexed providerId,
        bytes12 indexed platformId,
        bytes27 indexed workload,
        TeeType teeType,
        IPccs.Status status,
        uint32 expiry,
        Binding binding,
        bytes32 evidence
    );

    /// @notice The same evidence was rated again, by the collateral of now.
    event Reevaluated(uint256 indexed providerId, IPccs.Status status, uint32 expiry);

    /// @notice The provider's level was taken away: by itself (`reason` is empty), or since its evidence no longer passes.
    event AttestationRevoked(uint256 indexed providerId, bytes reason);

    /// @notice Verifies a quote of the provider's machine and keeps the result, in place of the one before.
    /// @dev Only the provider or its operator: a stranger's machine could name any provider. Reverts with the first check
    /// that fails. The result counts until the collateral behind it ends, at most 7 days.
    /// @param quote,signatures,pck,evaluation As `verifyQuote` takes them.
    function attest(
        uint256 providerId,
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation,
        Binding calldata binding
    ) external;

    /// @notice Rates the evidence of a provider again, by the collateral of now. Anyone may call.
    /// @dev Never lengthens a result. Where collateral refuses the platform for good (revoked, below every level), the
    /// level is taken away. Where collateral is missing or outdated this reverts and changes nothing. The evaluation is the
    /// one that was used: whose documents were current then are so until the result ends.
    function reevaluate(
        uint256 providerId,
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation
    ) external;

    /// @notice Gives up the caller's attestation and quorums' verdicts on it, and with them the claim to the machine.
    function revoke(uint256 providerId) external;

    /// @notice Answers a request of the provider's agent in ERC-8004's validation registry with what is proven now: 100 where the
    /// chain verified an up-to-date machine, 80 where it may need configuration or software hardening, 50 for a quorum's word, 0
    /// for nothing. Anyone may call, again too: an answer is of its time. Of an agent that the provider does not have any more,
    /// the answer that it got becomes 0.
    /// @dev The answer's hash is that of the evidence, of level 2 its first 11 bytes, of level 1 the verdict's digest. The tag is
    /// "tee-tdx", "tee-sgx", or "tee-sev-snp " with the quorum's id. Whoever reads one asks `attestation` for what counts now.
    function answer(uint256 providerId, bytes32 requestHash) external;

    /// @notice What is proven of a provider's machine now: what the chain verified, else what a quorum says. Level 0 and zeros
    /// where there is nothing, where it ended, or where its platform needs an update or a relaunch; `attestationOf` and
    /// `verdictOf` show those too.
    /// @dev Warning: anyone makes a quorum. Level 1 is for those who trust this `quorumId`, which is 0 at any other level.
    function attestation(uint256 providerId)
        external
        view
        returns (
            uint8 level,
            TeeType teeType,
            bytes27 workload,
            bytes12 platformId,
            uint32 expiry,
            uint256 quorumId
        );

    /// @notice The result as it is kept. Warning: it may have ended or rest on a platform that needs an update.
    function attestationOf(uint256 providerId) external view returns (Attestation memory);

    /// @notice The provider that has, or had last, a machine, and the first 27 bytes of what it runs (`Claims.workload`).
    function platformOf(bytes12 platformId) external view returns (uint256 providerId, bytes27 workload);

    /// @notice The first half of the report data that a quote of the provider must have; the second half is zero.
    function bindingHash(address provider, Binding calldata binding) external view returns (bytes32);
}
