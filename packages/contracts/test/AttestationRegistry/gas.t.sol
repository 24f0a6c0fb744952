// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBytes} from "solady/utils/LibBytes.sol";

import {AttestationRegistry} from "../../src/compute/attestation/AttestationRegistry.sol";
import {ValidationRegistry} from "../../src/compute/identity/ValidationRegistry.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {IntelVector} from "../attestation/IntelVector.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {SyntheticQuote} from "../attestation/SyntheticQuote.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";
import {IVerdicts} from "../../src/compute/interfaces/IVerdicts.sol";
import {VerdictTest} from "./VerdictTest.sol";

/// @notice Whole transactions, calldata and 21,000 included.
/// forge-config: default.isolate = true
contract AttestationGasTest is SyntheticPlatform {
    /// TEE-20: a bound TDX attestation costs at most 165,000 gas first and 115,000 again; its certificate 200,000.
    function test_gasOfAttestations() external {
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
        _atMost(165_000, "attest, TDX, first");

        vm.warp(NOW + 1 days);
        vm.roll(1100);
        vm.setBlockhash(1098, keccak256("block 1098"));
        AttestationRegistry.Binding memory binding = _binding();
        binding.blockNumber = 1098;
        SyntheticQuote.Td memory td = _td();
        td.reportDataHigh = attestations.bindingHash(provider, binding);
        (quote, signatures) = _sign(td);
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, binding);
        _atMost(115_000, "attest, TDX, again");

        attestations.reevaluate(providerId, quote, signatures, pck, 17);
        _atMost(115_000, "reevaluate, TDX");

        (, uint256 agentId) = registry.agentOf(providerId);
        vm.prank(provider);
        ValidationRegistry(system.validationRegistry)
            .validationRequest(address(attestations), agentId, "", "request");
        attestations.answer(providerId, "request");
        _atMost(150_000, "answer, TDX");
        vm.prank(provider);
        attestations.revoke(providerId);
        _atMost(45_000, "revoke, TDX");

        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
        (info.sgx, info.levelCount) = (true, 17);
        _bring(info);
        string memory what = "updateTcbInfo, SGX, 17 levels";
        vm.assertLe(vm.snapshotGasLastCall("Pccs", what), 970_000, what);
    }

    function _atMost(uint256 limit, string memory what) private {
        vm.assertLe(vm.snapshotGasLastCall("AttestationRegistry", what), limit, what);
    }
}

/// @notice Intel's own documents, whole transactions.
/// forge-config: default.isolate = true
contract CollateralGasTest is IntelVector {
    /// TEE-20: TCB info costs at most 970,000 gas, a QE identity 300,000, a refreshed revocation list 240,000.
    function test_gasOfCollateral() external {
        vm.warp(1_749_945_600);
        Vector memory early = _load("tdx/v5-automata-alibaba");
        _bringAuthorities(early);
        _atMost(1_300_000, "updateCrl, first, 44 certificates");

        vm.warp(1_751_328_000);
        Vector memory tdx = _load("tdx/v4-phala-uptodate");
        pccs.updateCrl(authority, tdx.pckCrl);
        _atMost(240_000, "updateCrl, 44 certificates, none new");
        _bringTcbInfo(tdx);
        _atMost(970_000, "updateTcbInfo, TDX, 2 levels");
        _bringQeIdentity(tdx);
        _atMost(300_000, "updateQeIdentity, TDX, 1 level");
        Vector memory sgx = _load("sgx/v3-phala");
        _bringTcbInfo(sgx);
        _atMost(970_000, "updateTcbInfo, SGX, 11 levels");
        _bringQeIdentity(sgx);
        _atMost(300_000, "updateQeIdentity, SGX, 6 levels");
        pccs.registerPck(authority, tdx.pck);
        _atMost(200_000, "registerPck");

        vm.warp(1_772_323_200);
        Vector memory late = _load("tdx/v5-phala-nomatch");
        pccs.updateCrl(authority, late.pckCrl);
        _atMost(600_000, "updateCrl, 13 of 57 certificates new");
        _bringTcbInfo(late);
        _atMost(970_000, "updateTcbInfo, TDX, 3 levels");
    }

    function _atMost(uint256 limit, string memory what) private {
        vm.assertLe(vm.snapshotGasLastCall("Pccs", what), limit, what);
    }
}

