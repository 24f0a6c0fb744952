// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Splits the evidence on a SEV-SNP machine, and reads its report. Nothing here reverts on any bytes of at least a
/// report's length, so that no form of evidence keeps a false verdict from being refuted.
library SnpEvidence {
    uint256 internal constant PRODUCTS = 3;
    uint256 private constant REPORT = 1184;
    uint256 private constant SIGNED = 672;
    /// @dev Header of a DER sequence of 256 to 65,535 bytes.
    uint256 private constant HEADER = 4;
    /// @dev Twice what AMD's certificates take. All of it is hashed to refute a verdict, which must fit into a transaction.
    uint256 private constant CERTIFICATE = 4096;
    /// @dev A signature of 512 bytes in a bit string.
    uint256 private constant SIGNATURE = 517;
    bytes5 private constant SIGNATURE_HEADER = hex"0382020100";
    /// @dev What is signed of a certificate of version 3 begins so. AMD's root signs revocation lists too, which do not.
    bytes5 private constant VERSION = hex"a003020102";

    /// @notice Whether the evidence has its form, down to where certificates are signed, and the report a form that is known.
    function isWellFormed(bytes calldata evidence) internal pure returns (bool) {
        if (evidence.length < 1 + REPORT || uint8(evidence[0]) >= PRODUCTS) return false;
        bytes calldata certificates = evidence[1 + REPORT:];
        uint256 size = _sizeOf(certificates);
        if (size > certificates.length || !_isSigned(certificates[:size])) return false;
        return _isSigned(certificates[size:]) && _isReport(report(evidence));
    }

    /// @notice The whole report.
    function report(bytes calldata evidence) internal pure returns (bytes calldata) {
        return evidence[1:1 + REPORT];
    }

    /// @notice What the report's signature covers.
    function signedPart(bytes calldata evidence) internal pure returns (bytes calldata) {
        return evidence[1:1 + SIGNED];
    }

    /// @notice The certificate of the chip's key, of well-formed evidence.
    function chipKey(bytes calldata evidence) internal pure returns (bytes calldata) {
        bytes calldata certificates = evidence[1 + REPORT:];
        return certificates[:_sizeOf(certificates)];
    }

    /// @notice The certificate of AMD's authority, of well-formed evidence.
    function authority(bytes calldata evidence) internal pure returns (bytes calldata) {
        bytes calldata certificates = evidence[1 + REPORT:];
        return certificates[_sizeOf(certificates):];
    }

    /// @notice What a certificate's signature covers, and the signature.
    function signedParts(bytes calldata certificate)
        internal
        pure
        returns (bytes calldata message, bytes calldata signature)
    {
        message = certificate[HEADER:HEADER + _sizeOf(certificate[HEADER:])];
        signature = certificate[certificate.length - 512:];
    }

    /// @notice The number that `size` bytes make, least significant first.
    function littleEndian(bytes calldata field) internal pure returns (uint256 value) {
        for (uint256 i = field.length; i != 0; i--) {
            value = (value << 8) | uint8(field[i - 1]);
        }
    }

    /// @dev Versions 2 to 5, P-384 with SHA-384, and zeros wherever the signature's numbers do not stand.
    function _isReport(bytes calldata data) private pure returns (bool) {
        uint256 version = littleEndian(data[:4]);
        bool known = version >= 2 && version <= 5 && littleEndian(data[52:56]) == 1;
        return known && _isZero(data[720:744]) && _isZero(data[792:]);
    }

    function _isZero(bytes calldata data) private pure returns (bool) {
        for (uint256 i = 0; i < data.length; i++) {
            if (data[i] != 0) return false;
        }
        return true;
    }

    /// @dev A sequence of what is signed of a certificate, an algorithm and a signature of 512 bytes, all that there is.
    function _isSigned(bytes calldata certificate) private pure returns (bool) {
        uint256 total = certificate.length;
        if (total > CERTIFICATE || _sizeOf(certificate) != total) return false;
        uint256 algorithm = HEADER + _sizeOf(certificate[HEADER:]);
        // A header says at most 65,539 bytes, and positions are compared before they are read.
        if (algorithm + 2 > total || certificate[algorithm] != 0x30) return false;
        uint256 bits = algorithm + 2 + uint8(certificate[algorithm + 1]);
        if (bits + SIGNATURE != total || uint8(certificate[algorithm + 1]) > 0x7f) return false;
        // What is signed takes 256 bytes at least.
        bool isCertificate = bytes5(certificate[2 * HEADER:2 * HEADER + 5]) == VERSION;
        return isCertificate && bytes5(certificate[bits:bits + 5]) == SIGNATURE_HEADER;
    }

    /// @dev The length of the DER sequence that begins here, its header included; more than there can be where none does.
    function _sizeOf(bytes calldata data) private pure returns (uint256) {
        if (data.length < HEADER || bytes2(data[:2]) != 0x3082) return type(uint128).max;
        return HEADER + uint16(bytes2(data[2:4]));
    }
}
