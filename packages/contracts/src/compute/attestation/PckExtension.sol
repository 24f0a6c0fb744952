// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Der, Element} from "./Der.sol";
import {X509} from "./X509.sol";

/// @notice Reads what Intel wrote about a platform into its PCK certificate.
library PckExtension {
    uint256 private constant PPID = 1;
    uint256 private constant TCB = 2;
    uint256 private constant PCE_ID = 3;
    uint256 private constant FMSPC = 4;
    uint256 private constant PCE_SVN = 17;

    /// @dev Each of the four fields must be there once; what else is there is ignored.
    function parse(X509.Certificate memory certificate) internal pure returns (IPccs.Pck memory pck) {
        (pck.x, pck.y) = (certificate.x, certificate.y);
        (pck.serial, pck.notAfter) = (certificate.serial, certificate.notAfter);
        Element extension = certificate.sgx;
        Element list = Der.first(extension, Der.SEQUENCE);
        require(list.end() == extension.end(), X509.CertificateMalformed(list.position()));
        uint256 seen;
        for (uint256 at = list.start(); at < list.end();) {
            Element pair = Der.expect(at, list.end(), Der.SEQUENCE);
            at = pair.end();
            (uint256 field, Element value) = _pair(pair, 10);
            if (field == PPID) {
                pck.platformId = bytes12(keccak256(abi.encodePacked(bytes16(_octets(value, 16)))));
            } else if (field == TCB) {
                _parseTcb(value, pck);
            } else if (field == PCE_ID) {
                pck.pceId = bytes2(_octets(value, 2));
            } else if (field == FMSPC) {
                pck.fmspc = bytes6(_octets(value, 6));
            } else {
                continue;
            }
            require((seen >> field) & 1 == 0, X509.CertificateMalformed(pair.position()));
            seen |= 1 << field;
        }
        require(seen == 0x1e, X509.CertificateMalformed(list.position()));
    }

    function _parseTcb(Element list, IPccs.Pck memory pck) private pure {
        require(list.tag() == Der.SEQUENCE, X509.CertificateMalformed(list.position()));
        uint256 seen;
        uint256 svns;
        for (uint256 at = list.start(); at < list.end();) {
            Element pair = Der.expect(at, list.end(), Der.SEQUENCE);
            at = pair.end();
            (uint256 component, Element value) = _pair(pair, 11);
            if (component > PCE_SVN) continue;
            uint256 svn = Der.unsigned(value);
            bool fits = svn <= (component == PCE_SVN ? type(uint16).max : type(uint8).max);
            require(fits && (seen >> component) & 1 == 0, X509.CertificateMalformed(pair.position()));
            if (component == PCE_SVN) pck.pceSvn = uint16(svn);
            else svns |= svn << (8 * (16 - component));
            seen |= 1 << component;
        }
        require(seen == 0x3fffe, X509.CertificateMalformed(list.position()));
        pck.svns = bytes16(uint128(svns));
    }

    /// @dev A sequence of an object id below the extension's own and a value; the id's last part names the field.
    function _pair(Element pair, uint256 length) private pure returns (uint256 field, Element value) {
        Element id = Der.first(pair, Der.OBJECT_ID);
        value = Der.read(id.end(), pair.end());
        bytes32 word = Der.load(id.start());
        field = uint8(word[length - 1]);
        require(
            id.length() == length && bytes9(word) == X509.SGX_EXTENSION && field != 0 && field < 0x80
                && (length == 10 || uint8(word[9]) == TCB) && value.end() == pair.end(),
            X509.CertificateMalformed(pair.position())
        );
    }

    function _octets(Element value, uint256 length) private pure returns (bytes32) {
        require(
            value.tag() == Der.OCTET_STRING && value.length() == length,
            X509.CertificateMalformed(value.position())
        );
        return Der.load(value.start());
    }
}
