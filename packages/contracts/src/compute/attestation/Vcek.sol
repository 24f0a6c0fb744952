// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Der, Element} from "./Der.sol";
import {P384} from "./P384.sol";
import {SnpEvidence} from "./SnpEvidence.sol";
import {X509} from "./X509.sol";

/// @notice Reads the certificates of AMD's authorities and of chips' keys. Reverts on what AMD never signed.
library Vcek {
    uint256 private constant TURIN = 2;
    uint256 private constant EXTENSIONS = 0xa3;
    bytes24 private constant P384_KEY = hex"3076301006072a8648ce3d020106052b8104002203620004";
    bytes32 private constant RSA_KEY = hex"30820222300d06092a864886f70d01010105000382020f003082020a02820201";
    /// @dev 1.3.6.1.4.1.3704.1, under which AMD has its extensions: .3.x a version, .4 the chip's id.
    bytes8 private constant AMD = hex"2b060104019c7801";

    /// @notice Whether the chip's key is of the report's chip and of the firmware versions that it reports.
    function isOf(bytes calldata evidence) internal pure returns (bool) {
        bytes calldata report = SnpEvidence.report(evidence);
        Element list = _extensions(Der.whole(SnpEvidence.chipKey(evidence)));
        bool turin = uint8(evidence[0]) == TURIN;
        uint256 wanted = turin ? 6 : 5;
        for (uint256 at = list.start(); at < list.end();) {
            Element extension = Der.expect(at, list.end(), Der.SEQUENCE);
            at = extension.end();
            (Element id, Element value,) = X509.readExtension(extension);
            if (bytes8(Der.load(id.start())) != AMD) continue;
            if (id.length() == 10 && bytes1(Der.load(id.start() + 8)) == 0x03) {
                uint256 place = _place(uint8(bytes1(Der.load(id.start() + 9))), turin);
                if (place == 8) continue;
                Element version = Der.first(value, Der.INTEGER);
                if (Der.unsigned(version) != uint8(report[384 + place])) return false;
                wanted--;
            } else if (id.length() == 9 && bytes1(Der.load(id.start() + 8)) == 0x04) {
                if (!_isChip(value, report[416:480])) return false;
                wanted--;
            }
        }
        return wanted == 0;
    }

    /// @notice The P-384 key in a certificate; `found` is false where there is another kind of key.
    function p384Key(bytes calldata certificate) internal pure returns (bool found, P384.Point memory key) {
        Element info = _keyInfo(Der.whole(certificate));
        uint256 from = info.position();
        found = info.end() - from == 120 && bytes24(Der.load(from)) == P384_KEY;
        if (!found) return (false, key);
        (key.x1, key.x0) = (uint256(Der.load(from + 24)) >> 128, uint256(Der.load(from + 40)));
        (key.y1, key.y0) = (uint256(Der.load(from + 72)) >> 128, uint256(Der.load(from + 88)));
    }

    /// @notice The modulus of the RSA key of 4,096 bits in a certificate; `found` is false where there is another kind of key.
    function rsaKey(bytes calldata certificate) internal pure returns (bool found, bytes memory modulus) {
        Element info = _keyInfo(Der.whole(certificate));
        uint256 from = info.position();
        found = info.end() - from == 550 && Der.load(from) == RSA_KEY
            && bytes5(Der.load(info.end() - 5)) == bytes5(hex"0203010001");
        if (!found) return (false, "");
        modulus = new bytes(512);
        // The modulus stands after the prefix and a zero, and lies within the element of 550 bytes.
        assembly ("memory-safe") {
            calldatacopy(add(modulus, 32), add(from, 33), 512)
        }
    }

    /// @dev Version, serial, algorithm, issuer, dates and subject come before the key.
    function _keyInfo(Element certificate) private pure returns (Element field) {
        Element tbs = Der.first(certificate, Der.SEQUENCE);
        field = Der.read(tbs.start(), tbs.end());
        for (uint256 i = 0; i < 6; i++) {
            field = Der.read(field.end(), tbs.end());
        }
    }

    function _extensions(Element certificate) private pure returns (Element) {
        Element tbs = Der.first(certificate, Der.SEQUENCE);
        return Der.first(Der.next(tbs, _keyInfo(certificate), EXTENSIONS), Der.SEQUENCE);
    }

    /// @dev Where in the report's TCB a version stands, by the last number of its extension; 8 for none.
    function _place(uint256 part, bool turin) private pure returns (uint256) {
        if (part == 1) return turin ? 1 : 0;
        if (part == 2) return turin ? 2 : 1;
        if (part == 3) return turin ? 3 : 6;
        if (part == 8) return 7;
        return part == 9 && turin ? 0 : 8;
    }

    /// @dev Older certificates hold the id itself, newer ones wrap it in an octet string. Turin's has 8 bytes, followed by zeros.
    function _isChip(Element value, bytes calldata chip) private pure returns (bool) {
        uint256 size = value.length();
        uint256 from = value.start();
        if (size == 66 || size == 10) (size, from) = (size - 2, from + 2);
        if (size == 64) {
            return Der.load(from) == bytes32(chip[:32]) && Der.load(from + 32) == bytes32(chip[32:]);
        }
        bool rest = bytes24(chip[8:32]) == 0 && bytes32(chip[32:]) == 0;
        return size == 8 && bytes8(Der.load(from)) == bytes8(chip[:8]) && rest;
    }
}
