// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {X509} from "../../src/compute/attestation/X509.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";

contract PccsCertificatesTest is SyntheticPlatform {
    /// TEE-8: only the pinned root makes authorities; another root of the same name does not.
    function test_revertsWhen_rootIsAnother() external {
        bytes memory certificate = _fixture("foreignCa");
        vm.expectRevert(abi.encodeWithSelector(IPccs.SignatureWrong.selector, pccs.rootKey()));
        pccs.addAuthority(certificate);
    }

    /// TEE-8: a certificate that may not sign certificates makes no authority, whatever its name.
    function test_revertsWhen_certificateIsUnfit() external {
        bytes memory certificate = _fixture("leafAsCa");
        vm.expectPartialRevert(IPccs.CertificateUnfit.selector);
        pccs.addAuthority(certificate);
        certificate = _fixture("caWithoutUsage");
        vm.expectPartialRevert(IPccs.CertificateUnfit.selector);
        pccs.addAuthority(certificate);
        certificate = _fixture("pck");
        vm.expectPartialRevert(IPccs.CertificateUnfit.selector);
        pccs.addAuthority(certificate);
        certificate = _fixture("endedCa");
        vm.expectPartialRevert(X509.CertificateNotValid.selector);
        pccs.addAuthority(certificate);
    }

    /// TEE-8: an authority's certificate is no PCK certificate, and a TCB signer issues none.
    function test_revertsWhen_pckIsNone() external {
        bytes memory certificate = _fixture("platformCa");
        vm.expectRevert();
        pccs.registerPck(authority, certificate);
        certificate = _fixture("pck");
        vm.expectRevert(abi.encodeWithSelector(IPccs.AuthorityUnfit.selector, signer, IPccs.Kind.TcbSigning));
        pccs.registerPck(signer, certificate);
        certificate = _fixture("pckWithoutExtension");
        vm.expectRevert();
        pccs.registerPck(authority, certificate);
    }

    /// TEE-7: a certificate on its issuer's list is refused at once, and its record is known as revoked.
    function test_revokesCertificate() external {
        vm.warp(NOW + 60);
        pccs.updateCrl(authority, _fixture("pckCrlRevoked"));
        (bool known, bool revoked) = pccs.pckStatus(pck);
        vm.assertTrue(known && revoked, "known, and revoked");
        bytes memory certificate = _fixture("pck");
        vm.expectRevert(abi.encodeWithSelector(IPccs.Revoked.selector, authority, pck.serial));
        pccs.registerPck(authority, certificate);
        _expectRefusal(_td(), abi.encodeWithSelector(IPccs.Revoked.selector, authority, pck.serial));
    }

    /// TEE-7: a list in another order than the one before revokes no less.
    function test_revokesByAReorderedList() external {
        vm.warp(NOW + 60);
        pccs.updateCrl(authority, _fixture("pckCrlReordered"));
        (, bool revoked) = pccs.pckStatus(pck);
        vm.assertTrue(revoked, "revoked");
    }

    /// TEE-7: a revoked authority's certificates no longer count, and it cannot come back.
    function test_revokesAuthority() external {
        vm.warp(NOW + 60);
        pccs.updateCrl(pccs.rootKey(), _fixture("rootCrlPlatformCa"));
        _expectRefusal(_td(), abi.encodeWithSelector(IPccs.AuthorityRevoked.selector, authority));
        bytes memory certificate = _fixture("platformCa");
        vm.expectPartialRevert(IPccs.Revoked.selector);
        pccs.addAuthority(certificate);
    }

    /// TEE-7: what a revoked TCB signer signed no longer counts, until another signs it again.
    function test_revokesSigner() external {
        vm.warp(NOW + 60);
        pccs.updateCrl(pccs.rootKey(), _fixture("rootCrlSigner"));
        _expectRefusal(_td(), IPccs.TcbInfoNotCurrent.selector);
        bytes32 second = pccs.addAuthority(_fixture("secondSigner"));
        vm.assertNotEq(second, signer, "authorities are named by their keys");
        _bringBy(second, "secondSignerKey");
        _attest(_td());
        (uint8 level,,,,,) = attestations.attestation(providerId);
        vm.assertEq(level, 2, "level by the second signer");
    }

    /// TEE-8: a list of another issuer's key, an older one or the same again is refused.
    function test_revertsWhen_listIsNoNewOneOfTheIssuer() external {
        vm.warp(NOW + 60);
        bytes memory crl = _fixture("pckCrlForeign");
        vm.expectRevert(abi.encodeWithSelector(IPccs.SignatureWrong.selector, authority));
        pccs.updateCrl(authority, crl);
        crl = _fixture("rootCrlSigner");
        vm.expectPartialRevert(IPccs.WrongIssuer.selector);
        pccs.updateCrl(authority, crl);
        crl = _fixture("pckCrl");
        vm.expectPartialRevert(IPccs.NotNewer.selector);
        pccs.updateCrl(authority, crl);
        pccs.updateCrl(authority, _fixture("pckCrlSame"));
        vm.expectPartialRevert(IPccs.NotNewer.selector);
        pccs.updateCrl(authority, crl);
    }

    /// TEE-7: without a list of the root's that is current, no authority counts.
    function test_revertsWhen_rootListIsOutdated() external {
        vm.warp(NOW + 29 days + 1);
        bytes memory certificate = _fixture("otherPck");
        vm.expectPartialRevert(IPccs.AuthorityNotCurrent.selector);
        pccs.registerPck(authority, certificate);
    }

    /// TEE-6: a change of any one byte of a certificate or list is refused.
    function test_refusesEveryMutation(uint256 at, uint8 change) external {
        vm.assume(change != 0);
        vm.warp(NOW + 60);
        bytes memory certificate = _fixture("otherPck");
        bytes memory crl = _fixture("pckCrlRevoked");
        bytes memory ca = _fixture("secondSigner");
        uint256 mutated = at % certificate.length;
        certificate[mutated] ^= bytes1(change);
        crl[at % crl.length] ^= bytes1(change);
        ca[at % ca.length] ^= bytes1(change);
        vm.expectRevert();
        pccs.registerPck(authority, certificate);
        vm.expectRevert();
        pccs.updateCrl(authority, crl);
        vm.expectRevert();
        pccs.addAuthority(ca);
    }

    /// TEE-19: any bytes are read or refused within the gas of their length; DER that goes on for ever does not.
    function test_boundsTheGasOfReading(bytes calldata noise, uint256 at, uint256 cut) external {
        vm.warp(NOW + 60);
        bytes memory crl = _fixture("pckCrlRevoked");
        for (uint256 i; i < noise.length && i < 8; i++) {
            crl[(at % crl.length + i) % crl.length] = noise[i];
        }
        uint256 length = cut % 4 == 0 ? cut % crl.length : crl.length;
        assembly ("memory-safe") {
            mstore(crl, length)
        }
        uint256 before = gasleft();
        try pccs.updateCrl(authority, crl) {} catch {}
        try pccs.addAuthority(noise) {} catch {}
        try pccs.registerPck(authority, noise) {} catch {}
        vm.assertLt(before - gasleft(), 500_000, "gas");
    }

    function _bringBy(bytes32 who, string memory key) private {
        (bytes memory info, bytes memory identity) = _documents(NOW - 1 hours, 17);
        (bytes32 r, bytes32 s) = vm.signP256(_key(key), sha256(info));
        pccs.updateTcbInfo(who, info, r, s);
        (r, s) = vm.signP256(_key(key), sha256(identity));
        pccs.updateQeIdentity(who, identity, r, s);
    }
}
