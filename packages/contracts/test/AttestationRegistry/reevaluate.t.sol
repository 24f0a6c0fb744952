// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";

contract ReevaluateTest is SyntheticPlatform {
    bytes private quote;
    bytes private signatures;

    function setUp() public override {
        super.setUp();
        (quote, signatures) = _sign(_td());
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
    }

    /// TEE-15: once the certificate is revoked, anyone takes the level away with the same evidence.
    function test_takesTheLevelOfARevokedMachine() external {
        vm.warp(NOW + 60);
        pccs.updateCrl(authority, _fixture("pckCrlRevoked"));
        bytes memory reason = abi.encodeWithSelector(IPccs.Revoked.selector, authority, pck.serial);
        vm.expectEmit(address(attestations));
        emit IAttestationRegistry.AttestationRevoked(providerId, reason);
        _reevaluate(17);
        vm.assertEq(_level(), 0, "level");
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.NotAttested.selector, providerId));
        this.reevaluate(17);
    }

    /// TEE-15: once Intel rates the platform lower, so does the result; and higher again.
    function test_followsTheRating() external {
        vm.warp(NOW + 60);
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW + 60, 17);
        info.status = "OutOfDate";
        _bring(info);
        _reevaluate(17);
        vm.assertEq(_level(), 0, "level of what is out of date");

        vm.warp(NOW + 120);
        _bring(SyntheticCollateral.tcbInfo(NOW + 120, 17));
        _reevaluate(17);
        vm.assertEq(_level(), 2, "level of what is up to date");
    }

    /// TEE-15: once every level lies above the platform, the level is taken away.
    function test_takesTheLevelBelowEveryLevel() external {
        vm.warp(NOW + 60);
        SyntheticCollateral.Identity memory identity = SyntheticCollateral.identity(NOW + 60, 17);
        identity.isvSvn = 5;
        _bring(identity);
        _reevaluate(17);
        vm.assertEq(_level(), 0, "level");
    }

    /// TEE-15: missing or outdated collateral changes nothing.
    function test_changesNothingWithoutCollateral() external {
        vm.warp(NOW + 6 days);
        vm.warp(NOW + 35 days);
        vm.expectPartialRevert(IPccs.AuthorityNotCurrent.selector);
        this.reevaluate(17);
        vm.assertEq(attestations.attestationOf(providerId).level, 2, "level as kept");
    }

    /// TEE-15: it never lengthens a result beyond 7 days from its quote.
    function test_keepsTheSevenDays(uint256 elapsed) external {
        elapsed = bound(elapsed, 0, 20 days);
        vm.warp(NOW + elapsed);
        _reevaluate(17);
        vm.assertEq(attestations.attestationOf(providerId).expiry, NOW + 7 days, "expiry");
    }

    /// TEE-15: other evidence than what the result rests on says nothing.
    function test_revertsWhen_evidenceDiffers() external {
        (bytes memory other, bytes memory otherSignatures) = _signAs(_td(), _key("otherPckKey"));
        vm.expectPartialRevert(IAttestationRegistry.EvidenceWrong.selector);
        attestations.reevaluate(providerId, other, otherSignatures, pck, 17);
    }

    /// TEE-16: the track is the provider's choice: whoever rates again does so by the evaluation that was used.
    function test_keepsItsTrack() external {
        _evaluation(18);
        _evaluation(19);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.EvaluationNotKept.selector, 17, 18));
        this.reevaluate(18);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.EvaluationNotKept.selector, 17, 19));
        this.reevaluate(19);
        _reevaluate(17);
        vm.assertEq(attestations.attestationOf(providerId).evaluation, 17, "evaluation");
        vm.assertEq(_level(), 2, "level");
    }

    /// TEE-15: evidence of one provider does not revive another one's result on the same machine.
    function test_revertsWhen_machineWentToAnother() external {
        vm.warp(NOW + 7 days + 1);
        bytes32 binding = attestations.bindingHash(renter, _binding());
        (bytes memory other, bytes memory otherSignatures) = _signed(binding);
        vm.prank(renter);
        attestations.attest(otherId, other, otherSignatures, pck, 17, _binding());
        vm.expectPartialRevert(IAttestationRegistry.PlatformTaken.selector);
        this.reevaluate(17);
    }

    /// TEE-17: a provider gives its attestation up, and the machine is free.
    function test_revokesItsOwn() external {
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.NotProvider.selector, providerId, stranger)
        );
        vm.prank(stranger);
        attestations.revoke(providerId);
        vm.prank(provider);
        attestations.revoke(providerId);
        vm.assertEq(_level(), 0, "level");

        (bytes memory other, bytes memory otherSignatures) =
            _signed(attestations.bindingHash(renter, _binding()));
        vm.prank(renter);
        attestations.attest(otherId, other, otherSignatures, pck, 17, _binding());
        (uint8 level,,,,,) = attestations.attestation(otherId);
        vm.assertEq(level, 2, "level of the next");
    }

    function reevaluate(uint16 evaluation) external {
        _reevaluate(evaluation);
    }

    function _reevaluate(uint16 evaluation) private {
        vm.prank(stranger);
        attestations.reevaluate(providerId, quote, signatures, pck, evaluation);
    }

    function _signed(bytes32 reportData) private view returns (bytes memory, bytes memory) {
        SyntheticQuote.Td memory td = _td();
        td.reportDataHigh = reportData;
        return _sign(td);
    }

    function _evaluation(uint256 number) private {
        _bring(SyntheticCollateral.tcbInfo(NOW - 1 hours, number));
        _bring(SyntheticCollateral.identity(NOW - 1 hours, number));
    }

    function _level() private view returns (uint8 level) {
        (level,,,,,) = attestations.attestation(providerId);
    }
}
