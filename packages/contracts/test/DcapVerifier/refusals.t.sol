// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Tcb} from "../../src/compute/attestation/Tcb.sol";
import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";

/// @notice Quotes with one thing wrong and all else good, signatures too: each is refused for that, with what was seen.
contract RefusalsTest is SyntheticPlatform {
    using SyntheticCollateral for SyntheticCollateral.TcbInfo;

    uint256 private constant OTHER_KEY = 0x07e4;
    bytes private constant QE_DATA = hex"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    /// TEE-1: a version, a kind of key, a TEE or a vendor that is not known is refused.
    function test_revertsWhen_headerIsUnknown() external {
        bytes memory quote = _quote(4);
        _expect(_with(quote, 0, 0x02), abi.encodeWithSelector(IDcapVerifier.QuoteVersionUnknown.selector, 2));
        _expect(_with(quote, 0, 0x06), abi.encodeWithSelector(IDcapVerifier.QuoteVersionUnknown.selector, 6));
        _expect(
            _with(quote, 1, 0x01), abi.encodeWithSelector(IDcapVerifier.QuoteVersionUnknown.selector, 0x104)
        );
        _expect(_with(quote, 2, 0x03), abi.encodeWithSelector(IDcapVerifier.QuoteKeyTypeUnknown.selector, 3));
        _expect(
            _with(quote, 4, 0x01),
            abi.encodeWithSelector(IDcapVerifier.QuoteTeeUnknown.selector, 0x01000000, 4)
        );
        _expect(
            _with(quote, 0, 0x03),
            abi.encodeWithSelector(IDcapVerifier.QuoteTeeUnknown.selector, 0x81000000, 3)
        );
        _expect(
            _with(quote, 12, 0x94),
            abi.encodeWithSelector(
                IDcapVerifier.QuoteVendorUnknown.selector, bytes16(0x949a7233f79c4ca9940a0db3957f0607)
            )
        );
    }

    /// TEE-1: a body of another length or type than its header says is refused.
    function test_revertsWhen_bodyIsMalformed() external {
        bytes memory quote = _quote(4);
        bytes4 malformed = IDcapVerifier.QuoteBodyMalformed.selector;
        _expect(bytes.concat(quote, hex"00"), abi.encodeWithSelector(malformed, 2, 633));
        _expect(_short(quote, 631), abi.encodeWithSelector(malformed, 2, 631));
        _expect(_short(quote, 54), abi.encodeWithSelector(malformed, 0, 54));
        _expect("", abi.encodeWithSelector(malformed, 0, 0));

        quote = _quote(5);
        _expect(_with(quote, 48, 0x04), abi.encodeWithSelector(malformed, 4, 648));
        _expect(_with(quote, 50, 0x89), abi.encodeWithSelector(malformed, 3, 649));
        _expect(_with(quote, 52, 0x01), abi.encodeWithSelector(malformed, 3, 0x10288));
        _expect(_short(quote, 701), abi.encodeWithSelector(malformed, 3, 701));
        _expect(_with(quote, 4, 0x00), abi.encodeWithSelector(IDcapVerifier.QuoteTeeUnknown.selector, 0, 5));
    }

    /// TEE-1: what authenticates a quote has its length, and at most 1,024 bytes of the quoting enclave's own.
    function test_revertsWhen_signaturesAreMalformed() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        bytes4 malformed = IDcapVerifier.SignaturesMalformed.selector;
        vm.expectRevert(abi.encodeWithSelector(malformed, 575));
        attestations.verifyQuote(quote, _short(signatures, 575), pck, 17);
        vm.expectRevert(abi.encodeWithSelector(malformed, 1601));
        attestations.verifyQuote(quote, bytes.concat(signatures, new bytes(1601 - 608)), pck, 17);
    }

    /// TEE-1: each of the three signatures and the hash between them is by the one that must have made it.
    function test_revertsWhen_aLinkIsAnothers() external {
        bytes memory quote = _quote(4);
        SyntheticQuote.Qe memory qe = SyntheticQuote.td().qe;
        bytes memory good = SyntheticQuote.signatures(quote, qe, ATTESTATION_KEY, _key("pckKey"));
        bytes memory other = SyntheticQuote.signatures(quote, qe, OTHER_KEY, _key("pckKey"));

        vm.expectRevert(IDcapVerifier.QuoteSignatureWrong.selector);
        attestations.verifyQuote(quote, bytes.concat(_part(other, 0, 64), _part(good, 64, 608)), pck, 17);
        bytes memory foreign = SyntheticQuote.signatures(quote, qe, ATTESTATION_KEY, _key("otherPckKey"));
        vm.expectRevert(IDcapVerifier.QeReportSignatureWrong.selector);
        attestations.verifyQuote(quote, foreign, pck, 17);

        // A key of the host's own, which signs what it likes, beside a report on another key.
        bytes32 named = sha256(bytes.concat(_part(good, 64, 128), QE_DATA));
        bytes32 own = sha256(bytes.concat(_part(other, 64, 128), QE_DATA));
        vm.expectRevert(abi.encodeWithSelector(IDcapVerifier.QeReportDataWrong.selector, named, own));
        attestations.verifyQuote(quote, bytes.concat(_part(other, 0, 128), _part(good, 128, 608)), pck, 17);
        other = _withQe(352, 0x01);
        vm.expectRevert(abi.encodeWithSelector(IDcapVerifier.QeReportDataWrong.selector, named, named));
        attestations.verifyQuote(quote, other, pck, 17);
    }

    /// TEE-3: a quoting enclave of another product or with other settings is refused; what the mask leaves out may differ.
    function test_revertsWhen_quotingEnclaveIsAnother() external {
        bytes memory quote = _quote(4);
        uint256[3] memory places = [uint256(16), 256, 49];
        for (uint256 i; i < 3; i++) {
            bytes memory signatures = _withQe(places[i], 0x03);
            vm.expectRevert(IPccs.QeIdentityWrong.selector);
            attestations.verifyQuote(quote, signatures, pck, 17);
        }
        attestations.verifyQuote(quote, _withQe(56, 0xe7), pck, 17);
    }

    /// TEE-3, TEE-14: a revoked quoting enclave is refused; one that is out of date takes the rating down.
    function test_followsTheQuotingEnclavesLevel() external {
        vm.warp(NOW + 60);
        SyntheticCollateral.Identity memory identity = SyntheticCollateral.identity(NOW + 60, 17);
        identity.status = "OutOfDate";
        _bring(identity);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        IPccs.Status status = attestations.verifyQuote(quote, signatures, pck, 17).status;
        vm.assertEq(uint256(status), uint256(IPccs.Status.OutOfDate), "status");

        vm.warp(NOW + 120);
        identity.issueDate = NOW + 120;
        identity.status = "Revoked";
        _bring(identity);
        vm.expectRevert(abi.encodeWithSelector(IPccs.QeTcbTooLow.selector, 4));
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-3: without an identity of the quoting enclave of the same evaluation nothing is rated.
    function test_revertsWhen_identityIsMissing() external {
        _bring(SyntheticCollateral.tcbInfo(NOW, 18));
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectRevert(abi.encodeWithSelector(IPccs.QeIdentityNotCurrent.selector, IPccs.Tee.TDX, 18, 0));
        attestations.verifyQuote(quote, signatures, pck, 18);
    }

    /// TEE-3: the version of the PCE counts as the processor's do.
    function test_revertsWhen_pceIsBelowEveryLevel() external {
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
        string memory json = vm.replace(info.json(), '"pcesvn":13', '"pcesvn":65535');
        _bringJson(json);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        IPccs.Status status = attestations.verifyQuote(quote, signatures, pck, 17).status;
        vm.assertEq(uint256(status), uint256(IPccs.Status.OutOfDate), "rated by the second level");

        vm.warp(NOW + 60);
        json = SyntheticCollateral.tcbInfo(NOW + 60, 17).json();
        _bringJson(
            vm.replace(vm.replace(json, '"pcesvn":13', '"pcesvn":65535'), '"pcesvn":5', '"pcesvn":65534')
        );
        vm.expectRevert(
            abi.encodeWithSelector(IPccs.TcbLevelMissing.selector, pck.svns, pck.pceSvn, bytes16(hex"060103"))
        );
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-4: a machine's certificate counts in the second in which it ends, and no longer.
    function test_revertsWhen_pckHasExpired() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        IPccs.Pck memory ending = pck;
        ending.notAfter = uint40(NOW);
        _issue(ending);
        vm.assertEq(attestations.verifyQuote(quote, signatures, ending, 17).expiry, NOW, "its last second");
        vm.warp(NOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IPccs.PckExpired.selector, NOW, NOW + 1));
        attestations.verifyQuote(quote, signatures, ending, 17);
    }

    /// TEE-4: so it is with its authority's certificate, whatever the lists say.
    function test_revertsWhen_authorityHasExpired() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        _endAuthority(NOW);
        vm.assertEq(attestations.verifyQuote(quote, signatures, pck, 17).expiry, NOW, "its last second");
        vm.warp(NOW + 1);
        uint256 listed = pccs.authorityOf(authority).crlNextUpdate;
        vm.expectRevert(abi.encodeWithSelector(IPccs.AuthorityNotCurrent.selector, authority, NOW, listed));
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    /// TEE-7: a certificate that nobody brought, or a record that differs from the one brought, is unknown.
    function test_revertsWhen_pckIsUnknown() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        IPccs.Pck memory better = pck;
        better.svns = bytes16(type(uint128).max);
        vm.expectRevert(abi.encodeWithSelector(IPccs.PckUnknown.selector, authority, better.serial));
        attestations.verifyQuote(quote, signatures, better, 17);
        better = pck;
        better.serial = 7;
        vm.expectRevert(abi.encodeWithSelector(IPccs.PckUnknown.selector, authority, 7));
        attestations.verifyQuote(quote, signatures, better, 17);
    }

    /// TEE-3: comparing 32 versions at once says what comparing one after the other says.
    function test_comparesEachVersion(uint256 svns, uint256 least, uint256 shared) external pure {
        // Equal in most places, so that one decides.
        least = (svns & ~shared) | (least & shared & (least >> 128));
        bool wanted = true;
        for (uint256 i; i < 256; i += 8) {
            if (uint8(svns >> i) < uint8(least >> i)) wanted = false;
        }
        vm.assertEq(Tcb.reaches(svns, least), wanted, "all reached");
        vm.assertTrue(Tcb.reaches(svns, svns), "equal versions");
        uint256 place = 8 * (shared % 32);
        if (uint8(svns >> place) != 0xff) {
            vm.assertFalse(Tcb.reaches(svns, svns + (1 << place)), "one version below");
        }
    }

    function _expect(bytes memory quote, bytes memory reason) private {
        bytes memory signatures =
            SyntheticQuote.signatures(quote, SyntheticQuote.td().qe, ATTESTATION_KEY, _key("pckKey"));
        vm.expectRevert(reason);
        attestations.verifyQuote(quote, signatures, pck, 17);
    }

    function _quote(uint8 version) private pure returns (bytes memory) {
        SyntheticQuote.Td memory td = SyntheticQuote.td();
        td.version = version;
        return SyntheticQuote.quote(td);
    }

    /// @dev Signatures of a quote of `_quote(4)` whose quoting enclave's report has another byte, and is signed so.
    function _withQe(uint256 at, bytes1 value) private view returns (bytes memory) {
        bytes memory all =
            SyntheticQuote.signatures(_quote(4), SyntheticQuote.td().qe, ATTESTATION_KEY, _key("pckKey"));
        bytes memory report = _with(_part(all, 128, 512), at, value);
        (bytes32 r, bytes32 s) = vm.signP256(_key("pckKey"), sha256(report));
        return bytes.concat(_part(all, 0, 128), report, r, s, QE_DATA);
    }

    function _bringJson(string memory json) private {
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(bytes(json)));
        pccs.updateTcbInfo(signer, bytes(json), r, s);
    }

    /// @dev As if the certificate that was brought had said this.
    function _issue(IPccs.Pck memory record) private {
        vm.record();
        pccs.pckStatus(record);
        (bytes32[] memory reads,) = vm.accesses(address(pccs));
        vm.store(address(pccs), reads[0], keccak256(abi.encode(record)) & ~bytes32(uint256(1)));
    }

    /// @dev As if the authority's certificate had said this; its end stands 56 bits into its first slot.
    function _endAuthority(uint256 notAfter) private {
        vm.record();
        pccs.authorityOf(authority);
        (bytes32[] memory reads,) = vm.accesses(address(pccs));
        uint256 word = uint256(vm.load(address(pccs), reads[0])) & ~(uint256(type(uint40).max) << 56);
        vm.store(address(pccs), reads[0], bytes32(word | (notAfter << 56)));
        vm.assertEq(pccs.authorityOf(authority).notAfter, notAfter, "the authority's end");
    }

    function _with(bytes memory data, uint256 at, bytes1 value) private pure returns (bytes memory changed) {
        changed = bytes.concat(data);
        changed[at] = value;
    }

    function _short(bytes memory data, uint256 length) private pure returns (bytes memory) {
        return _part(data, 0, length);
    }

    function _part(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i; i < part.length; i++) {
            part[i] = data[from + i];
        }
    }
}
