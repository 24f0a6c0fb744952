// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDcapVerifier} from "../../src/compute/interfaces/IDcapVerifier.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {X509} from "../../src/compute/attestation/X509.sol";
import {IntelVector} from "../attestation/IntelVector.sol";

/// @notice Every Intel vector of `test/vectors/tee/manifest.json`, at its date and one second outside of its window.
contract DcapVectorsTest is IntelVector {
    /// TEE-1: a TDX 1.0 quote of a platform that is up to date passes, with what it says of itself.
    function test_acceptsTdxQuoteVersion4() external {
        vm.warp(1_751_328_000);
        Vector memory vector = _load("tdx/v4-phala-uptodate");
        IPccs.Pck memory pck = _bring(vector);
        IDcapVerifier.Claims memory claims = _verify(vector, pck);

        vm.assertEq(uint256(claims.tee), uint256(IPccs.Tee.TDX), "TEE");
        vm.assertEq(uint256(claims.status), uint256(IPccs.Status.UpToDate), "status");
        vm.assertEq(claims.expiry, 1_752_919_235, "ends with its collateral, 2025-07-19T10:00:35Z");
        vm.assertEq(bytes32(pck.fmspc), bytes32(bytes6(hex"b0c06f000000")), "FMSPC");
    }

    /// TEE-1: an SGX quote passes, and the platform's need for configuration is answered.
    function test_acceptsSgxQuoteVersion3() external {
        vm.warp(1_751_328_000);
        Vector memory vector = _load("sgx/v3-phala");
        IPccs.Pck memory pck = _bring(vector);
        IDcapVerifier.Claims memory claims = _verify(vector, pck);

        vm.assertEq(uint256(claims.tee), uint256(IPccs.Tee.SGX), "TEE");
        vm.assertEq(uint256(claims.status), uint256(IPccs.Status.ConfigurationAndSWHardeningNeeded), "status");
        vm.assertEq(claims.expiry, 1_752_919_278, "ends with its collateral, 2025-07-19T10:01:18Z");
        vm.assertEq(uint256(pccs.authorityOf(authority).kind), uint256(IPccs.Kind.ProcessorCa), "issuer");
    }

    /// TEE-2: a TDX 1.5 quote whose domain another domain has power over is refused, all else being good.
    function test_refusesServiceTd() external {
        vm.warp(1_749_945_600);
        Vector memory vector = _load("tdx/v5-automata-alibaba");
        IPccs.Pck memory pck = _bring(vector);
        vm.expectRevert(IDcapVerifier.ServiceTdBound.selector);
        _verify(vector, pck);

        // What is left of the quote is good: collateral rates what it measured.
        (IPccs.Status status, uint40 expiry) = pccs.rate(pck, _measured(vector));
        vm.assertEq(uint256(status), uint256(IPccs.Status.UpToDate), "status");
        vm.assertEq(expiry, 1_751_620_771, "ends with its collateral, 2025-07-04T09:19:31Z");
    }

    /// TEE-3: a platform below every level that Intel rates is refused, though every signature is good.
    function test_refusesPlatformBelowEveryLevel() external {
        vm.warp(1_772_323_200);
        Vector memory vector = _load("tdx/v5-phala-nomatch");
        IPccs.Pck memory pck = _bring(vector);
        vm.expectPartialRevert(IPccs.TcbLevelMissing.selector);
        _verify(vector, pck);
    }

    /// TEE-4: one second after the first of its collateral ends, each vector is refused.
    function test_refusesAfterTheWindow() external {
        bytes4 lists = IPccs.AuthorityNotCurrent.selector;
        _afterWindow("tdx/v4-phala-uptodate", 1_751_328_000, 1_752_919_235, lists);
        _afterWindow("sgx/v3-phala", 1_751_328_000, 1_752_919_278, IPccs.QeIdentityNotCurrent.selector);
        _afterWindow("tdx/v5-automata-alibaba", 1_749_945_600, 1_751_620_771, lists);
        _afterWindow("tdx/v5-phala-nomatch", 1_772_323_200, 1_774_003_275, lists);
    }

    /// TEE-4: one second before the last of its collateral begins, it cannot be brought.
    function test_refusesBeforeTheWindow() external {
        vm.warp(1_750_329_147 - 1);
        _beforeWindow("tdx/v4-phala-uptodate", false);
        vm.warp(1_750_330_571 - 1);
        _beforeWindow("sgx/v3-phala", true);
        vm.warp(1_749_095_025 - 1);
        _beforeWindow("tdx/v5-automata-alibaba", true);
        vm.warp(1_771_412_331 - 1);
        _beforeWindow("tdx/v5-phala-nomatch", true);
    }

    /// TEE-4: in the first and in the last second of its window, a quote passes.
    function test_acceptsWithinTheWholeWindow() external {
        vm.warp(1_750_329_147);
        Vector memory vector = _load("tdx/v4-phala-uptodate");
        IPccs.Pck memory pck = _bring(vector);
        _verify(vector, pck);
        vm.warp(1_752_919_235);
        _verify(vector, pck);
    }

    /// TEE-4: a machine whose own certificate begins after its collateral is unknown until then.
    function test_refusesBeforeTheMachinesCertificate() external {
        vm.warp(1_749_917_066 - 1);
        Vector memory vector = _load("tdx/v5-automata-alibaba");
        _bringAuthorities(vector);
        _bringTcbInfo(vector);
        _bringQeIdentity(vector);
        vm.expectPartialRevert(X509.CertificateNotValid.selector);
        pccs.registerPck(authority, vector.pck);
        vm.warp(1_749_917_066);
        (IPccs.Status status,) = pccs.rate(pccs.registerPck(authority, vector.pck), _measured(vector));
        vm.assertEq(uint256(status), uint256(IPccs.Status.UpToDate), "status from then on");
    }

    /// @dev `reason` says which of its collateral is the first to end. In its last second it is refused for what it is, if at all.
    function _afterWindow(string memory name, uint256 at, uint256 end, bytes4 reason) private {
        setUp();
        vm.warp(at);
        Vector memory vector = _load(name);
        IPccs.Pck memory pck = _bring(vector);
        IPccs.Measured memory measured = _measured(vector);
        vm.warp(end);
        try pccs.rate(pck, measured) returns (IPccs.Status, uint40 expiry) {
            vm.assertEq(expiry, end, name);
        } catch (bytes memory refusal) {
            vm.assertEq(bytes4(refusal), IPccs.TcbLevelMissing.selector, name);
        }
        vm.warp(end + 1);
        vm.expectPartialRevert(reason);
        pccs.rate(pck, measured);
        bool bound = keccak256(bytes(name)) == keccak256("tdx/v5-automata-alibaba");
        // The service domain is refused before dates are looked at.
        vm.expectPartialRevert(bound ? IDcapVerifier.ServiceTdBound.selector : reason);
        _verify(vector, pck);
    }

    /// @dev `tcbInfo` says which of the two documents is the last to begin.
    function _beforeWindow(string memory name, bool tcbInfo) private {
        setUp();
        Vector memory vector = _load(name);
        _bringAuthorities(vector);
        if (tcbInfo) _bringQeIdentity(vector);
        else _bringTcbInfo(vector);
        vm.expectPartialRevert(IPccs.NotCurrent.selector);
        this.bring(vector, tcbInfo);
    }

    function bring(Vector memory vector, bool tcbInfo) external {
        if (tcbInfo) _bringTcbInfo(vector);
        else _bringQeIdentity(vector);
    }
}
