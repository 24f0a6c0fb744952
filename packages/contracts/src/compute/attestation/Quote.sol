// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDcapVerifier} from "../interfaces/IDcapVerifier.sol";
import {IPccs} from "../interfaces/IPccs.sol";
import {Der} from "./Der.sol";

/// @notice Reads header and body of Intel's quotes. Numbers in them are little-endian.
library Quote {
    uint256 private constant HEADER = 48;
    uint256 private constant DESCRIBED_HEADER = 54;
    bytes4 private constant TDX_TEE = 0x81000000;
    bytes16 private constant INTEL = 0x939a7233f79c4ca9940a0db3957f0607;
    uint256 private constant SGX_BODY = 384;
    uint256 private constant TDX_BODY = 584;
    uint256 private constant TDX15_BODY = 648;

    /// @notice Checks the header, and answers with the TEE and the position in calldata of the body. `current` says
    /// whether the body is one of TDX 1.5.
    function open(bytes calldata quote) internal pure returns (IPccs.Tee tee, uint256 body, bool current) {
        require(quote.length > DESCRIBED_HEADER, IDcapVerifier.QuoteBodyMalformed(0, quote.length));
        uint256 from;
        // Reads only where the slice begins.
        assembly ("memory-safe") {
            from := quote.offset
        }
        bytes32 head = Der.load(from);
        uint256 version = uint8(head[0]);
        uint256 kind = _checkHeader(head, bytes16(Der.load(from + 12)));
        body = from + HEADER;
        if (version == 5) {
            bool sgx = kind == 1;
            (kind, body) = (_describedKind(body), body + 6);
            require((kind == 1) == sgx, IDcapVerifier.QuoteTeeUnknown(uint32(bytes4(head << 32)), version));
        }
        require(
            body - from + _lengthOf(kind) == quote.length,
            IDcapVerifier.QuoteBodyMalformed(kind, quote.length)
        );
        (tee, current) = (kind == 1 ? IPccs.Tee.SGX : IPccs.Tee.TDX, kind == 3);
    }

    /// @notice What a domain's body says that collateral judges, and refuses one that others have power over.
    function measureTd(uint256 body, bool current, IPccs.Measured memory measured) internal pure {
        bytes8 attributes = bytes8(Der.load(body + 120));
        require(attributes[0] == 0, IDcapVerifier.TdDebug(attributes));
        measured.teeTcbSvn = bytes16(Der.load(body));
        measured.teeTcbSvn2 = current ? bytes16(Der.load(body + 584)) : measured.teeTcbSvn;
        measured.seamSigner = _hash(body + 64, 48);
        measured.seamAttributes = bytes8(Der.load(body + 112));
        if (!current) return;
        bool bound = Der.load(body + 600) != 0 || bytes16(Der.load(body + 632)) != 0;
        require(!bound, IDcapVerifier.ServiceTdBound());
    }

    /// @notice What runs in a domain. RTMR 3 is left out: it changes at run time.
    function tdWorkload(uint256 body) internal pure returns (bytes32 workload) {
        // Copies to free memory, and leaves it free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, add(body, 120), 64)
            calldatacopy(add(free, 64), add(body, 328), 144)
            workload := keccak256(free, 208)
        }
    }

    /// @notice What runs in an enclave.
    function enclaveWorkload(uint256 body) internal pure returns (bytes32 workload) {
        // Copies to free memory, and leaves it free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, add(body, 64), 32)
            calldatacopy(add(free, 32), add(body, 128), 32)
            calldatacopy(add(free, 64), add(body, 256), 4)
            workload := keccak256(free, 68)
        }
    }

    /// @notice Refuses an enclave that can be looked into.
    function checkEnclave(uint256 body) internal pure {
        bytes16 attributes = bytes16(Der.load(body + 48));
        require(attributes[0] & 0x02 == 0, IDcapVerifier.EnclaveDebug(attributes));
    }

    /// @notice What the report of a quoting enclave says that collateral judges.
    function measureQe(uint256 report, IPccs.Measured memory measured) internal pure {
        measured.qeAttributes = bytes16(Der.load(report + 48));
        require(measured.qeAttributes[0] & 0x02 == 0, IDcapVerifier.QeDebug());
        measured.qeMiscSelect = bytes4(Der.load(report + 16));
        measured.qeMrSigner = Der.load(report + 128);
        bytes32 numbers = Der.load(report + 256);
        measured.qeProdId = uint16(_little16(numbers, 0));
        measured.qeSvn = uint16(_little16(numbers, 2));
    }

    /// @dev The body's type where the header alone decides it. What is little-endian is compared as it stands.
    function _checkHeader(bytes32 head, bytes16 vendor) private pure returns (uint256) {
        uint256 version = _little16(head, 0);
        require(version > 2 && version < 6, IDcapVerifier.QuoteVersionUnknown(version));
        require(bytes2(head << 16) == 0x0200, IDcapVerifier.QuoteKeyTypeUnknown(_little16(head, 2)));
        bytes4 tee = bytes4(head << 32);
        bool tdx = tee == TDX_TEE;
        require(tee == 0 || (tdx && version > 3), IDcapVerifier.QuoteTeeUnknown(uint32(tee), version));
        require(vendor == INTEL, IDcapVerifier.QuoteVendorUnknown(vendor));
        return tdx ? 2 : 1;
    }

    /// @dev The type that a body of version 5 names, with its length.
    function _describedKind(uint256 at) private pure returns (uint256 kind) {
        bytes32 word = Der.load(at);
        kind = _little16(word, 0);
        uint256 described = _little16(word, 2) | (_little16(word, 4) << 16);
        require(described == _lengthOf(kind), IDcapVerifier.QuoteBodyMalformed(kind, described));
    }

    /// @dev Too long for any quote where the type is unknown.
    function _lengthOf(uint256 kind) private pure returns (uint256) {
        if (kind == 1) return SGX_BODY;
        if (kind == 2) return TDX_BODY;
        return kind == 3 ? TDX15_BODY : type(uint128).max;
    }

    function _little16(bytes32 word, uint256 at) private pure returns (uint256) {
        // `at` is a small constant at every use.
        unchecked {
            uint256 pair = uint256(word) >> (240 - 8 * at);
            return ((pair >> 8) & 0xff) | ((pair & 0xff) << 8);
        }
    }

    function _hash(uint256 from, uint256 size) private pure returns (bytes32 result) {
        // Copies to free memory, and leaves it free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, from, size)
            result := keccak256(free, size)
        }
    }
}
