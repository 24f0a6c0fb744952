// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Collateral} from "./Collateral.sol";
import {Tcb} from "./Tcb.sol";

/// @notice Rates platforms by the collateral that is kept.
abstract contract PlatformRating is Collateral {
    /* CONSTRUCTOR */

    constructor(bytes32 root) Collateral(root) {}

    /* VIEWS */

    /// @inheritdoc IPccs
    function rate(Pck calldata pck, Measured calldata measured)
        external
        view
        returns (Status status, uint40 expiry)
    {
        State memory state = _state;
        uint16 latest = measured.tee == Tee.TDX ? state.tdxLatest : state.sgxLatest;
        uint16 evaluation = measured.evaluation;
        require(
            evaluation <= latest && evaluation >= _oldest(latest),
            EvaluationNotAccepted(evaluation, latest, _oldest(latest))
        );
        expiry = _checkPck(pck, state.rootCrlNextUpdate);
        uint40 until;
        (status, until) = _ratePlatform(pck, measured, state.generation);
        if (until < expiry) expiry = until;
    }

    /* INTERNAL */

    /// @dev The certificate is registered, current and not revoked, and its authority too. Answers until when.
    function _checkPck(Pck calldata pck, uint40 rootListed) private view returns (uint40 expiry) {
        bytes32 key = pck.authority;
        bytes32 entry = _entryOfCalldata(pck);
        bytes32 kept = _issued[key][pck.serial];
        if (kept != entry) {
            require(kept != entry | REVOKED, Revoked(key, pck.serial));
            revert PckUnknown(key, pck.serial);
        }
        Authority storage authority = _authorities[key];
        (bool revoked, uint40 notAfter, uint40 listed) =
            (authority.revoked, authority.notAfter, authority.crlNextUpdate);
        require(!revoked, AuthorityRevoked(key));
        if (rootListed < listed) listed = rootListed;
        expiry = notAfter < listed ? notAfter : listed;
        require(expiry >= block.timestamp, AuthorityNotCurrent(key, notAfter, listed));
        uint40 ends = pck.notAfter;
        require(ends >= block.timestamp, PckExpired(ends, block.timestamp));
        if (ends < expiry) expiry = ends;
    }

    function _ratePlatform(Pck calldata pck, Measured calldata measured, uint16 generation)
        private
        view
        returns (Status status, uint40 expiry)
    {
        KeptTcbInfo storage info = _tcbInfos[_model(measured.tee, pck.fmspc, pck.pceId, measured.evaluation)];
        expiry = info.nextUpdate;
        require(
            expiry >= block.timestamp && info.generation == generation,
            TcbInfoNotCurrent(measured.tee, pck.fmspc, pck.pceId, measured.evaluation, expiry)
        );
        (Status qe, uint40 until) = _rateQe(measured, generation);
        if (until < expiry) expiry = until;

        status = Tcb.degrade(_rateDomain(info, pck, measured, measured.teeTcbSvn), qe);
        bytes16 current = measured.teeTcbSvn2;
        if (current == measured.teeTcbSvn) return (status, expiry);
        status = Tcb.relaunch(status, Tcb.degrade(_rateDomain(info, pck, measured, current), qe));
    }

    /// @dev Platform and TDX module together. Major version 0 of the module has an identity, but no levels of its own.
    function _rateDomain(KeptTcbInfo storage info, Pck calldata pck, Measured calldata measured, bytes16 svn)
        private
        view
        returns (Status status)
    {
        uint256 version = measured.tee == Tee.TDX ? uint8(svn[1]) : 0;
        status = _level(info, pck, svn, version != 0);
        if (measured.tee == Tee.SGX) return status;

        KeptModule storage module = info.modules[version];
        require(module.issueDate == info.issueDate, TdxModuleUnknown(version));
        if (svn == measured.teeTcbSvn) _checkModule(module, measured);
        if (version == 0) return status;
        Status by = Tcb.first(module.levels, module.levelCount, uint8(svn[0]), 8);
        require(by != Status.None && by != Status.Revoked, TdxModuleTcbTooLow(version, uint8(svn[0])));
        status = Tcb.degrade(status, by);
    }

    function _checkModule(KeptModule storage module, Measured calldata measured) private view {
        bytes32 signer = measured.seamSigner;
        bytes8 attributes = measured.seamAttributes;
        bool same = module.plain
            ? signer == PLAIN_SIGNER && attributes == 0
            : keccak256(abi.encode(signer, attributes & bytes8(module.attributesMask))) == module.identity;
        require(same, TdxModuleIdentityWrong(signer, attributes));
    }

    /// @dev The first level of which the platform reaches every version. Where the module has a major version, its own
    /// levels judge the first two TDX versions.
    function _level(KeptTcbInfo storage info, Pck calldata pck, bytes16 svn, bool named)
        private
        view
        returns (Status)
    {
        uint256 svns = (uint256(uint128(pck.svns)) << 128) | uint128(svn);
        uint256 judged = named ? ~(uint256(0xffff) << 112) : type(uint256).max;
        uint256 pceSvn = pck.pceSvn;
        uint256 count = info.levelCount;
        for (uint256 i; i < count; i++) {
            if (!Tcb.reaches(svns, uint256(info.levels[i]) & judged)) continue;
            uint256 mark = _mark(info, i);
            if (pceSvn < mark >> 8) continue;
            Status status = Status(mark & 0xff);
            require(status != Status.Revoked, TcbRevoked(pck.svns, pceSvn, svn));
            return status;
        }
        revert TcbLevelMissing(pck.svns, pceSvn, svn);
    }

    function _mark(KeptTcbInfo storage info, uint256 index) private view returns (uint256) {
        if (index < HEAD_MARKS) return (uint256(info.marks) >> (MARK * index)) & 0xffffff;
        uint256 rest = index - HEAD_MARKS;
        return (info.moreMarks[rest / SLOT_MARKS] >> (MARK * (rest % SLOT_MARKS))) & 0xffffff;
    }

    function _rateQe(Measured calldata measured, uint16 generation)
        private
        view
        returns (Status status, uint40 expiry)
    {
        KeptQeIdentity storage identity = _qeIdentities[measured.tee][measured.evaluation];
        expiry = identity.nextUpdate;
        require(
            expiry >= block.timestamp && identity.generation == generation,
            QeIdentityNotCurrent(measured.tee, measured.evaluation, expiry)
        );
        bool usual = identity.usualMasks;
        bytes16 found = _qeHash(
            measured.qeMiscSelect & (usual ? USUAL_MISC_MASK : identity.miscSelectMask),
            measured.qeAttributes & (usual ? USUAL_ATTRIBUTES_MASK : identity.attributesMask),
            measured.qeMrSigner,
            measured.qeProdId
        );
        require(found == identity.identity, QeIdentityWrong());
        uint256 svn = measured.qeSvn;
        uint256 level = identity.firstLevel;
        // An empty mark has the status `None`, and every version reaches it.
        status = svn >= level >> 8
            ? Status(level & 0xff)
            : Tcb.first(identity.moreLevels, MORE_QE_LEVELS, svn, 16);
        require(status != Status.None && status != Status.Revoked, QeTcbTooLow(svn));
    }

    function _entryOfCalldata(Pck calldata pck) private pure returns (bytes32 entry) {
        // A `Pck` is ten words in calldata, as `abi.encode` lays it out; copied to free memory, which stays free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, pck, 320)
            entry := keccak256(free, 320)
        }
        return entry & ~REVOKED;
    }
}
