// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";

contract AttestTest is SyntheticPlatform {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    bytes private constant HISTORY_CODE =
        hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

    /// TEE-10: a quote bound to the provider gives it level 2, the workload and the machine, for at most 7 days.
    function test_keepsTheResult() external {
        _attest(_td());
        (
            uint8 level,
            IAttestationRegistry.TeeType teeType,
            bytes27 workload,
            bytes12 platformId,
            uint32 expiry,
            uint256 quorumId
        ) = attestations.attestation(providerId);
        vm.assertEq(quorumId, 0, "no quorum");

        vm.assertEq(level, 2, "level");
        vm.assertEq(uint256(teeType), uint256(IAttestationRegistry.TeeType.TDX), "TEE");
        vm.assertNotEq(bytes32(workload), 0, "workload");
        vm.assertEq(bytes32(platformId), bytes32(pck.platformId), "machine");
        vm.assertEq(expiry, NOW + 7 days, "ends after 7 days");
        vm.assertEq(_status(), uint256(IPccs.Status.UpToDate), "status");
    }

    /// TEE-10: the result ends with the collateral where that is sooner, and counts no more one second later.
    function test_endsWithItsCollateral() external {
        vm.warp(NOW + 28 days);
        _attest(_td());
        (uint8 level,,,, uint32 expiry,) = attestations.attestation(providerId);
        vm.assertEq(level, 2, "level");
        vm.assertEq(expiry, NOW + 29 days, "ends with the revocation lists");

        vm.warp(NOW + 29 days + 1);
        (level,,,,,) = attestations.attestation(providerId);
        vm.assertEq(level, 0, "level after its end");
    }

    /// TEE-10: the operator may attest as the provider does; a stranger with a good quote may not.
    function test_revertsWhen_callerIsAStranger() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.NotProvider.selector, providerId, stranger)
        );
        vm.prank(stranger);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());

        vm.prank(operator);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
        (uint8 level,,,,,) = attestations.attestation(providerId);
        vm.assertEq(level, 2, "level by the operator");
    }

    /// TEE-10: there is nobody to attest for under an id that was never given.
    function test_revertsWhen_providerIsUnknown() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.ProviderUnknown.selector, 99));
        attestations.attest(99, quote, signatures, pck, 17, _binding());
    }

    /// TEE-11: another agent, SSH key, TLS key, GPU evidence or block than the bound one is refused.
    function test_revertsWhen_bindingDiffers() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.setBlockhash(997, keccak256("block 997"));
        IAttestationRegistry.Binding[5] memory wrong =
            [_binding(), _binding(), _binding(), _binding(), _binding()];
        wrong[0].agentId = 8;
        wrong[1].sshHostKeyHash = keccak256("another");
        wrong[2].tlsSpkiHash = keccak256("another");
        wrong[3].gpuEvidenceHash = keccak256("relayed");
        wrong[4].blockNumber = 997;
        for (uint256 i; i < 5; i++) {
            vm.expectPartialRevert(IAttestationRegistry.BindingWrong.selector);
            vm.prank(provider);
            attestations.attest(providerId, quote, signatures, pck, 17, wrong[i]);
        }
    }

    /// TEE-11: a quote bound to one provider serves no other.
    function test_revertsWhen_providerDiffers() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectPartialRevert(IAttestationRegistry.BindingWrong.selector);
        vm.prank(renter);
        attestations.attest(otherId, quote, signatures, pck, 17, _binding());
    }

    /// TEE-11: a quote bound on one chain serves on no other.
    function test_revertsWhen_chainDiffers() external {
        SyntheticQuote.Td memory td = _td();
        vm.chainId(5);
        _expectRefusal(td, IAttestationRegistry.BindingWrong.selector);
    }

    /// TEE-11: the second half of the report data is zero.
    function test_revertsWhen_reportDataGoesOn() external {
        SyntheticQuote.Td memory td = _td();
        td.reportDataLow = bytes32(uint256(1));
        _expectRefusal(td, IAttestationRegistry.BindingWrong.selector);
    }

    /// TEE-12: a block whose hash the chain no longer knows, or does not know yet, is refused.
    function test_revertsWhen_blockIsStale() external {
        SyntheticQuote.Td memory td = _td();
        vm.roll(998 + 257);
        _expectRefusal(td, abi.encodeWithSelector(IAttestationRegistry.BlockHashUnknown.selector, 998));
        vm.roll(998);
        _expectRefusal(td, abi.encodeWithSelector(IAttestationRegistry.BlockHashUnknown.selector, 998));
    }

    /// TEE-12: where the chain keeps 8,191 hashes (EIP-2935), a block of these will do, and none older.
    function test_acceptsBlockOutOfHistory() external {
        SyntheticQuote.Td memory td = _td();
        vm.etch(HISTORY, HISTORY_CODE);
        vm.store(HISTORY, bytes32(uint256(998)), keccak256("block 998"));
        vm.roll(998 + 8192);
        _expectRefusal(td, abi.encodeWithSelector(IAttestationRegistry.BlockHashUnknown.selector, 998));
        vm.roll(998 + 8191);
        _attest(td);
        (uint8 level,,,,,) = attestations.attestation(providerId);
        vm.assertEq(level, 2, "level");
    }

    /// TEE-13: one machine is one provider's while its attestation counts, and free after.
    function test_revertsWhen_machineIsTaken() external {
        _attest(_td());
        SyntheticQuote.Td memory td = _td();
        td.reportDataHigh = attestations.bindingHash(renter, _binding());
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.PlatformTaken.selector, pck.platformId, providerId)
        );
        vm.prank(renter);
        attestations.attest(otherId, quote, signatures, pck, 17, _binding());

        vm.warp(NOW + 7 days + 1);
        vm.prank(renter);
        attestations.attest(otherId, quote, signatures, pck, 17, _binding());
        (uint256 holder,) = attestations.platformOf(pck.platformId);
        vm.assertEq(holder, otherId, "holder of the machine");
    }

    /// TEE-13: a machine with a new certificate is still the same machine.
    function test_revertsWhen_machineIsTakenUnderAnotherCertificate() external {
        _attest(_td());
        IPccs.Pck memory updated = pccs.registerPck(authority, _fixture("updatedPck"));
        SyntheticQuote.Td memory td = _td();
        td.reportDataHigh = attestations.bindingHash(renter, _binding());
        (bytes memory quote, bytes memory signatures) = _signAs(td, _key("otherPckKey"));
        vm.expectPartialRevert(IAttestationRegistry.PlatformTaken.selector);
        vm.prank(renter);
        attestations.attest(otherId, quote, signatures, updated, 17, _binding());
    }

    /// TEE-13: a provider that moves to another machine gives the old one free.
    function test_frees_theMachineLeft() external {
        _attest(_td());
        (bytes memory quote, bytes memory signatures) = _signAs(_td(), _key("otherPckKey"));
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, otherPck, 17, _binding());

        SyntheticQuote.Td memory td = _td();
        td.reportDataHigh = attestations.bindingHash(renter, _binding());
        (quote, signatures) = _sign(td);
        vm.prank(renter);
        attestations.attest(otherId, quote, signatures, pck, 17, _binding());
        (uint8 level,,, bytes12 platformId,,) = attestations.attestation(otherId);
        vm.assertEq(level, 2, "level");
        vm.assertEq(bytes32(platformId), bytes32(pck.platformId), "machine");
    }

    /// TEE-14: what needs an update is kept and shown, but gives no level.
    function test_givesNoLevelToWhatIsOutOfDate() external {
        SyntheticQuote.Td memory td = _td();
        td.teeTcbSvn = td.teeTcbSvn2 = hex"030103";
        _attest(td);
        (uint8 level,,,,,) = attestations.attestation(providerId);
        vm.assertEq(level, 0, "level by default");
        vm.assertEq(_status(), uint256(IPccs.Status.OutOfDate), "status as kept");
        vm.assertEq(attestations.attestationOf(providerId).level, 2, "level as kept");
    }

    /// TEE-11: RTMR 3, which changes at run time, is no part of the workload; the image is.
    function test_workloadIsTheImage(bytes32 rtmr3, bytes32 mrTd) external {
        SyntheticQuote.Td memory td = _td();
        _attest(td);
        (, bytes27 workload) = attestations.platformOf(pck.platformId);
        td.rtmr3 = rtmr3;
        _attest(td);
        (, bytes27 later) = attestations.platformOf(pck.platformId);
        vm.assertEq(bytes32(later), bytes32(workload), "without RTMR 3");
        vm.assume(mrTd != td.mrTd);
        td.mrTd = mrTd;
        _attest(td);
        (, later) = attestations.platformOf(pck.platformId);
        vm.assertNotEq(bytes32(later), bytes32(workload), "with MRTD");
    }

    function _status() private view returns (uint256) {
        return uint256(attestations.attestationOf(providerId).status);
    }
}
