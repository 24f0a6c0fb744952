// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Base64} from "solady/utils/Base64.sol";
import {DcapVerifier} from "../../src/compute/attestation/DcapVerifier.sol";
import {Pccs} from "../../src/compute/attestation/Pccs.sol";
import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";

/// @notice A real quote with the collateral of its time, from `test/vectors/tee`, and contracts pinned to Intel's root.
abstract contract IntelVector is Test {
    bytes32 internal constant INTEL_X = 0x0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5;
    bytes32 internal constant INTEL_Y = 0x67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394;
    string private constant VECTORS = "../../test/vectors/tee/";

    struct Vector {
        bytes quote;
        bytes signatures;
        bytes pck;
        bytes authority;
        bytes signer;
        bytes rootCrl;
        bytes pckCrl;
        bytes tcbInfo;
        bytes tcbInfoSignature;
        bytes qeIdentity;
        bytes qeIdentitySignature;
        uint16 evaluation;
    }

    Pccs internal pccs;
    DcapVerifier internal verifier;
    bytes32 internal authority;
    bytes32 internal signer;

    function setUp() public virtual {
        pccs = new Pccs(INTEL_X, INTEL_Y);
        verifier = new DcapVerifier(pccs);
    }

    function _load(string memory name) internal view returns (Vector memory vector) {
        _loadQuote(vm.readFileBinary(string.concat(VECTORS, name, "/quote.bin")), vector);
        string memory json = vm.readFile(string.concat(VECTORS, name, "/collateral.json"));
        vector.rootCrl = _hex(json, ".root_ca_crl");
        vector.pckCrl = _hex(json, ".pck_crl");
        vector.tcbInfo = bytes(vm.parseJsonString(json, ".tcb_info"));
        vector.tcbInfoSignature = _hex(json, ".tcb_info_signature");
        vector.qeIdentity = bytes(vm.parseJsonString(json, ".qe_identity"));
        vector.qeIdentitySignature = _hex(json, ".qe_identity_signature");
        vector.signer = _certificates(vm.parseJsonString(json, ".tcb_info_issuer_chain"))[0];
        vector.evaluation = uint16(vm.parseJsonUint(string(vector.tcbInfo), ".tcbEvaluationDataNumber"));
    }

    /// @dev Everything that the verification needs, as anyone would bring it.
    function _bring(Vector memory vector) internal returns (IPccs.Pck memory pck) {
        _bringAuthorities(vector);
        _bringTcbInfo(vector);
        _bringQeIdentity(vector);
        return pccs.registerPck(authority, vector.pck);
    }

    function _bringAuthorities(Vector memory vector) internal {
        pccs.updateCrl(pccs.rootKey(), vector.rootCrl);
        authority = pccs.addAuthority(vector.authority);
        signer = pccs.addAuthority(vector.signer);
        pccs.updateCrl(authority, vector.pckCrl);
    }

    function _bringTcbInfo(Vector memory vector) internal {
        (bytes32 r, bytes32 s) = abi.decode(vector.tcbInfoSignature, (bytes32, bytes32));
        pccs.updateTcbInfo(signer, vector.tcbInfo, r, s);
    }

    function _bringQeIdentity(Vector memory vector) internal {
        (bytes32 r, bytes32 s) = abi.decode(vector.qeIdentitySignature, (bytes32, bytes32));
        pccs.updateQeIdentity(signer, vector.qeIdentity, r, s);
    }

    function _verify(Vector memory vector, IPccs.Pck memory pck)
        internal
        view
        returns (IDcapVerifier.Claims memory)
    {
        return verifier.verifyQuote(vector.quote, vector.signatures, pck, vector.evaluation);
    }

    /// @dev What a TDX quote says that collateral judges, read here again.
    function _measured(Vector memory vector) internal pure returns (IPccs.Measured memory measured) {
        bytes memory quote = vector.quote;
        bool sgx = _little(quote, 4, 4) == 0;
        uint256 body = _little(quote, 0, 2) == 5 ? 54 : 48;
        measured.tee = sgx ? IPccs.Tee.SGX : IPccs.Tee.TDX;
        measured.evaluation = vector.evaluation;
        if (!sgx) {
            measured.teeTcbSvn = bytes16(_slice(quote, body, 16));
            measured.teeTcbSvn2 = body == 54 ? bytes16(_slice(quote, body + 584, 16)) : measured.teeTcbSvn;
            measured.seamSigner = keccak256(_slice(quote, body + 64, 48));
            measured.seamAttributes = bytes8(_slice(quote, body + 112, 8));
        }
        bytes memory qe = _slice(vector.signatures, 128, 384);
        measured.qeMrSigner = bytes32(_slice(qe, 128, 32));
        measured.qeAttributes = bytes16(_slice(qe, 48, 16));
        measured.qeMiscSelect = bytes4(_slice(qe, 16, 4));
        measured.qeProdId = uint16(_little(qe, 256, 2));
        measured.qeSvn = uint16(_little(qe, 258, 2));
    }

    /// @dev The quote in its parts; its certificates are taken out.
    function _loadQuote(bytes memory raw, Vector memory vector) private pure {
        uint256 version = _little(raw, 0, 2);
        bool sgx = _little(raw, 4, 4) == 0;
        uint256 head = version == 5 ? 54 : 48;
        uint256 size = head + (version == 5 ? _little(raw, 50, 4) : sgx ? 384 : 584);
        vector.quote = _slice(raw, 0, size);
        uint256 at = size + 4 + 128;
        if (version > 3) at += 6;
        uint256 dataLength = _little(raw, at + 448, 2);
        vector.signatures =
            bytes.concat(_slice(raw, size + 4, 128), _slice(raw, at, 448), _slice(raw, at + 450, dataLength));
        at += 450 + dataLength;
        bytes[] memory chain = _certificates(string(_slice(raw, at + 6, _little(raw, at + 2, 4))));
        (vector.pck, vector.authority) = (chain[0], chain[1]);
    }

    function _certificates(string memory pem) private pure returns (bytes[] memory ders) {
        string[] memory parts = vm.split(pem, "-----");
        ders = new bytes[](parts.length / 4);
        for (uint256 i; i < ders.length; i++) {
            ders[i] = Base64.decode(vm.replace(parts[4 * i + 2], "\n", ""));
        }
    }

    function _hex(string memory json, string memory key) private pure returns (bytes memory) {
        return vm.parseBytes(string.concat("0x", vm.parseJsonString(json, key)));
    }

    function _slice(bytes memory data, uint256 from, uint256 length)
        internal
        pure
        returns (bytes memory part)
    {
        part = new bytes(length);
        for (uint256 i; i < length; i++) {
            part[i] = data[from + i];
        }
    }

    function _little(bytes memory data, uint256 at, uint256 size) private pure returns (uint256 value) {
        for (uint256 i; i < size; i++) {
            value |= uint256(uint8(data[at + i])) << (8 * i);
        }
    }
}
