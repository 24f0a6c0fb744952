// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Crl} from "../../src/compute/attestation/Crl.sol";
import {Der} from "../../src/compute/attestation/Der.sol";
import {Json} from "../../src/compute/attestation/Json.sol";
import {X509} from "../../src/compute/attestation/X509.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {SyntheticCollateral} from "../attestation/SyntheticCollateral.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";

/// @notice Collateral with one thing wrong and all else good, its signature too: each is refused for that.
contract PccsRefusalsTest is SyntheticPlatform {
    using SyntheticCollateral for SyntheticCollateral.TcbInfo;
    using SyntheticCollateral for SyntheticCollateral.Identity;

    /// TEE-19: TCB info of another kind or version, without a member, with one twice or with one in no form is refused.
    function test_revertsWhen_tcbInfoIsUnfit() external {
        _expectInfo(
            '"id":"TDX"', '"id":"TDZ"', abi.encodeWithSelector(IPccs.WrongKind.selector, bytes32("TDZ"))
        );
        _expectInfo('"version":3', '"version":2', abi.encodeWithSelector(IPccs.WrongVersion.selector, 2));
        _expectInfo('"tcbType":0', '"tcbType":1', abi.encodeWithSelector(IPccs.WrongVersion.selector, 1));
        _expectInfo('"fmspc"', '"fmspd"', abi.encodeWithSelector(IPccs.MembersMissing.selector, 0x77f));
        _expectInfo(
            '"tdxModule"', '"tdxModulf"', abi.encodeWithSelector(IPccs.MembersMissing.selector, 0x5ff)
        );
        _expectInfo(
            '"tcbType":0',
            '"tcbType":0,"pceId":"0000"',
            abi.encodeWithSelector(IPccs.MemberTwice.selector, bytes32("pceId"))
        );
        _expectInfo(
            '"pcesvn":13', '"pcesvn":65536', abi.encodeWithSelector(IPccs.TooLarge.selector, 65_536, 65_535)
        );
        _expectInfo('"OutOfDate"', '"OutOfDato"', abi.encodePacked(Json.JsonUnexpected.selector));
        _expectInfo('"id":"TDX"', '"id" :"TDX"', abi.encodePacked(Json.JsonUnexpected.selector));
    }

    /// TEE-19: and so is the identity of a quoting enclave.
    function test_revertsWhen_identityIsUnfit() external {
        _expectIdentity(
            '"id":"TD_QE"', '"id":"QVE"', abi.encodeWithSelector(IPccs.WrongKind.selector, bytes32("QVE"))
        );
        _expectIdentity('"version":2', '"version":1', abi.encodeWithSelector(IPccs.WrongVersion.selector, 1));
        _expectIdentity(
            '"mrsigner"', '"mrsignes"', abi.encodeWithSelector(IPccs.MembersMissing.selector, 0xfbf)
        );
        _expectIdentity(
            '"isvprodid":2',
            '"isvprodid":65536',
            abi.encodeWithSelector(IPccs.TooLarge.selector, 65_536, 65_535)
        );
    }

    /// TEE-4: collateral that is not of now is refused: not yet issued, or to be replaced by now.
    function test_revertsWhen_documentIsNotOfNow() external {
        bytes memory json = bytes(SyntheticCollateral.tcbInfo(NOW + 1, 17).json());
        _expectInfo(json, abi.encodeWithSelector(IPccs.NotCurrent.selector, NOW + 1, NOW + 1 + 30 days, NOW));
        json = bytes(SyntheticCollateral.tcbInfo(NOW - 30 days - 1, 17).json());
        _expectInfo(json, abi.encodeWithSelector(IPccs.NotCurrent.selector, NOW - 30 days - 1, NOW - 1, NOW));
        json = bytes(SyntheticCollateral.identity(NOW + 1, 17).json());
        _expectIdentity(
            json, abi.encodeWithSelector(IPccs.NotCurrent.selector, NOW + 1, NOW + 1 + 30 days, NOW)
        );

        bytes memory crl = _fixture("pckCrlRevoked");
        vm.warp(NOW - 30 days);
        vm.expectPartialRevert(IPccs.NotCurrent.selector);
        pccs.updateCrl(authority, crl);
    }

    /// TEE-8: nobody's list is taken in, and no list of a signer of collateral, which issues nothing.
    function test_revertsWhen_listIsNobodys() external {
        bytes memory crl = _fixture("pckCrlSame");
        vm.expectRevert(abi.encodeWithSelector(IPccs.AuthorityUnknown.selector, bytes32(uint256(2))));
        pccs.updateCrl(bytes32(uint256(2)), crl);
        vm.expectRevert(abi.encodeWithSelector(IPccs.AuthorityUnfit.selector, signer, IPccs.Kind.TcbSigning));
        pccs.updateCrl(signer, crl);
    }

    /// TEE-19: what is not DER, or not a list or certificate of Intel's form, is refused for its form.
    function test_revertsWhen_formIsAnother() external {
        bytes memory crl = _fixture("pckCrlSame");
        vm.expectPartialRevert(Der.DerMalformed.selector);
        pccs.updateCrl(authority, bytes.concat(crl, hex"00"));
        // The version, an INTEGER of one byte, is the first of what is signed.
        bytes memory third = bytes.concat(crl);
        third[10] = 0x02;
        vm.expectPartialRevert(Crl.CrlMalformed.selector);
        pccs.updateCrl(authority, third);
        vm.expectPartialRevert(Der.DerMalformed.selector);
        pccs.addAuthority("");

        bytes memory certificate = _fixture("pckWithoutExtension");
        vm.expectPartialRevert(Der.DerMalformed.selector);
        pccs.registerPck(authority, certificate);
        bytes memory first = bytes.concat(_fixture("pck"));
        first[12] = 0x00;
        vm.expectPartialRevert(X509.CertificateMalformed.selector);
        pccs.registerPck(authority, first);
    }

    function _expectInfo(string memory found, string memory put, bytes memory reason) private {
        string memory json = vm.replace(SyntheticCollateral.tcbInfo(NOW, 17).json(), found, put);
        _expectInfo(bytes(json), reason);
    }

    function _expectInfo(bytes memory json, bytes memory reason) private {
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(json));
        _expect(reason);
        pccs.updateTcbInfo(signer, json, r, s);
    }

    function _expectIdentity(string memory found, string memory put, bytes memory reason) private {
        string memory json = vm.replace(SyntheticCollateral.identity(NOW, 17).json(), found, put);
        _expectIdentity(bytes(json), reason);
    }

    function _expectIdentity(bytes memory json, bytes memory reason) private {
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(json));
        _expect(reason);
        pccs.updateQeIdentity(signer, json, r, s);
    }

    /// @dev A selector alone stands for any arguments.
    function _expect(bytes memory reason) private {
        if (reason.length == 4) vm.expectPartialRevert(bytes4(reason));
        else vm.expectRevert(reason);
    }
}
