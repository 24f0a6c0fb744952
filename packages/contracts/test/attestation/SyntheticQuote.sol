// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice Quotes in Intel's form, with whatever is to be shown in them.
library SyntheticQuote {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes private constant QE_DATA = hex"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    struct Qe {
        uint8 attributes;
        bytes32 mrSigner;
        uint8 isvSvn;
    }

    struct Td {
        uint8 version;
        bytes3 teeTcbSvn;
        bytes3 teeTcbSvn2;
        bytes seamSigner;
        bytes8 seamAttributes;
        bytes8 attributes;
        bytes32 mrTd;
        bytes32 rtmr3;
        bytes32 serviceTd;
        bytes32 reportDataHigh;
        bytes32 reportDataLow;
        Qe qe;
    }

    /// @notice A TDX 1.0 domain of the fixture's platform, up to date.
    function td() internal pure returns (Td memory made) {
        (made.version, made.teeTcbSvn, made.teeTcbSvn2) = (4, hex"060103", hex"060103");
        (made.seamSigner, made.attributes) = (new bytes(48), hex"0000001000000000");
        (made.mrTd, made.rtmr3) = (keccak256("an image"), keccak256("an instance"));
        made.qe = Qe(0x11, 0xdc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5, 4);
    }

    /// @notice Header and body.
    function quote(Td memory made) internal pure returns (bytes memory) {
        bytes memory header = abi.encodePacked(
            made.version,
            hex"00020081000000",
            bytes4(0),
            hex"939a7233f79c4ca9940a0db3957f0607",
            bytes20(keccak256("user data"))
        );
        if (made.version == 5) header = bytes.concat(header, hex"030088020000");
        bytes memory body = abi.encodePacked(
            bytes16(made.teeTcbSvn),
            _sha384("a TDX module"),
            made.seamSigner,
            made.seamAttributes,
            made.attributes,
            hex"e702060000000000",
            bytes16(keccak256("more of the image")),
            made.mrTd,
            new bytes(144)
        );
        bytes memory rtmrs = bytes.concat(_sha384("rtmr 0"), _sha384("rtmr 1"), _sha384("rtmr 2"));
        rtmrs = abi.encodePacked(
            rtmrs, bytes16(keccak256("rtmr 3")), made.rtmr3, made.reportDataHigh, made.reportDataLow
        );
        bytes memory tail = made.version == 5
            ? abi.encodePacked(bytes16(made.teeTcbSvn2), made.serviceTd, bytes16(0))
            : bytes("");
        return bytes.concat(header, body, rtmrs, tail);
    }

    /// @notice Header and body of an enclave's quote of version 3.
    function enclaveQuote(bytes1 attributes, bytes32 reportDataHigh) internal pure returns (bytes memory) {
        return abi.encodePacked(
            hex"0300020000000000",
            bytes4(0),
            hex"939a7233f79c4ca9940a0db3957f0607",
            bytes20(keccak256("user data")),
            new bytes(48),
            attributes,
            new bytes(15),
            keccak256("an enclave"),
            new bytes(32),
            keccak256("its signer"),
            new bytes(160),
            reportDataHigh,
            new bytes(32)
        );
    }

    /// @dev As long as a measurement, and as full.
    function _sha384(string memory text) private pure returns (bytes memory) {
        bytes32 hash = keccak256(bytes(text));
        return abi.encodePacked(hash, bytes16(hash));
    }

    /// @notice What authenticates it: two signatures, the attestation key and the quoting enclave's report on that.
    function signatures(bytes memory signed, Qe memory qe, uint256 attestationKey, uint256 pckKey)
        internal
        pure
        returns (bytes memory)
    {
        (bytes32 r, bytes32 s) = vm.signP256(attestationKey, sha256(signed));
        (uint256 x, uint256 y) = vm.publicKeyP256(attestationKey);
        bytes memory report = abi.encodePacked(
            new bytes(48),
            qe.attributes,
            new bytes(79),
            qe.mrSigner,
            new bytes(96),
            hex"0200",
            qe.isvSvn,
            new bytes(61),
            sha256(abi.encodePacked(x, y, QE_DATA)),
            new bytes(32)
        );
        (bytes32 qeR, bytes32 qeS) = vm.signP256(pckKey, sha256(report));
        return abi.encodePacked(r, s, x, y, report, qeR, qeS, QE_DATA);
    }
}
