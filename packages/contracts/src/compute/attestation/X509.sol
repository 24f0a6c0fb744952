// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Der, Element} from "./Der.sol";

/// @notice Reads X.509 v3 certificates on P-256, as Intel issues them.
library X509 {
    struct Certificate {
        bytes32 digest;
        bytes32 r;
        bytes32 s;
        bytes32 x;
        bytes32 y;
        uint160 serial;
        uint40 notBefore;
        uint40 notAfter;
        /// keccak256 of the DER of the names.
        bytes32 issuer;
        bytes32 subject;
        bool authority;
        /// The bits of the key usage's first byte: 0x80 signs data, 0x04 certificates, 0x02 revocation lists.
        uint256 usage;
        /// The content of Intel's SGX extension; zero where there is none.
        Element sgx;
    }

    /// @notice The certificate is not one that is understood; `at` is the position in calldata.
    error CertificateMalformed(uint256 at);

    /// @notice Outside of the certificate's own dates.
    error CertificateNotValid(uint256 notBefore, uint256 notAfter, uint256 now_);

    bytes32 internal constant ECDSA_SHA256 = keccak256(hex"06082a8648ce3d040302");
    bytes27 private constant P256_KEY = hex"3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    bytes9 internal constant SGX_EXTENSION = hex"2a864886f84d010d01";
    uint256 private constant VERSION = 0xa0;
    uint256 private constant EXTENSIONS = 0xa3;

    /// @notice Reads a certificate and checks its dates. Its signature is for the caller to check.
    function parse(bytes calldata der) internal view returns (Certificate memory certificate) {
        Element all = Der.whole(der);
        Element tbs = Der.first(all, Der.SEQUENCE);
        Element algorithm = Der.next(all, tbs, Der.SEQUENCE);
        Element bits = Der.next(all, algorithm, Der.BIT_STRING);
        _require(bits.end() == all.end() && Der.hash(algorithm) == ECDSA_SHA256, algorithm);
        certificate.digest = Der.digest(tbs);
        (certificate.r, certificate.s) = Der.signature(bits);
        _readBody(tbs, certificate);
        require(
            certificate.notBefore <= block.timestamp && block.timestamp <= certificate.notAfter,
            CertificateNotValid(certificate.notBefore, certificate.notAfter, block.timestamp)
        );
    }

    function _readBody(Element tbs, Certificate memory certificate) private pure {
        Element field = Der.first(tbs, VERSION);
        _require(field.length() == 3 && bytes3(Der.load(field.start())) == 0x020102, field);
        field = Der.next(tbs, field, Der.INTEGER);
        certificate.serial = serial(field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        _require(Der.hash(field) == ECDSA_SHA256, field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        certificate.issuer = Der.hashAll(field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        _readDates(field, certificate);
        field = Der.next(tbs, field, Der.SEQUENCE);
        certificate.subject = Der.hashAll(field);
        field = Der.next(tbs, field, Der.SEQUENCE);
        uint256 from = field.position();
        _require(field.end() - from == 91 && bytes27(Der.load(from)) == P256_KEY, field);
        (certificate.x, certificate.y) = (Der.load(from + 27), Der.load(from + 59));
        field = Der.next(tbs, field, EXTENSIONS);
        _require(field.end() == tbs.end(), field);
        _readExtensions(Der.first(field, Der.SEQUENCE), certificate);
    }

    function _readDates(Element validity, Certificate memory certificate) private pure {
        Element from = Der.read(validity.start(), validity.end());
        Element until = Der.read(from.end(), validity.end());
        _require(until.end() == validity.end(), until);
        certificate.notBefore = uint40(Der.time(from));
        certificate.notAfter = uint40(Der.time(until));
    }

    function _readExtensions(Element list, Certificate memory certificate) private pure {
        uint256 seen;
        for (uint256 at = list.start(); at < list.end();) {
            Element extension = Der.expect(at, list.end(), Der.SEQUENCE);
            at = extension.end();
            (Element id, Element value, bool critical) = readExtension(extension);
            uint256 bit;
            if (id.length() == 3 && bytes3(Der.load(id.start())) == 0x551d0f) {
                (bit, certificate.usage) = (1, _usage(value));
            } else if (id.length() == 3 && bytes3(Der.load(id.start())) == 0x551d13) {
                (bit, certificate.authority) = (2, _authority(value));
            } else if (id.length() == 9 && bytes9(Der.load(id.start())) == SGX_EXTENSION) {
                (bit, certificate.sgx) = (4, value);
            } else {
                _require(!critical, id);
            }
            _require(seen & bit == 0, id);
            seen |= bit;
        }
        _require(seen & 3 == 3, list);
    }

    /// @notice An extension's id, value and whether it must be understood.
    function readExtension(Element extension)
        internal
        pure
        returns (Element id, Element value, bool critical)
    {
        id = Der.first(extension, Der.OBJECT_ID);
        value = Der.read(id.end(), extension.end());
        if (value.tag() == Der.BOOLEAN) {
            _require(value.length() == 1 && bytes1(Der.load(value.start())) == 0xff, value);
            critical = true;
            value = Der.read(value.end(), extension.end());
        }
        _require(value.tag() == Der.OCTET_STRING && value.end() == extension.end(), value);
    }

    /// @notice A serial number: up to 20 bytes.
    function serial(Element element) internal pure returns (uint160) {
        uint256 value = Der.unsigned(element);
        _require(value >> 160 == 0, element);
        return uint160(value);
    }

    function _usage(Element value) private pure returns (uint256) {
        Element bits = Der.first(value, Der.BIT_STRING);
        _require(bits.end() == value.end() && bits.length() >= 2, bits);
        return uint8(bytes1(Der.load(bits.start() + 1)));
    }

    function _authority(Element value) private pure returns (bool) {
        Element constraints = Der.first(value, Der.SEQUENCE);
        _require(constraints.end() == value.end(), constraints);
        return constraints.length() != 0 && bytes3(Der.load(constraints.start())) == 0x0101ff;
    }

    function _require(bool condition, Element element) private pure {
        require(condition, CertificateMalformed(element.position()));
    }
}
