// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";

contract VerifyQuoteTest is SyntheticPlatform {
    uint256 private constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;

    /// TEE-5: a domain that its host may look into is refused, whichever bit of the first byte says so.
    function test_revertsWhen_domainIsDebuggable(uint8 bits) external {
        vm.assume(bits != 0);
        SyntheticQuote.Td memory td = _td();
        td.attributes = td.attributes | bytes8(bytes1(bits));
        _expectQuote(td, abi.encodeWithSelector(IDcapVerifier.TdDebug.selector, td.attributes));
    }

    /// TEE-5: a quoting enclave in debug mode is refused.
    function test_revertsWhen_quotingEnclaveIsDebuggable() external {
        SyntheticQuote.Td memory td = _td();
        td.qe.attributes |= 2;
        _expectQuote(td, abi.encodeWithSelector(IDcapVerifier.QeDebug.selector));
    }

    /// TEE-5: an enclave in debug mode is refused; the same without it passes.
    function test_revertsWhen_enclaveIsDebuggable() external {
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
        info.sgx = true;
        _bring(info);
        SyntheticCollateral.Identity memory identity = SyntheticCollateral.identity(NOW, 17);
        identity.sgx = true;
        _bring(identity);
        bytes memory quote = SyntheticQuote.enclaveQuote(0x05, "bound");
        bytes memory signatures = _signaturesOf(quote);
        IDcapVerifier.Claims memory claims = attestations.verifyQuote(quote, signatures, pck, 17);
        vm.assertEq(uint256(claims.tee), uint256(IPccs.Tee.SGX), "TEE");
        vm.assertEq(claims.reportDataHigh, "bound", "report data");

        quote = SyntheticQuote.enclaveQuote(0x07, "bound");
        signatures = _signaturesOf(quote);
        vm.expectPartialRevert(IDcapVerifier.EnclaveDebug.selector);
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-2: a domain of TDX 1.5 that another domain has power over is refused; one that stands alone passes.
    function test_revertsWhen_anotherDomainHasPower(bytes32 serviceTd) external {
        SyntheticQuote.Td memory td = _td();
        td.version = 5;
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.UpToDate), "alone");
        vm.assume(serviceTd != 0);
        td.serviceTd = serviceTd;
        _expectQuote(td, abi.encodeWithSelector(IDcapVerifier.ServiceTdBound.selector));
    }

    /// TEE-3: a quoting enclave that is not Intel's, or older than any good one, is refused.
    function test_revertsWhen_quotingEnclaveIsUnfit() external {
        SyntheticQuote.Td memory td = _td();
        td.qe.mrSigner = keccak256("another signer");
        _expectQuote(td, abi.encodeWithSelector(IPccs.QeIdentityWrong.selector));
        td = _td();
        td.qe.attributes = 0x10;
        _expectQuote(td, abi.encodeWithSelector(IPccs.QeIdentityWrong.selector));
        td = _td();
        td.qe.isvSvn = 3;
        _expectQuote(td, abi.encodeWithSelector(IPccs.QeTcbTooLow.selector, 3));
    }

    /// TEE-3: an unknown TDX module, one with another signer or attributes, or one below every level is refused.
    function test_revertsWhen_moduleIsUnfit() external {
        SyntheticQuote.Td memory td = _td();
        td.teeTcbSvn = hex"060203";
        _expectQuote(td, abi.encodeWithSelector(IPccs.TdxModuleUnknown.selector, 2));
        td = _td();
        td.teeTcbSvn = hex"010103";
        _expectQuote(td, abi.encodeWithSelector(IPccs.TdxModuleTcbTooLow.selector, 1, 1));
        td = _td();
        td.seamSigner[0] = 0x01;
        _expectQuote(td, IPccs.TdxModuleIdentityWrong.selector);
        td = _td();
        td.seamAttributes = hex"0000000000000001";
        _expectQuote(td, IPccs.TdxModuleIdentityWrong.selector);
    }

    /// TEE-3: a module without a major version has an identity, and is rated by the platform's levels.
    function test_ratesTheFirstModule() external {
        SyntheticQuote.Td memory td = _td();
        td.teeTcbSvn = hex"050002";
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.UpToDate), "at the level");
        td.teeTcbSvn = hex"040002";
        _expectQuote(td, IPccs.TcbLevelMissing.selector);
    }

    /// TEE-3: signer, attributes and mask of a module are Intel's to set; none is taken for granted.
    function test_followsTheModulesIdentity() external {
        vm.warp(NOW + 60);
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW + 60, 17);
        info.moduleSigner =
            "010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
        (info.moduleAttributes, info.moduleMask) = ("8000000000000000", "F0FFFFFFFFFFFFFF");
        _bring(info);
        SyntheticQuote.Td memory td = _td();
        _expectQuote(td, IPccs.TdxModuleIdentityWrong.selector);
        td.seamSigner[0] = 0x01;
        td.seamAttributes = hex"8f00000000000000";
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.UpToDate), "under its mask");
    }

    /// TEE-14: an old module takes the rating down, an old quoting enclave too, and nothing takes it up.
    function test_degradesByItsParts() external {
        SyntheticQuote.Td memory td = _td();
        td.teeTcbSvn = td.teeTcbSvn2 = hex"030103";
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.OutOfDate), "old module");

        vm.warp(NOW + 60);
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW + 60, 17);
        info.status = "ConfigurationNeeded";
        _bring(info);
        vm.assertEq(
            uint256(_verify(td).status),
            uint256(IPccs.Status.OutOfDateConfigurationNeeded),
            "and configuration"
        );
        vm.assertEq(uint256(_verify(_td()).status), uint256(IPccs.Status.ConfigurationNeeded), "alone");
    }

    /// TEE-3: a level that Intel revoked is refused.
    function test_revertsWhen_levelIsRevoked() external {
        vm.warp(NOW + 60);
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW + 60, 17);
        info.status = "Revoked";
        _bring(info);
        _expectQuote(_td(), IPccs.TcbRevoked.selector);
    }

    /// TEE-18: of TDX 1.5, both the module at launch and the one that runs now are rated.
    function test_ratesBothModules() external {
        SyntheticQuote.Td memory td = _td();
        td.version = 5;
        (td.teeTcbSvn, td.teeTcbSvn2) = (hex"030103", hex"060103");
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.TDRelaunchAdvised), "old at launch");
        (td.teeTcbSvn, td.teeTcbSvn2) = (hex"060103", hex"030103");
        vm.assertEq(uint256(_verify(td).status), uint256(IPccs.Status.OutOfDate), "old now");
        td.teeTcbSvn2 = hex"010103";
        _expectQuote(td, IPccs.TdxModuleTcbTooLow.selector);
        td.teeTcbSvn2 = hex"060101";
        _expectQuote(td, IPccs.TcbLevelMissing.selector);
    }

    /// TEE-6: both forms of a signature pass, with a high and with a low s; the precompile makes no difference.
    function test_acceptsHighAndLowS() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        attestations.verifyQuote(quote, signatures, pck, 17);
        _negate(signatures, 32);
        attestations.verifyQuote(quote, signatures, pck, 17);
        _negate(signatures, 544);
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-6: numbers outside of the group are no signature.
    function test_revertsWhen_signatureIsOutOfRange() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        uint256[4] memory wrong = [uint256(0), N, N + 1, type(uint256).max];
        for (uint256 i; i < 4; i++) {
            uint256 value = wrong[i];
            for (uint256 at = 32; at <= 64; at += 32) {
                bytes memory changed = bytes.concat(signatures);
                assembly ("memory-safe") {
                    mstore(add(changed, at), value)
                }
                vm.expectRevert(IDcapVerifier.QuoteSignatureWrong.selector);
                attestations.verifyQuote(quote, changed, pck, 17);
            }
        }
    }

    /// TEE-6: a change of any one byte of quote or signatures is refused.
    function test_refusesEveryMutation(uint256 at, uint8 change) external {
        vm.assume(change != 0);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        at = bound(at, 0, quote.length + signatures.length - 1);
        if (at < quote.length) quote[at] ^= bytes1(change);
        else signatures[at - quote.length] ^= bytes1(change);
        vm.expectRevert();
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-6: every bit of quote and signatures, flipped alone, and every byte inverted, is refused: 11,168 changes.
    function test_refusesEveryFlippedBit() external view {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        bytes memory call_ = abi.encodeCall(attestations.verifyQuote, (quote, signatures, pck, 17));
        // Selector, two offsets, ten words of record, the evaluation; then each part with its length.
        uint256 first = 4 + 13 * 32 + 32;
        uint256 second = first + (quote.length + 31) / 32 * 32 + 32;
        vm.assertEq(_acceptedChanges(call_, first, quote.length), 0, "changes of the quote accepted");
        vm.assertEq(
            _acceptedChanges(call_, second, signatures.length), 0, "changes of the signatures accepted"
        );
        (bool ok,) = address(attestations).staticcall(call_);
        vm.assertTrue(ok, "the call as it was");
    }

    /// @dev Changes each byte in place and calls; memory does not grow.
    function _acceptedChanges(bytes memory call_, uint256 from, uint256 length)
        private
        view
        returns (uint256 accepted)
    {
        address target = address(attestations);
        for (uint256 i; i < length; i++) {
            bytes1 kept = call_[from + i];
            for (uint256 bit; bit < 9; bit++) {
                call_[from + i] = kept ^ bytes1(bit == 8 ? 0xff : uint8(1 << bit));
                assembly ("memory-safe") {
                    accepted := add(accepted, staticcall(gas(), target, add(call_, 32), mload(call_), 0, 0))
                }
            }
            call_[from + i] = kept;
        }
    }

    function _signaturesOf(bytes memory quote) private view returns (bytes memory) {
        return SyntheticQuote.signatures(quote, SyntheticQuote.td().qe, ATTESTATION_KEY, _key("pckKey"));
    }

    /// TEE-6: bytes taken away or added are refused.
    function test_refusesOtherLengths(uint256 length) external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        length = bound(length, 0, 1400);
        bytes memory other = new bytes(length);
        for (uint256 i; i < length; i++) {
            other[i] = i < quote.length ? quote[i] : bytes1(0);
        }
        if (length != quote.length) {
            vm.expectRevert();
            attestations.verifyQuote(other, signatures, pck, 17);
        }
        for (uint256 i; i < length; i++) {
            other[i] = i < signatures.length ? signatures[i] : bytes1(0);
        }
        if (length == signatures.length) return;
        vm.expectRevert();
        attestations.verifyQuote(quote, other, pck, 17);
    }

    /// TEE-7: a PCK record that differs in anything from the certificate that Intel signed is unknown.
    function test_revertsWhen_pckRecordDiffers(uint256 word, uint256 change) external {
        word = bound(word, 0, 9);
        vm.assume(change != 0);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        bytes memory call_ = abi.encodeCall(attestations.verifyQuote, (quote, signatures, pck, 17));
        assembly ("memory-safe") {
            // Selector, two offsets, then the record.
            let place := add(add(call_, 0x64), mul(word, 32))
            mstore(place, xor(mload(place), change))
        }
        (bool ok,) = address(attestations).staticcall(call_);
        vm.assertFalse(ok, "accepted");
    }

    function _verify(SyntheticQuote.Td memory td) private view returns (IDcapVerifier.Claims memory) {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        return attestations.verifyQuote(quote, signatures, pck, 17);
    }

    function _expectQuote(SyntheticQuote.Td memory td, bytes memory reason) private {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.expectRevert(reason);
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    function _expectQuote(SyntheticQuote.Td memory td, bytes4 selector) private {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.expectPartialRevert(selector);
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// @dev The other s that signs the same.
    function _negate(bytes memory signatures, uint256 at) private pure {
        assembly ("memory-safe") {
            let place := add(add(signatures, 32), at)
            mstore(place, sub(N, mload(place)))
        }
    }
}
