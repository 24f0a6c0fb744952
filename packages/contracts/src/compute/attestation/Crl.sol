// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Der, Element} from "./Der.sol";
import {X509} from "./X509.sol";

/// @notice Reads X.509 v2 certificate revocation lists.
library Crl {
    struct List {
        bytes32 digest;
        bytes32 r;
        bytes32 s;
        /// keccak256 of the DER of the issuer's name.
        bytes32 issuer;
        uint40 thisUpdate;
        uint40 nextUpdate;
        uint256[] serials;
    }

    /// @notice The revocation list is not one that is understood; `at` is the position in calldata.
    error CrlMalformed(uint256 at);

    uint256 private constant EXTENSIONS = 0xa0;
    bytes2 private constant USUAL_DATE = 0x170d;
    bytes13 private constant USUAL_EXTENSION = hex"300c300a0603551d1504030a01";

    /// @dev The shortest entry: header, a serial of one byte, a date of 13.
    uint256 private constant MINIMUM_ENTRY = 20;

    /// @notice Reads a list. Its signature and dates are for the caller to check.
    function parse(bytes calldata der) internal pure returns (List memory list) {
        Element all = Der.whole(der);
        Element tbs = Der.first(all, Der.SEQUENCE);
        Element algorithm = Der.next(all, tbs, Der.SEQUENCE);
        Element bits = Der.next(all, algorithm, Der.BIT_STRING);
        _require(bits.end() == all.end() && Der.hash(algorithm) == X509.ECDSA_SHA256, algorithm);
        list.digest = Der.digest(tbs);
        (list.r, list.s) = Der.signature(bits);

        Element field = Der.first(tbs, Der.INTEGER);
        _require(Der.unsigned(field) == 1, field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        _require(Der.hash(field) == X509.ECDSA_SHA256, field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        list.issuer = Der.hashAll(field);
        field = Der.read(field.end(), tbs.end());
        list.thisUpdate = uint40(Der.time(field));
        field = Der.read(field.end(), tbs.end());
        list.nextUpdate = uint40(Der.time(field));
        _readTail(field.end(), tbs.end(), list);
    }

    /// @dev The revoked serials and the list's extensions; both may be missing.
    function _readTail(uint256 at, uint256 limit, List memory list) private pure {
        if (at == limit) return;
        Element field = Der.read(at, limit);
        if (field.tag() == Der.SEQUENCE) {
            list.serials = _serials(field);
            if (field.end() == limit) return;
            field = Der.read(field.end(), limit);
        }
        _require(field.tag() == EXTENSIONS && field.end() == limit, field);
        Element extensions = Der.first(field, Der.SEQUENCE);
        _require(extensions.end() == limit, extensions);
        _refuseCritical(extensions);
    }

    function _serials(Element entries) private pure returns (uint256[] memory serials) {
        serials = new uint256[](entries.length() / MINIMUM_ENTRY);
        uint256 count;
        for (uint256 at = entries.start(); at < entries.end();) {
            Element entry = Der.expect(at, entries.end(), Der.SEQUENCE);
            at = entry.end();
            Element serial = Der.first(entry, Der.INTEGER);
            _require(entry.length() >= MINIMUM_ENTRY - 2, entry);
            serials[count++] = X509.serial(serial);
            _checkEntry(serial.end(), entry);
        }
        // Shortens the array: each entry took at least the bytes that it was made from, so `count` fits.
        assembly ("memory-safe") {
            mstore(serials, count)
        }
    }

    /// @dev A date, and nothing more or extensions. Nearly always: a date of 13 bytes, and the reason as only extension.
    function _checkEntry(uint256 at, Element entry) private pure {
        bool usual = entry.end() == at + 29 && bytes2(Der.load(at)) == USUAL_DATE
            && bytes13(Der.load(at + 15)) == USUAL_EXTENSION;
        if (usual) return;
        Element date = Der.read(at, entry.end());
        if (date.end() == entry.end()) return;
        Element extensions = Der.next(entry, date, Der.SEQUENCE);
        _require(extensions.end() == entry.end(), extensions);
        _refuseCritical(extensions);
    }

    /// @dev A critical extension could mean a delta, a part of the certificates or another issuer.
    function _refuseCritical(Element extensions) private pure {
        for (uint256 at = extensions.start(); at < extensions.end();) {
            Element extension = Der.expect(at, extensions.end(), Der.SEQUENCE);
            at = extension.end();
            (,, bool critical) = X509.readExtension(extension);
            _require(!critical, extension);
        }
    }

    function _require(bool condition, Element element) private pure {
        require(condition, CrlMalformed(element.position()));
    }
}
