// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P256} from "solady/utils/P256.sol";
import {IPccs} from "../interfaces/IPccs.sol";
import {CollateralReader} from "./CollateralReader.sol";
import {Crl} from "./Crl.sol";
import {Names} from "./Names.sol";
import {PlatformRating} from "./PlatformRating.sol";
import {X509} from "./X509.sol";

/// @notice Nobody is trusted but the holder of the pinned root key and the authorities that it names.
/// Holds no money. Anyone may add what they signed; what is newer replaces what is older, never the other way.
contract Pccs is IPccs, PlatformRating {
    /* CONSTANTS */

    uint256 private constant SIGNS_DATA = 0x80;
    uint256 private constant SIGNS_CERTIFICATES_AND_LISTS = 0x06;
    uint40 private constant FOREVER = type(uint40).max;

    /* IMMUTABLES */

    CollateralReader private immutable READER = new CollateralReader();

    /* CONSTRUCTOR */

    /// @param x,y The root's key: Intel SGX Root CA's in production, a synthetic one in tests.
    constructor(bytes32 x, bytes32 y) PlatformRating(_keyOf(x, y)) {
        Authority storage root = _authorities[ROOT];
        (root.kind, root.x, root.y, root.notAfter) = (Kind.Root, x, y, FOREVER);
    }

    /* AUTHORITIES */

    /// @inheritdoc IPccs
    function addAuthority(bytes calldata certificate) external returns (bytes32 key) {
        X509.Certificate memory parsed = READER.certificate(certificate);
        Kind kind = _kindOf(parsed);
        _requireSigned(ROOT, parsed.digest, parsed.r, parsed.s);
        key = _keyOf(parsed.x, parsed.y);
        bytes32 entry = _issued[ROOT][parsed.serial];
        require(!_isRevoked(entry), Revoked(ROOT, parsed.serial));
        Authority storage authority = _authorities[key];
        require(!authority.revoked, AuthorityRevoked(key));
        require(authority.kind == Kind.None || authority.kind == kind, AuthorityUnfit(key, authority.kind));
        require(parsed.notBefore > authority.notBefore, NotNewer(parsed.notBefore, authority.notBefore));

        _issued[ROOT][parsed.serial] = key;
        (authority.kind, authority.notBefore, authority.notAfter) = (kind, parsed.notBefore, parsed.notAfter);
        (authority.x, authority.y) = (parsed.x, parsed.y);
        emit AuthorityAdded(key, kind, parsed.serial, parsed.notAfter);
    }

    /// @inheritdoc IPccs
    function updateCrl(bytes32 key, bytes calldata crl) external {
        Crl.List memory list = READER.crl(crl);
        Authority storage authority = _authorities[key];
        require(authority.kind != Kind.None, AuthorityUnknown(key));
        require(authority.kind != Kind.TcbSigning, AuthorityUnfit(key, authority.kind));
        require(list.issuer == Names.hashOf(authority.kind), WrongIssuer(list.issuer));
        _requireSigned(key, list.digest, list.r, list.s);
        require(
            list.thisUpdate <= block.timestamp && block.timestamp <= list.nextUpdate,
            NotCurrent(list.thisUpdate, list.nextUpdate, block.timestamp)
        );
        require(list.thisUpdate > authority.crlThisUpdate, NotNewer(list.thisUpdate, authority.crlThisUpdate));

        uint256 added = _revoke(key, authority, list.serials);
        (authority.crlThisUpdate, authority.crlNextUpdate) = (list.thisUpdate, list.nextUpdate);
        if (key == ROOT) _state.rootCrlNextUpdate = list.nextUpdate;
        emit CrlUpdated(key, list.thisUpdate, list.nextUpdate, added);
    }

    /// @inheritdoc IPccs
    function registerPck(bytes32 key, bytes calldata certificate) external returns (Pck memory pck) {
        X509.Certificate memory parsed;
        (parsed, pck) = READER.pck(certificate);
        Kind kind = _authorities[key].kind;
        require(kind == Kind.PlatformCa || kind == Kind.ProcessorCa, AuthorityUnfit(key, kind));
        require(
            parsed.issuer == Names.hashOf(kind) && parsed.subject == Names.PCK && !parsed.authority
                && parsed.usage & SIGNS_DATA != 0,
            CertificateUnfit(parsed.issuer, parsed.subject, parsed.authority, parsed.usage)
        );
        _requireCurrent(key);
        _requireSigned(key, parsed.digest, parsed.r, parsed.s);
        pck.authority = key;

        bytes32 entry = _entryOf(pck);
        bytes32 kept = _issued[key][pck.serial];
        require(!_isRevoked(kept), Revoked(key, pck.serial));
        if (kept == entry) return pck;
        _issued[key][pck.serial] = entry;
        emit PckRegistered(key, pck.serial, pck.platformId, pck);
    }

    /* COLLATERAL */

    /// @inheritdoc IPccs
    function updateTcbInfo(bytes32 signer, bytes calldata json, bytes32 r, bytes32 s) external {
        uint40 limit = _requireCollateral(signer, json, r, s);
        _keep(READER.tcbInfo(json), limit);
    }

    /// @inheritdoc IPccs
    function updateQeIdentity(bytes32 signer, bytes calldata json, bytes32 r, bytes32 s) external {
        uint40 limit = _requireCollateral(signer, json, r, s);
        _keep(READER.qeIdentity(json), limit);
    }

    /* VIEWS */

    /// @inheritdoc IPccs
    function rootKey() external view returns (bytes32) {
        return ROOT;
    }

    /// @inheritdoc IPccs
    function authorityOf(bytes32 key) external view returns (Authority memory) {
        return _authorities[key];
    }

    /// @inheritdoc IPccs
    function pckStatus(Pck calldata pck) external view returns (bool known, bool revoked) {
        bytes32 kept = _issued[pck.authority][pck.serial];
        revoked = _isRevoked(kept);
        known = kept == _entryOf(pck) || (revoked && kept == _entryOf(pck) | REVOKED);
    }

    /* INTERNAL */

    /// @dev Which authority a certificate of the root's makes; its names and uses say so.
    function _kindOf(X509.Certificate memory parsed) private pure returns (Kind kind) {
        if (parsed.subject == Names.PLATFORM_CA) kind = Kind.PlatformCa;
        else if (parsed.subject == Names.PROCESSOR_CA) kind = Kind.ProcessorCa;
        else if (parsed.subject == Names.TCB_SIGNING) kind = Kind.TcbSigning;
        bool signer = kind == Kind.TcbSigning;
        uint256 needed = signer ? SIGNS_DATA : SIGNS_CERTIFICATES_AND_LISTS;
        require(
            kind != Kind.None && parsed.issuer == Names.ROOT_CA && parsed.authority == !signer
                && parsed.usage & needed == needed,
            CertificateUnfit(parsed.issuer, parsed.subject, parsed.authority, parsed.usage)
        );
    }

    /// @dev Marks what the list adds. What stood on the list before, in the same order, is not looked at again.
    function _revoke(bytes32 key, Authority storage authority, uint256[] memory serials)
        private
        returns (uint256 added)
    {
        uint256 known = authority.revokedCount;
        bool grown = known <= serials.length && _hash(serials, known) == authority.revokedHash;
        for (uint256 i = grown ? known : 0; i < serials.length; i++) {
            bytes32 entry = _issued[key][serials[i]];
            if (_isRevoked(entry)) continue;
            _issued[key][serials[i]] = entry | REVOKED;
            added++;
            if (key == ROOT && entry != 0) _revokeAuthority(entry, serials[i]);
        }
        if (grown && known == serials.length) return added;
        authority.revokedCount = uint32(serials.length);
        authority.revokedHash = _hash(serials, serials.length);
    }

    function _revokeAuthority(bytes32 key, uint256 serial) private {
        Authority storage authority = _authorities[key];
        authority.revoked = true;
        if (authority.kind == Kind.TcbSigning) _distrustCollateral();
        emit AuthorityWasRevoked(key, serial);
    }

    /// @dev Zero for an empty list, as before the first.
    function _hash(uint256[] memory serials, uint256 count) private pure returns (bytes32 result) {
        if (count == 0) return 0;
        // Reads the array's first `count` items; `count` is at most its length.
        assembly ("memory-safe") {
            result := keccak256(add(serials, 32), shl(5, count))
        }
    }

    /// @dev Who signs collateral is a TCB signer that counts now. Answers until when its certificate does.
    function _requireCollateral(bytes32 signer, bytes calldata json, bytes32 r, bytes32 s)
        private
        view
        returns (uint40)
    {
        Kind kind = _authorities[signer].kind;
        require(kind == Kind.TcbSigning, AuthorityUnfit(signer, kind));
        _requireCurrent(signer);
        _requireSigned(signer, sha256(json), r, s);
        return _authorities[signer].notAfter;
    }

    /// @dev The authority is in its dates and not revoked, by a list of the root's that is current.
    function _requireCurrent(bytes32 key) private view {
        Authority storage authority = _authorities[key];
        uint40 listed = _state.rootCrlNextUpdate;
        require(!authority.revoked, AuthorityRevoked(key));
        require(
            authority.notAfter >= block.timestamp && listed >= block.timestamp,
            AuthorityNotCurrent(key, authority.notAfter, listed)
        );
    }

    /// @dev Warning: Intel does not normalise signatures, so that high s must pass; they are no one's identity here.
    function _requireSigned(bytes32 key, bytes32 digest, bytes32 r, bytes32 s) private view {
        Authority storage authority = _authorities[key];
        require(
            P256.verifySignatureAllowMalleability(digest, r, s, authority.x, authority.y), SignatureWrong(key)
        );
    }

    function _keyOf(bytes32 x, bytes32 y) private pure returns (bytes32) {
        return keccak256(abi.encode(x, y)) & ~REVOKED;
    }
}
