// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {IntelVector} from "../attestation/IntelVector.sol";
import {Mutations} from "../attestation/Mutations.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";

/// @notice Real quotes of Intel's, 10,000 mutations each; and its certificates, lists and documents.
contract IntelMutationsTest is IntelVector {
    uint256 private constant COUNT = 10_000;
    uint256 private constant AT = 1_751_328_000;

    Vector private _vector;
    IPccs.Pck private _pck;
    uint256 private _quoteLength;

    /// TEE-6: no mutation of an SGX quote, version 3, is accepted.
    function test_refusesMutationsOfSgxVersion3() external {
        _attackQuote("sgx/v3-phala");
    }

    /// TEE-6: no mutation of a TDX quote, version 4, is accepted.
    function test_refusesMutationsOfTdxVersion4() external {
        _attackQuote("tdx/v4-phala-uptodate");
    }

    /// TEE-6: no mutation of a PCK certificate is accepted.
    function test_refusesMutationsOfPckCertificates() external {
        _open("tdx/v4-phala-uptodate");
        _bringAuthorities(_vector);
        _refusesAll(_vector.pck, _registerPck, 400_000);
    }

    /// TEE-6: no mutation of a revocation list is accepted.
    function test_refusesMutationsOfRevocationLists() external {
        _open("tdx/v4-phala-uptodate");
        pccs.updateCrl(pccs.rootKey(), _vector.rootCrl);
        authority = pccs.addAuthority(_vector.authority);
        _refusesAll(_vector.pckCrl, _updateCrl, 2_000_000);
    }

    /// TEE-6: no mutation of TCB info is accepted.
    function test_refusesMutationsOfTcbInfo() external {
        _open("sgx/v3-phala");
        _bringAuthorities(_vector);
        _refusesAll(bytes.concat(_vector.tcbInfoSignature, _vector.tcbInfo), _updateTcbInfo, 1_200_000);
    }

    /// TEE-6: no mutation of the identity of a quoting enclave is accepted.
    function test_refusesMutationsOfQeIdentities() external {
        _open("sgx/v3-phala");
        _bringAuthorities(_vector);
        _refusesAll(bytes.concat(_vector.qeIdentitySignature, _vector.qeIdentity), _updateQeIdentity, 600_000);
    }

    function _open(string memory name) private {
        vm.warp(AT);
        _vector = _load(name);
    }

    function _attackQuote(string memory name) private {
        _open(name);
        _pck = _bring(_vector);
        _quoteLength = _vector.quote.length;
        bytes memory whole = bytes.concat(_vector.quote, _vector.signatures);
        Mutations.Tally memory tally = Mutations.attack(whole, COUNT, address(verifier), _verifyQuote);
        _judge(tally, 200_000);
        (bool ok,) = address(verifier).staticcall(_verifyQuote(whole));
        vm.assertTrue(ok, "unchanged, it is accepted");
    }

    /// @dev The chain is then as it was: what was attacked is accepted once it is whole.
    function _refusesAll(
        bytes memory original,
        function(bytes memory) internal view returns (bytes memory) encode,
        uint256 gasLimit
    ) private {
        _judge(Mutations.attack(original, COUNT, address(pccs), encode), gasLimit);
        (bool ok,) = address(pccs).call(encode(original));
        vm.assertTrue(ok, "unchanged, it is accepted");
    }

    function _judge(Mutations.Tally memory tally, uint256 gasLimit) private pure {
        vm.assertEq(tally.mutations, COUNT, "mutations");
        vm.assertEq(tally.accepted, 0, "accepted");
        vm.assertLe(tally.gas, gasLimit, "gas of the most expensive");
    }

    function _verifyQuote(bytes memory whole) private view returns (bytes memory) {
        uint256 cut = whole.length < _quoteLength ? whole.length : _quoteLength;
        return abi.encodeCall(
            IDcapVerifier.verifyQuote,
            (
                Mutations.slice(whole, 0, cut),
                Mutations.slice(whole, cut, whole.length),
                _pck,
                _vector.evaluation
            )
        );
    }

    function _registerPck(bytes memory der) private view returns (bytes memory) {
        return abi.encodeCall(IPccs.registerPck, (authority, der));
    }

    function _updateCrl(bytes memory der) private view returns (bytes memory) {
        return abi.encodeCall(IPccs.updateCrl, (authority, der));
    }

    function _updateTcbInfo(bytes memory document) private view returns (bytes memory) {
        (bytes memory json, bytes32 r, bytes32 s) = _signed(document);
        return abi.encodeCall(IPccs.updateTcbInfo, (signer, json, r, s));
    }

    function _updateQeIdentity(bytes memory document) private view returns (bytes memory) {
        (bytes memory json, bytes32 r, bytes32 s) = _signed(document);
        return abi.encodeCall(IPccs.updateQeIdentity, (signer, json, r, s));
    }

    /// @dev Signature and text, the first of 64 bytes where there are so many.
    function _signed(bytes memory document) private pure returns (bytes memory json, bytes32 r, bytes32 s) {
        if (document.length < 64) return (document, 0, 0);
        (r, s) = abi.decode(Mutations.slice(document, 0, 64), (bytes32, bytes32));
        json = Mutations.slice(document, 64, document.length);
    }
}

/// @notice A quote of TDX 1.5 whose domain stands alone; the real one at hand is refused for its service domain.
contract SyntheticMutationsTest is SyntheticPlatform {
    uint256 private constant COUNT = 10_000;
    uint256 private constant QUOTE_LENGTH = 702;

    /// TEE-6: no mutation of a TDX quote, version 5, is accepted.
    function test_refusesMutationsOfTdxVersion5() external {
        SyntheticQuote.Td memory td = _td();
        td.version = 5;
        (bytes memory quote, bytes memory signatures) = _sign(td);
        bytes memory whole = bytes.concat(quote, signatures);
        Mutations.Tally memory tally = Mutations.attack(whole, COUNT, address(attestations), _verifyQuote);
        vm.assertEq(tally.accepted, 0, "accepted");
        vm.assertLe(tally.gas, 200_000, "gas of the most expensive");
        (bool ok,) = address(attestations).staticcall(_verifyQuote(whole));
        vm.assertTrue(ok, "unchanged, it is accepted");
    }

    function _verifyQuote(bytes memory whole) private view returns (bytes memory) {
        uint256 cut = whole.length < QUOTE_LENGTH ? whole.length : QUOTE_LENGTH;
        bytes memory quote = Mutations.slice(whole, 0, cut);
        bytes memory signatures = Mutations.slice(whole, cut, whole.length);
        return abi.encodeCall(IDcapVerifier.verifyQuote, (quote, signatures, pck, 17));
    }
}
