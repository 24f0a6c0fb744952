// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {QeIdentity} from "./QeIdentity.sol";
import {TcbInfo} from "./TcbInfo.sol";

/// @notice Keeps parsed collateral, in as few slots as a rating has to read.
/// @dev Who may write what is decided in `Pccs`.
abstract contract Collateral is IPccs {
    /* CONSTANTS */

    /// @dev The bit of an entry of `_issued` that says revoked; hashes kept there have it cleared.
    bytes32 internal constant REVOKED = bytes32(uint256(1));

    /// @dev Intel makes up to three a year, and signs those of a year.
    uint16 internal constant EVALUATIONS = 8;

    uint256 internal constant MARK = 24;
    uint256 internal constant HEAD_MARKS = 6;
    uint256 internal constant SLOT_MARKS = 10;
    uint256 internal constant MORE_QE_LEVELS = 9;
    bytes4 internal constant USUAL_MISC_MASK = 0xffffffff;
    bytes16 internal constant USUAL_ATTRIBUTES_MASK = 0xfbffffffffffffff0000000000000000;
    uint64 internal constant FULL_MASK = type(uint64).max;

    /// @dev keccak256 of 48 zero bytes: the signer of every TDX module that Intel has released. Their attributes are zero.
    bytes32 internal constant PLAIN_SIGNER = keccak256(
        hex"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    );
    bytes32 internal constant PLAIN_MODULE = keccak256(abi.encode(PLAIN_SIGNER, bytes8(0)));

    /* IMMUTABLES */

    bytes32 internal immutable ROOT;

    /* STORAGE */

    /// @dev What every rating reads. `generation` grows when a TCB signer is revoked: what was kept before no longer counts.
    struct State {
        uint16 generation;
        uint40 rootCrlNextUpdate;
        uint16 sgxLatest;
        uint16 tdxLatest;
    }

    /// @dev The first slot holds all that the rating by one of the first six levels needs beside the level itself.
    struct KeptTcbInfo {
        uint40 issueDate;
        uint40 nextUpdate;
        uint16 generation;
        uint8 levelCount;
        uint144 marks;
        uint256[3] moreMarks;
        bytes32[36] levels;
        mapping(uint256 version => KeptModule) modules;
    }

    /// @dev `issueDate` is that of the TCB info that named the module last.
    struct KeptModule {
        uint40 issueDate;
        bool plain;
        uint8 levelCount;
        uint64 attributesMask;
        uint128 levels;
        bytes32 identity;
    }

    /// @dev The first slot holds all that a rating by the first level reads, where masks are Intel's usual ones.
    struct KeptQeIdentity {
        uint40 issueDate;
        uint40 nextUpdate;
        uint16 generation;
        bool usualMasks;
        uint24 firstLevel;
        bytes16 identity;
        bytes4 miscSelectMask;
        bytes16 attributesMask;
        uint256 moreLevels;
    }

    /// @dev Shares a slot with nothing, so that a rating reads it once.
    State internal _state;

    mapping(bytes32 key => Authority) internal _authorities;

    /// @dev What an authority issued under a serial number: a hash of it (0 if it is not known here), and `REVOKED`.
    mapping(bytes32 authority => mapping(uint256 serial => bytes32)) internal _issued;

    mapping(bytes32 model => KeptTcbInfo) internal _tcbInfos;
    mapping(Tee tee => mapping(uint256 evaluation => KeptQeIdentity)) internal _qeIdentities;

    /* CONSTRUCTOR */

    constructor(bytes32 root) {
        ROOT = root;
    }

    /* VIEWS */

    /// @inheritdoc IPccs
    function evaluationsOf(Tee tee) external view returns (Evaluations memory) {
        uint16 latest = tee == Tee.TDX ? _state.tdxLatest : _state.sgxLatest;
        return Evaluations(latest, _oldest(latest));
    }

    /// @inheritdoc IPccs
    function tcbInfoDates(Tee tee, bytes6 fmspc, bytes2 pceId, uint16 evaluation)
        external
        view
        returns (uint256, uint256)
    {
        KeptTcbInfo storage info = _tcbInfos[_model(tee, fmspc, pceId, evaluation)];
        if (info.generation != _state.generation) return (0, 0);
        return (info.issueDate, info.nextUpdate);
    }

    /// @inheritdoc IPccs
    function qeIdentityDates(Tee tee, uint16 evaluation) external view returns (uint256, uint256) {
        KeptQeIdentity storage identity = _qeIdentities[tee][evaluation];
        if (identity.generation != _state.generation) return (0, 0);
        return (identity.issueDate, identity.nextUpdate);
    }

    /* INTERNAL */

    /// @dev `limit` is when the signer's certificate ends.
    function _keep(TcbInfo.Info memory info, uint40 limit) internal {
        KeptTcbInfo storage kept = _tcbInfos[_model(info.tee, info.fmspc, info.pceId, info.head.evaluation)];
        _requireNewer(
            info.head.issueDate,
            info.head.nextUpdate,
            kept.generation == _state.generation ? kept.issueDate : 0
        );
        _noteEvaluation(info.tee, info.head.evaluation);

        (kept.issueDate, kept.nextUpdate) =
        (info.head.issueDate, info.head.nextUpdate < limit ? info.head.nextUpdate : limit);
        (kept.generation, kept.levelCount) = (_state.generation, uint8(info.levels.length));
        uint144 marks;
        uint256[3] memory more;
        for (uint256 i; i < info.levels.length; i++) {
            kept.levels[i] = info.levels[i];
            if (i < HEAD_MARKS) {
                marks |= uint144(info.marks[i] << (MARK * i));
            } else {
                uint256 j = i - HEAD_MARKS;
                more[j / SLOT_MARKS] |= info.marks[i] << (MARK * (j % SLOT_MARKS));
            }
        }
        kept.marks = marks;
        for (uint256 i; i < 3 && more[i] != 0; i++) {
            kept.moreMarks[i] = more[i];
        }
        for (uint256 i; i < info.modules.length; i++) {
            _keepModule(kept, info.modules[i], info.head.issueDate);
        }
        emit TcbInfoUpdated(
            info.tee, info.fmspc, info.pceId, info.head.evaluation, info.head.issueDate, info.head.nextUpdate
        );
    }

    function _keepModule(KeptTcbInfo storage info, TcbInfo.Module memory module, uint40 issueDate) private {
        KeptModule storage kept = info.modules[module.version];
        bool plain = module.identity == PLAIN_MODULE && module.attributesMask == FULL_MASK;
        (kept.issueDate, kept.plain, kept.levelCount) = (issueDate, plain, module.levelCount);
        (kept.attributesMask, kept.levels) = (module.attributesMask, module.levels);
        if (!plain) kept.identity = module.identity;
    }

    function _keep(QeIdentity.Identity memory identity, uint40 limit) internal {
        KeptQeIdentity storage kept = _qeIdentities[identity.tee][identity.head.evaluation];
        _requireNewer(
            identity.head.issueDate,
            identity.head.nextUpdate,
            kept.generation == _state.generation ? kept.issueDate : 0
        );
        _noteEvaluation(identity.tee, identity.head.evaluation);

        kept.issueDate = identity.head.issueDate;
        kept.nextUpdate = identity.head.nextUpdate < limit ? identity.head.nextUpdate : limit;
        kept.generation = _state.generation;
        kept.identity =
            _qeHash(identity.miscSelect, identity.attributes, identity.mrSigner, identity.isvProdId);
        bool usual =
            identity.miscSelectMask == USUAL_MISC_MASK && identity.attributesMask == USUAL_ATTRIBUTES_MASK;
        kept.usualMasks = usual;
        if (!usual) {
            kept.miscSelectMask = identity.miscSelectMask;
            kept.attributesMask = identity.attributesMask;
        }
        kept.firstLevel = uint24(identity.levels);
        uint256 more = identity.levels >> MARK;
        if (kept.moreLevels != more) kept.moreLevels = more;
        emit QeIdentityUpdated(
            identity.tee, identity.head.evaluation, identity.head.issueDate, identity.head.nextUpdate
        );
    }

    function _requireNewer(uint40 issueDate, uint40 nextUpdate, uint40 kept) private view {
        require(
            issueDate <= block.timestamp && block.timestamp <= nextUpdate,
            NotCurrent(issueDate, nextUpdate, block.timestamp)
        );
        require(issueDate > kept, NotNewer(issueDate, kept));
    }

    /// @dev The newest only grows, and what lies too far behind it is over.
    function _noteEvaluation(Tee tee, uint16 evaluation) private {
        bool tdx = tee == Tee.TDX;
        uint16 latest = tdx ? _state.tdxLatest : _state.sgxLatest;
        require(evaluation >= _oldest(latest), EvaluationNotAccepted(evaluation, latest, _oldest(latest)));
        if (evaluation <= latest) return;
        if (tdx) _state.tdxLatest = evaluation;
        else _state.sgxLatest = evaluation;
    }

    /// @dev The oldest evaluation that counts beside this newest.
    function _oldest(uint16 latest) internal pure returns (uint16) {
        return latest < EVALUATIONS ? 0 : latest + 1 - EVALUATIONS;
    }

    function _distrustCollateral() internal {
        _state.generation++;
    }

    function _qeHash(bytes4 miscSelect, bytes16 attributes, bytes32 mrSigner, uint16 isvProdId)
        internal
        pure
        returns (bytes16)
    {
        return bytes16(keccak256(abi.encode(miscSelect, attributes, mrSigner, isvProdId)));
    }

    function _model(Tee tee, bytes6 fmspc, bytes2 pceId, uint16 evaluation) internal pure returns (bytes32) {
        return keccak256(abi.encode(tee, fmspc, pceId, evaluation));
    }

    function _entryOf(Pck memory pck) internal pure returns (bytes32) {
        return keccak256(abi.encode(pck)) & ~REVOKED;
    }

    function _isRevoked(bytes32 entry) internal pure returns (bool) {
        return entry & REVOKED != 0;
    }
}
