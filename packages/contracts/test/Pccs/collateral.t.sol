// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";

contract PccsCollateralTest is SyntheticPlatform {
    /// TEE-8: what is older than what is kept, or as old, is refused; what is newer takes its place.
    function test_revertsWhen_documentIsNotNewer() external {
        vm.expectPartialRevert(IPccs.NotNewer.selector);
        this.bring(SyntheticCollateral.tcbInfo(NOW - 1 hours, 17));
        vm.expectPartialRevert(IPccs.NotNewer.selector);
        this.bring(SyntheticCollateral.tcbInfo(NOW - 2 hours, 17));
        _bring(SyntheticCollateral.tcbInfo(NOW - 1 minutes, 17));
        (uint256 issueDate,) = pccs.tcbInfoDates(IPccs.Tee.TDX, pck.fmspc, pck.pceId, 17);
        vm.assertEq(issueDate, NOW - 1 minutes, "the newer");
    }

    /// TEE-8: what is signed by another key than the named signer's is refused, and only TCB signers sign.
    function test_revertsWhen_signerIsAnother() external {
        (bytes memory json,) = _documents(NOW, 17);
        (bytes32 r, bytes32 s) = vm.signP256(_key("pckKey"), sha256(json));
        vm.expectRevert(abi.encodeWithSelector(IPccs.SignatureWrong.selector, signer));
        pccs.updateTcbInfo(signer, json, r, s);
        vm.expectRevert(
            abi.encodeWithSelector(IPccs.AuthorityUnfit.selector, authority, IPccs.Kind.PlatformCa)
        );
        pccs.updateTcbInfo(authority, json, r, s);
    }

    /// TEE-9: who brings the newest evaluations, as anyone may, takes nothing from the standard track, which Intel keeps a
    /// year behind: in June of 2025 it signed 17 for it, beside 18 and 19.
    function test_keepsTheStandardTrack() external {
        for (uint256 number = 18; number < 25; number++) {
            _bring(SyntheticCollateral.tcbInfo(NOW, number));
            _bring(SyntheticCollateral.identity(NOW, number));
        }
        IPccs.Evaluations memory accepted = pccs.evaluationsOf(IPccs.Tee.TDX);
        vm.assertEq(accepted.latest, 24, "early track");
        vm.assertEq(accepted.oldest, 17, "oldest");
        _bring(SyntheticCollateral.tcbInfo(NOW, 17));
        _attest(_td());
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        attestations.verifyQuote(quote, signatures, pck, 24);
        vm.assertEq(pccs.evaluationsOf(IPccs.Tee.SGX).latest, 0, "of the other TEE");
    }

    /// TEE-9: an evaluation eight behind the newest is over, whoever still has documents of it, and one to come is none yet.
    function test_endsEvaluations() external {
        _bring(SyntheticCollateral.identity(NOW, 25));
        _expectRefusal(_td(), abi.encodeWithSelector(IPccs.EvaluationNotAccepted.selector, 17, 25, 18));
        vm.expectRevert(abi.encodeWithSelector(IPccs.EvaluationNotAccepted.selector, 17, 25, 18));
        this.bring(SyntheticCollateral.tcbInfo(NOW, 17));
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectRevert(abi.encodeWithSelector(IPccs.EvaluationNotAccepted.selector, 26, 25, 18));
        attestations.verifyQuote(quote, signatures, pck, 26);
    }

    /// TEE-3: TCB info of another platform model or PCE says nothing on this one.
    function test_separatesModels() external {
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 18);
        info.fmspc = "00A1B2C30001";
        _bring(info);
        info.fmspc = "00A1B2C30000";
        info.pceId = "0001";
        _bring(info);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        vm.expectPartialRevert(IPccs.TcbInfoNotCurrent.selector);
        attestations.verifyQuote(quote, signatures, pck, 18);
    }

    /// TEE-19: members in another order and unknown members are no matter.
    function test_readsMembersInAnyOrder() external {
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
        info.extra = '"unknown":{"a":[1,{"b":"}]"},-2.5e3,null,true],"c":""},"more":"\xc3\xa9",';
        _bring(info);
        _attest(_td());
    }

    /// TEE-19: members twice, other versions, spaces and escapes are refused, even if Intel had signed them.
    function test_revertsWhen_documentIsMalformed() external {
        string[6] memory extras =
            ['"version":3,', '"fmspc":"00A1B2C30000",', " ", '"a":"\\"",', '"tcbLevels":[],', '"a":},'];
        for (uint256 i; i < 6; i++) {
            SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
            info.extra = extras[i];
            vm.expectRevert();
            this.bring(info);
        }
        SyntheticCollateral.TcbInfo memory wrong = SyntheticCollateral.tcbInfo(NOW, 17);
        wrong.status = "Splendid";
        vm.expectRevert();
        this.bring(wrong);
        wrong = SyntheticCollateral.tcbInfo(NOW, 17);
        wrong.leastSvn = 256;
        vm.expectPartialRevert(IPccs.TooLarge.selector);
        this.bring(wrong);
        wrong = SyntheticCollateral.tcbInfo(NOW, 17);
        wrong.fmspc = "00A1B2C3000G";
        vm.expectRevert();
        this.bring(wrong);
    }

    /// TEE-19: any text, signed or not, is read or refused within the gas of its length.
    function test_boundsTheGasOfReading(uint256 at, bytes1 byte_, uint256 cut) external {
        (bytes memory json,) = _documents(NOW, 17);
        json[at % json.length] = byte_;
        uint256 length = cut % 4 == 0 ? cut % json.length : json.length;
        assembly ("memory-safe") {
            mstore(json, length)
        }
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(json));
        uint256 before = gasleft();
        try pccs.updateTcbInfo{gas: 2_000_000}(signer, json, r, s) {} catch {}
        vm.assertLt(before - gasleft(), 1_500_000, "gas");
    }

    /// TEE-3: a platform below the best level is rated by the next that it reaches, or refused.
    function test_ratesByTheFirstLevelReached(uint8 least) external {
        SyntheticCollateral.TcbInfo memory info = SyntheticCollateral.tcbInfo(NOW, 17);
        info.leastSvn = least;
        _bring(info);
        (bytes memory quote, bytes memory signatures) = _sign(_td());
        IPccs.Status status = attestations.verifyQuote(quote, signatures, pck, 17).status;
        IPccs.Status wanted = least <= 3 ? IPccs.Status.UpToDate : IPccs.Status.OutOfDate;
        vm.assertEq(uint256(status), uint256(wanted), "status");

        IPccs.Pck memory old = pccs.registerPck(authority, _fixture("oldPck"));
        (quote, signatures) = _signAs(_td(), _key("otherPckKey"));
        if (least > 1) vm.expectPartialRevert(IPccs.TcbLevelMissing.selector);
        attestations.verifyQuote(quote, signatures, old, 17);
    }

    function bring(SyntheticCollateral.TcbInfo memory info) external {
        _bring(info);
    }
}
