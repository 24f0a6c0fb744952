// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IAttesterQuorums} from "../../src/compute/interfaces/IAttesterQuorums.sol";
import {IVerdicts} from "../../src/compute/interfaces/IVerdicts.sol";
import {VerdictTest} from "./VerdictTest.sol";

contract AttestByQuorumTest is VerdictTest {
    /// TEE-24: a verdict that a quorum signed gives the provider level 1, which names the quorum, until it ends.
    function test_givesLevelOne() external {
        IVerdicts.Verdict memory verdict = _verdict();
        bytes32 digest = attestations.verdictHash(verdict);
        vm.expectEmit(address(attestations));
        emit IVerdicts.AttestedByQuorum(providerId, quorumId, digest, verdict, _binding(), _signers());
        vm.expectEmit(address(attestations));
        emit IVerdicts.EvidencePublished(keccak256(evidence), evidence);
        _put(verdict, evidence);

        (
            uint8 level,
            IAttestationRegistry.TeeType teeType,
            bytes27 workload,
            bytes12 platformId,
            uint32 expiry,
            uint256 named
        ) = attestations.attestation(providerId);
        vm.assertEq(level, 1, "level");
        vm.assertEq(uint256(teeType), uint256(IAttestationRegistry.TeeType.SEV_SNP), "TEE");
        vm.assertEq(bytes32(workload), bytes32(bytes27(verdict.workload)), "workload");
        vm.assertEq(bytes32(platformId), bytes32(bytes12(verdict.devices[0])), "chip");
        vm.assertEq(expiry, verdict.expiry, "expiry");
        vm.assertEq(named, quorumId, "quorum");
        vm.assertEq(attestations.verdictOf(providerId, false).digest, digest, "verdict");

        vm.warp(verdict.expiry);
        vm.assertEq(_levelOf(providerId), 1, "to its last second");
        skip(1);
        vm.assertEq(_levelOf(providerId), 0, "over");
    }

    /// TEE-24: a verdict counts for less than 7 days from its signing, and comes on chain in that time.
    function test_revertsWhen_itsTimeIsWrong() external {
        IVerdicts.Verdict memory verdict = _verdict();
        verdict.expiry++;
        _expectDates(verdict);
        verdict = _verdict();
        verdict.issuedAt++;
        _expectDates(verdict);
        verdict = _verdict();
        verdict.expiry = uint40(block.timestamp);
        skip(1);
        _expectDates(verdict);
    }

    function _expectDates(IVerdicts.Verdict memory verdict) private {
        _expectRefusal(
            verdict,
            abi.encodeWithSelector(
                IVerdicts.VerdictOutOfDate.selector, verdict.issuedAt, verdict.expiry, block.timestamp
            )
        );
    }

    /// TEE-24: only the provider and its operator put a verdict on chain, on that provider of that owner.
    function test_revertsWhen_callerIsAnother() external {
        IVerdicts.Verdict memory verdict = _verdict();
        bytes memory signatures = _sign(verdict);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.NotProvider.selector, providerId, stranger)
        );
        vm.prank(stranger);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);
        verdict.provider = renter;
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.VerdictOnAnother.selector, renter, provider));
        verdict = _verdict();
        signatures = _sign(verdict);
        vm.prank(operator);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);
    }

    /// TEE-24: what was signed counts, nothing else: other evidence, another binding, other signers are refused.
    function test_revertsWhen_somethingElseWasSigned() external {
        IVerdicts.Verdict memory verdict = _verdict();
        bytes memory signatures = _sign(verdict);
        verdict.workload ^= bytes32(uint256(1));
        vm.expectPartialRevert(IAttesterQuorums.SignerNotMember.selector);
        vm.prank(provider);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);

        verdict = _verdict();
        verdict.evidenceHash = 0;
        _expectRefusal(
            verdict,
            abi.encodeWithSelector(
                IVerdicts.EvidenceNotSigned.selector, bytes32(0), keccak256(evidence), evidence.length
            )
        );
        bytes32 wanted = _verdict().reportData;
        verdict = _verdict();
        verdict.reportData = 0;
        _expectRefusal(
            verdict, abi.encodeWithSelector(IAttestationRegistry.BindingWrong.selector, bytes32(0), wanted)
        );
    }

    /// TEE-24: a verdict comes on chain once, also after it was taken back.
    function test_revertsWhen_usedBefore() external {
        IVerdicts.Verdict memory verdict = _verdict();
        _put(verdict, evidence);
        vm.prank(provider);
        attestations.revoke(providerId);
        vm.assertEq(_levelOf(providerId), 0, "taken back");
        bytes32 digest = attestations.verdictHash(verdict);
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.VerdictUsed.selector, digest));
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.NotAttested.selector, providerId));
        vm.prank(provider);
        attestations.revoke(providerId);
    }

    /// TEE-25: a machine is one provider's in a quorum while its verdict counts; another quorum cannot keep it away.
    function test_revertsWhen_theMachineIsTaken() external {
        _put(_verdict(), evidence);
        IVerdicts.Verdict memory verdict = _verdict();
        (verdict.providerId, verdict.provider) = (otherId, renter);
        verdict.reportData = attestations.bindingHash(renter, _binding());
        bytes memory signatures = _sign(verdict);
        vm.expectRevert(
            abi.encodeWithSelector(IVerdicts.DeviceTaken.selector, verdict.devices[0], providerId)
        );
        vm.prank(renter);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);

        (address[] memory members,) = quorums.quorumOf(quorumId);
        IVerdicts.Verdict memory elsewhere = _verdict();
        (elsewhere.providerId, elsewhere.provider) = (otherId, renter);
        elsewhere.reportData = verdict.reportData;
        elsewhere.quorumId = quorums.createQuorum(members, 1);
        bytes memory others = _sign(elsewhere);
        vm.prank(renter);
        attestations.attestByQuorum(elsewhere, _binding(), others, evidence);
        vm.assertEq(_levelOf(providerId), 1, "stays");

        vm.prank(provider);
        attestations.revoke(providerId);
        vm.prank(renter);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);
        vm.assertEq(_levelOf(otherId), 1, "free again");
    }

    /// TEE-25: a verdict on a machine names one chip, one on GPUs up to 32 devices, each once.
    function test_revertsWhen_devicesAreMalformed() external {
        IVerdicts.Verdict memory verdict = _verdict();
        verdict.devices = new bytes32[](2);
        (verdict.devices[0], verdict.devices[1]) = (bytes32(uint256(1)), bytes32(uint256(2)));
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.DevicesMalformed.selector, 2));
        verdict.evidence = IVerdicts.Evidence.Hopper;
        (verdict.devices[0], verdict.devices[1]) = (bytes32(uint256(2)), bytes32(uint256(2)));
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.DevicesMalformed.selector, 2));
        verdict.devices = new bytes32[](1);
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.DevicesMalformed.selector, 1));
        verdict.devices = new bytes32[](0);
        _expectRefusal(verdict, abi.encodeWithSelector(IVerdicts.DevicesMalformed.selector, 0));
    }

    /// TEE-28: a verdict on GPUs stands beside the machine's, names its quorum, and is not for machines that bind none.
    function test_keepsGpusApart() external {
        IVerdicts.Verdict memory verdict = _verdict();
        verdict.evidence = IVerdicts.Evidence.Blackwell;
        verdict.devices = new bytes32[](2);
        (verdict.devices[0], verdict.devices[1]) = (bytes32(uint256(1)), bytes32(uint256(2)));
        _put(verdict, evidence);
        vm.assertEq(_levelOf(providerId), 0, "says nothing of the machine");
        (uint256 named, uint256 devices,, bytes32 reportData, uint40 expiry) =
            attestations.gpuAttestation(providerId);
        vm.assertEq(named, quorumId, "quorum");
        vm.assertEq(devices, 2, "devices");
        vm.assertEq(reportData, verdict.reportData, "report data");
        vm.assertEq(expiry, verdict.expiry, "expiry");
        vm.warp(verdict.expiry + 1);
        (named,,,,) = attestations.gpuAttestation(providerId);
        vm.assertEq(named, 0, "over");

        vm.warp(NOW + 1);
        IAttestationRegistry.Binding memory bare = _binding();
        bare.gpuEvidenceHash = 0;
        verdict.reportData = attestations.bindingHash(provider, bare);
        bytes memory signatures = _sign(verdict);
        vm.expectRevert(IVerdicts.GpuNotBound.selector);
        vm.prank(provider);
        attestations.attestByQuorum(verdict, bare, signatures, evidence);
    }
}
