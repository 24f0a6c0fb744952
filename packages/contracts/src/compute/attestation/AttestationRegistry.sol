// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";

import {IAttestationRegistry} from "../interfaces/IAttestationRegistry.sol";
import {IAttesterQuorums} from "../interfaces/IAttesterQuorums.sol";
import {IComputeRegistry} from "../interfaces/IComputeRegistry.sol";
import {IComputeStaking} from "../interfaces/IComputeStaking.sol";
import {IPccs} from "../interfaces/IPccs.sol";
import {ISnpJudge} from "../interfaces/ISnpJudge.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";
import {DcapVerifier} from "./DcapVerifier.sol";
import {Verdicts} from "./Verdicts.sol";

/// @notice Trusts Intel's root key through `Pccs`, the chain for block hashes, and ComputeRegistry for who owns and
/// operates a provider; where a level names a quorum, that quorum. Nobody else can set a level; holds no money.
contract AttestationRegistry is IAttestationRegistry, DcapVerifier, Verdicts {
    /* CONSTANTS */

    bytes32 private constant BINDING_TYPEHASH = keccak256(
        "TeeBinding(uint256 chainId,address registry,uint256 agentId,address provider,bytes32 sshHostKeyHash,bytes32 tlsSpkiHash,bytes32 gpuEvidenceHash,uint256 blockNumber,bytes32 blockHash)"
    );
    uint8 private constant ATTESTED = 1;
    uint8 private constant VERIFIED = 2;
    uint256 private constant MAXIMUM_AGE = 7 days;

    /// @dev Keeps the hashes of the last 8,191 blocks (EIP-2935).
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    uint256 private constant HISTORY_WINDOW = 8191;

    /* IMMUTABLES */

    /// @notice Who owns and operates providers.
    IComputeRegistry public immutable REGISTRY;
    /// @notice Where this contract answers as a validator (ERC-8004).
    IValidationRegistry public immutable VALIDATIONS;

    /* STORAGE */

    /// @dev What runs is here, not with the attestation, so that all of a result takes two slots.
    struct Platform {
        uint40 providerId;
        bytes27 workload;
    }

    mapping(uint256 providerId => Attestation) private _attestations;
    mapping(bytes12 platformId => Platform) private _platforms;
    /// @dev Of whom an answer in the validation registry speaks, so that it can be taken back once its agent is another's.
    mapping(bytes32 requestHash => uint256 providerId) private _answered;

    /* CONSTRUCTOR */

    constructor(
        IPccs pccs_,
        IComputeRegistry registry,
        IAttesterQuorums quorums,
        ISnpJudge judge,
        IComputeStaking staking,
        IValidationRegistry validations
    ) DcapVerifier(pccs_) Verdicts(quorums, judge, staking) {
        REGISTRY = registry;
        VALIDATIONS = validations;
    }

    /* ATTESTING */

    /// @inheritdoc IAttestationRegistry
    function attest(
        uint256 providerId,
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation,
        Binding calldata binding
    ) external {
        address owner = _requireProvider(providerId);
        Claims memory claims = verifyQuote(quote, signatures, pck, evaluation);
        bytes32 wanted = _bindingHash(owner, binding);
        require(
            claims.reportDataHigh == wanted && claims.reportDataLow == 0,
            BindingWrong(claims.reportDataHigh, wanted)
        );
        bytes32 evidence = _evidenceOf(quote, signatures, pck);
        uint32 expiry = _keep(providerId, claims, evaluation, evidence);
        emit Attested(
            providerId,
            claims.platformId,
            bytes27(claims.workload),
            _typeOf(claims.tee),
            claims.status,
            expiry,
            binding,
            evidence
        );
    }

    /// @inheritdoc IAttestationRegistry
    function reevaluate(
        uint256 providerId,
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation
    ) external {
        Attestation storage kept = _attestations[providerId];
        require(kept.level == VERIFIED, NotAttested(providerId));
        uint256 holder = _platforms[kept.platformId].providerId;
        require(holder == providerId, PlatformTaken(kept.platformId, holder));
        bytes11 sent = bytes11(_evidenceOf(quote, signatures, pck));
        require(sent == kept.evidence, EvidenceWrong(providerId, kept.evidence, sent));
        require(evaluation == kept.evaluation, EvaluationNotKept(kept.evaluation, evaluation));

        try this.verifyQuote(quote, signatures, pck, evaluation) returns (Claims memory claims) {
            uint32 expiry = kept.expiry;
            if (claims.expiry < expiry) expiry = uint32(claims.expiry);
            (kept.status, kept.expiry) = (claims.status, expiry);
            emit Reevaluated(providerId, claims.status, expiry);
        } catch (bytes memory reason) {
            // The same evidence passed once, so what refuses it now is collateral; some of that comes back.
            if (!_isFinal(reason)) _bubble(reason);
            _clear(providerId, kept, reason);
        }
    }

    /// @inheritdoc IAttestationRegistry
    function revoke(uint256 providerId) external {
        _requireProvider(providerId);
        Attestation storage kept = _attestations[providerId];
        bool named = _withdrawVerdicts(providerId);
        require(named || kept.level != 0, NotAttested(providerId));
        _clear(providerId, kept, "");
    }

    /// @inheritdoc IAttestationRegistry
    function answer(uint256 providerId, bytes32 requestHash) external {
        (address validator, uint256 agentId,,,,) = VALIDATIONS.getValidationStatus(requestHash);
        (bool linked, uint256 wanted) = REGISTRY.agentOf(providerId);
        bool stands = linked && wanted == agentId;
        bool stood = providerId != 0 && _answered[requestHash] == providerId;
        require(
            (stands || stood) && validator == address(this), RequestOfAnother(requestHash, validator, agentId)
        );
        (uint8 response, bytes32 hash, string memory tag) = _answerOf(stands ? providerId : 0);

        if (!stood) _answered[requestHash] = providerId;
        VALIDATIONS.validationResponse(requestHash, response, "", hash, tag);
    }

    /* VIEWS */

    /// @inheritdoc IAttestationRegistry
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
        )
    {
        Attestation storage kept = _attestations[providerId];
        if (_isVerified(kept)) {
            (level, teeType, platformId, expiry) = (kept.level, kept.teeType, kept.platformId, kept.expiry);
            // While it counts, nobody else can take the machine.
            workload = _platforms[platformId].workload;
        } else {
            (bool counts, Record memory record) = _machineOf(providerId);
            if (!counts) return (0, TeeType.None, 0, 0, 0, 0);
            (level, teeType, quorumId) = (ATTESTED, TeeType.SEV_SNP, record.quorumId);
            (workload, platformId) = (bytes27(record.workload), bytes12(record.device));
            expiry = uint32(record.expiry);
        }
    }

    /// @inheritdoc IAttestationRegistry
    function attestationOf(uint256 providerId) external view returns (Attestation memory) {
        return _attestations[providerId];
    }

    /// @inheritdoc IAttestationRegistry
    function platformOf(bytes12 platformId) external view returns (uint256, bytes27) {
        Platform storage platform = _platforms[platformId];
        return (platform.providerId, platform.workload);
    }

    /// @inheritdoc IAttestationRegistry
    function bindingHash(address provider, Binding calldata binding) external view returns (bytes32) {
        return _bindingHash(provider, binding);
    }

    /* INTERNAL */

    function _bindingHash(address provider, Binding calldata binding)
        internal
        view
        override
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                BINDING_TYPEHASH,
                block.chainid,
                address(this),
                binding.agentId,
                provider,
                binding.sshHostKeyHash,
                binding.tlsSpkiHash,
                binding.gpuEvidenceHash,
                binding.blockNumber,
                _blockHash(binding.blockNumber)
            )
        );
    }

    function _requireProvider(uint256 providerId) internal view override returns (address owner) {
        owner = REGISTRY.ownerOf(providerId);
        require(owner != address(0), ProviderUnknown(providerId));
        require(
            msg.sender == owner || REGISTRY.isProviderOrOperator(providerId, msg.sender),
            NotProvider(providerId, msg.sender)
        );
    }

    function _keep(uint256 providerId, Claims memory claims, uint16 evaluation, bytes32 evidence)
        private
        returns (uint32 expiry)
    {
        Platform storage platform = _platforms[claims.platformId];
        _requireUnproven(claims.platformId, providerId);
        expiry = uint32(block.timestamp + MAXIMUM_AGE);
        if (claims.expiry < expiry) expiry = uint32(claims.expiry);

        (platform.providerId, platform.workload) = (uint40(providerId), bytes27(claims.workload));
        _attestations[providerId] = Attestation({
            level: VERIFIED,
            teeType: _typeOf(claims.tee),
            status: claims.status,
            evaluation: evaluation,
            expiry: expiry,
            platformId: claims.platformId,
            evidence: bytes11(evidence)
        });
    }

    function _requireUnproven(bytes32 device, uint256 providerId) internal view override {
        bytes12 platformId = bytes12(device);
        uint256 holder = _platforms[platformId].providerId;
        require(
            holder == 0 || holder == providerId || !_counts(holder, platformId),
            PlatformTaken(platformId, holder)
        );
    }

    /// @dev Whether the chain's own result counts now: it has not ended, and its platform needs no update or relaunch.
    function _isVerified(Attestation storage kept) private view returns (bool) {
        bool good = kept.status <= IPccs.Status.ConfigurationAndSWHardeningNeeded;
        return kept.level != 0 && kept.expiry >= block.timestamp && good;
    }

    function _answerOf(uint256 providerId)
        private
        view
        returns (uint8 response, bytes32 hash, string memory tag)
    {
        Attestation storage kept = _attestations[providerId];
        if (_isVerified(kept)) {
            response = kept.status == IPccs.Status.UpToDate ? 100 : 80;
            return (response, kept.evidence, kept.teeType == TeeType.TDX ? "tee-tdx" : "tee-sgx");
        }
        (bool counts, Record memory record) = _machineOf(providerId);
        if (!counts) return (0, 0, "");
        tag = string.concat("tee-sev-snp ", LibString.toHexString(record.quorumId, 32));
        return (50, record.digest, tag);
    }

    /// @dev Whether a provider has an attestation on this machine that has not ended.
    function _counts(uint256 providerId, bytes12 platformId) private view returns (bool) {
        Attestation storage kept = _attestations[providerId];
        return kept.level != 0 && kept.expiry >= block.timestamp && kept.platformId == platformId;
    }

    function _clear(uint256 providerId, Attestation storage kept, bytes memory reason) private {
        (kept.level, kept.expiry) = (0, 0);
        emit AttestationRevoked(providerId, reason);
    }

    /// @dev Refusals that no further collateral takes back.
    function _isFinal(bytes memory reason) private pure returns (bool) {
        bytes4 selector = bytes4(reason);
        return selector == IPccs.Revoked.selector || selector == IPccs.AuthorityRevoked.selector
            || selector == IPccs.TcbRevoked.selector || selector == IPccs.TcbLevelMissing.selector
            || selector == IPccs.TdxModuleUnknown.selector || selector == IPccs.TdxModuleTcbTooLow.selector
            || selector == IPccs.TdxModuleIdentityWrong.selector || selector == IPccs.QeIdentityWrong.selector
            || selector == IPccs.QeTcbTooLow.selector;
    }

    function _bubble(bytes memory reason) private pure {
        // Reverts with what was caught.
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }

    function _evidenceOf(bytes calldata quote, bytes calldata signatures, IPccs.Pck calldata pck)
        private
        pure
        returns (bytes32)
    {
        bytes32 record;
        // A `Pck` is ten words in calldata; copied to free memory, which stays free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, pck, 320)
            record := keccak256(free, 320)
        }
        return keccak256(abi.encode(keccak256(quote), keccak256(signatures), record));
    }

    /// @dev Never zero: reverts where the chain does not know the block's hash.
    function _blockHash(uint256 number) private view returns (bytes32 found) {
        found = blockhash(number);
        if (found == 0 && number < block.number && block.number - number <= HISTORY_WINDOW) {
            (bool ok, bytes memory word) = HISTORY.staticcall(abi.encode(number));
            if (ok && word.length == 32) found = bytes32(word);
        }
        require(found != 0, BlockHashUnknown(number));
    }

    function _typeOf(IPccs.Tee tee) private pure returns (TeeType) {
        return tee == IPccs.Tee.TDX ? TeeType.TDX : TeeType.SGX;
    }
}