/// @notice Verdicts and their refutation, whole transactions.
/// forge-config: default.isolate = true
contract VerdictGasTest is VerdictTest {
    /// @dev Where the evidence's certificates begin, their greatest length, and that of a signature.
    uint256 private constant CERTIFICATES = 1 + 1184;
    uint256 private constant CERTIFICATE = 4096;
    uint256 private constant SIGNATURE = 512;

    /// TEE-30: refuting a verdict costs at most 4,000,000 gas, where the report's signature is recomputed; putting one on chain
    /// 600,000, of which half is the publication of evidence.
    function test_gasOfVerdicts() external {
        _put(_verdict(), evidence);
        vm.assertLe(
            vm.snapshotGasLastCall("AttestationRegistry", "attestByQuorum, 2 signers, SEV-SNP"),
            600_000,
            "put"
        );
        vm.prank(provider);
        attestations.revoke(providerId);
        vm.snapshotGasLastCall("AttestationRegistry", "revoke, SEV-SNP");

        _refute(".forged.evidence", ".forged.hints", ISnpJudge.Fault.Signature, "refute, signature");
        _refute(".false.key", "", ISnpJudge.Fault.Key, "refute, key");
        _refute(".false.authority", "", ISnpJudge.Fault.Authority, "refute, authority");
        _refute(".false.certificate", "", ISnpJudge.Fault.Certificate, "refute, certificate");
        _refute(".false.debug", "", ISnpJudge.Fault.Policy, "refute, policy");
    }

    /// TEE-30: so it does for evidence that is made to cost: the most additions on the curve, certificates as long as they may be,
    /// as much of anything as is published.
    function test_gasOfDearEvidence() external {
        _refute(
            ".dearest.evidence", ".dearest.hints", ISnpJudge.Fault.Signature, "refute, signature, dearest"
        );
        bytes memory whole = evidence;
        uint256 authorityFrom = _endOfCertificate(whole, CERTIFICATES);
        bytes memory genuine = _cut(whole, CERTIFICATES, authorityFrom);
        bytes memory authority = _cut(whole, authorityFrom, whole.length);
        bytes memory report = _cut(whole, 0, CERTIFICATES);
        bytes memory padded = bytes.concat(report, _pad(genuine), _pad(authority));
        _refuteShown(padded, "", ISnpJudge.Fault.Authority, "refute, authority, dearest");
        padded = bytes.concat(report, _pad(genuine), authority);
        _refuteShown(padded, "", ISnpJudge.Fault.Key, "refute, key, dearest");
        padded = bytes.concat(_cut(_fixture(".false.debug"), 0, CERTIFICATES), _pad(genuine), _pad(authority));
        _refuteShown(padded, "", ISnpJudge.Fault.Policy, "refute, policy, dearest");
        _refuteShown(_noise(65_536), "", ISnpJudge.Fault.Form, "refute, form, dearest");
    }

    /// TEE-30: and at most 20,000 more for each further signer, though all have become guardians meanwhile.
    function test_gasOfTheLargestQuorum() external {
        _makeQuorum(32, 32);
        IVerdicts.Verdict memory verdict = _verdictOn(_fixture(".dearest.evidence"));
        address[] memory signers = _signers();
        _put(verdict, _fixture(".dearest.evidence"));
        vm.snapshotGasLastCall("AttestationRegistry", "attestByQuorum, 32 signers, SEV-SNP");
        for (uint256 i = 0; i < signers.length; i++) {
            vm.startPrank(signers[i]);
            attesters.resignAttester();
            attesters.becomeGuardian();
            vm.stopPrank();
        }
        attestations.refute(
            verdict,
            signers,
            ISnpJudge.Fault.Signature,
            _fixture(".dearest.evidence"),
            _fixture(".dearest.hints")
        );
        string memory what = "refute, signature, dearest, 32 signers";
        vm.assertLe(vm.snapshotGasLastCall("AttestationRegistry", what), 4_000_000 + 30 * 20_000, what);
        vm.assertEq(attesters.guardiansBefore(NOW, 32).length, 0, "none is left");
    }

    function _refute(string memory name, string memory help, ISnpJudge.Fault fault, string memory what)
        private
    {
        _refuteShown(_fixture(name), bytes(help).length == 0 ? bytes("") : _fixture(help), fault, what);
    }

    function _refuteShown(bytes memory shown, bytes memory helped, ISnpJudge.Fault fault, string memory what)
        private
    {
        IVerdicts.Verdict memory verdict = _verdictOn(shown);
        address[] memory signers = _signers();
        uint256 start = vm.snapshotState();
        _put(verdict, shown);
        attestations.refute(verdict, signers, fault, shown, helped);
        vm.assertLe(vm.snapshotGasLastCall("AttestationRegistry", what), 4_000_000, what);
        vm.revertToState(start);
    }

    /// @dev A certificate of the greatest length under the same signature.
    function _pad(bytes memory certificate) private pure returns (bytes memory) {
        uint256 size = CERTIFICATE - 4 - 4 - 2 - 5 - SIGNATURE;
        bytes memory signature = _cut(certificate, certificate.length - SIGNATURE, certificate.length);
        bytes memory signed =
            abi.encodePacked(hex"3082", uint16(size), hex"a003020102", _noise(size - 5), hex"3000");
        return abi.encodePacked(hex"3082", uint16(CERTIFICATE - 4), signed, hex"0382020100", signature);
    }

    /// @dev Bytes that are not zero, which take the most gas in calldata.
    function _noise(uint256 size) private pure returns (bytes memory noise) {
        noise = new bytes(size);
        for (uint256 i = 0; i < size; i++) {
            noise[i] = 0xff;
        }
    }

    function _endOfCertificate(bytes memory data, uint256 from) private pure returns (uint256) {
        return from + 4 + (uint256(uint8(data[from + 2])) << 8) + uint8(data[from + 3]);
    }

    function _cut(bytes memory data, uint256 from, uint256 until) private pure returns (bytes memory) {
        return LibBytes.slice(data, from, until);
    }
}
