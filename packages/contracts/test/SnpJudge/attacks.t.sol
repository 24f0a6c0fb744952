// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SnpJudge} from "../../src/compute/attestation/SnpJudge.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";
import {SnpTest} from "./SnpTest.sol";

/// @notice Evidence that is made to be believed and not to be refuted.
contract SnpAttacksTest is SnpTest {
    /// @dev Where the evidence's certificates begin.
    uint256 private constant CERTIFICATES = 1 + 1184;
    uint256 private constant SIGNATURE = 512;

    /// TEE-26: a certificate so long that hashing it takes more gas than a transaction may have (EIP-7825), under AMD's true
    /// signature of another, which passes all that is looked at before. It has a fault that is told from its length alone.
    function test_attack_certificateTooLongToHash() external view {
        bytes memory shown = this.withAuthority(evidence, 60_000);
        bytes memory call = abi.encodeCall(judge.isFaulty, (ISnpJudge.Fault.Authority, claims, shown, ""));
        (bool ok, bytes memory answer) = address(judge).staticcall{gas: 4_000_000}(call);

        vm.assertTrue(ok && abi.decode(answer, (bool)), "refuted");
    }

    /// TEE-26: the longest certificates that have the form are hashed within a refutation's gas.
    function test_attack_longestCertificate() external view {
        bytes memory shown = this.withAuthority(evidence, 4096 - 4 - 4 - 2 - 5 - SIGNATURE);
        vm.assertFalse(judge.isFaulty(ISnpJudge.Fault.Form, claims, shown, ""), "of the form");
        bytes memory call = abi.encodeCall(judge.isFaulty, (ISnpJudge.Fault.Authority, claims, shown, ""));
        (bool ok, bytes memory answer) = address(judge).staticcall{gas: 4_000_000}(call);

        vm.assertTrue(ok && abi.decode(answer, (bool)), "refuted");
    }

    /// TEE-26: AMD's signatures on its own authorities do for those of a chip's key: all of it is AMD's, and none of it is a chip's.
    function test_attack_authorityAsAChip() external view {
        bytes memory shown = vm.parseJsonBytes(real, ".misplaced");
        vm.assertFalse(amd.isFaulty(ISnpJudge.Fault.Authority, claims, shown, ""), "signed by the root");
        vm.assertFalse(amd.isFaulty(ISnpJudge.Fault.Key, claims, shown, ""), "signed by what stands above");
        vm.assertTrue(amd.isFaulty(ISnpJudge.Fault.Certificate, claims, shown, ""), "of no chip");
        vm.assertTrue(amd.isFaulty(ISnpJudge.Fault.Signature, claims, shown, ""), "no key for reports");
    }

    /// TEE-26: AMD's root signs its revocation lists as it signs authorities. One in the place of the authority, above a key
    /// that anyone made, is no certificate, which is a fault by itself: the key in it cannot be read.
    function test_attack_listAsAnAuthority() external {
        bytes memory shown = _bytes(".lists.asAuthority.evidence");
        _expectRefutable(shown, _bytes(".lists.asAuthority.hints"));
    }

    /// TEE-26: nor is one in the place of the chip's key, with AMD's root as its authority.
    function test_attack_listAsAChip() external {
        _expectRefutable(_bytes(".lists.asKey"), "");
    }

    /// @dev Some fault can be told, whatever others cannot be read.
    function _expectRefutable(bytes memory shown, bytes memory helped) private {
        bytes memory root = _bytes(".lists.root");
        SnpJudge ours = new SnpJudge([root, root, root]);
        ISnpJudge.Claims memory told = claims;
        told.chip = bytes32(_bytes(".lists.chip"));
        bool refuted;
        for (uint256 i = 0; i < FAULTS; i++) {
            try ours.isFaulty(ISnpJudge.Fault(i), told, shown, helped) returns (bool faulty) {
                if (faulty) refuted = true;
            } catch {}
        }
        vm.assertTrue(refuted, "refuted");
    }

    /// @dev Other bytes for the authority to have signed, of this size and of a certificate's version, under the signature that it has.
    function withAuthority(bytes calldata good, uint256 size) external pure returns (bytes memory) {
        uint256 from = CERTIFICATES + 4 + uint16(bytes2(good[CERTIFICATES + 2:CERTIFICATES + 4]));
        bytes memory signed =
            abi.encodePacked(hex"3082", uint16(size), hex"a003020102", new bytes(size - 5), hex"3000");
        bytes memory rest =
            abi.encodePacked(signed, hex"0382020100", good[good.length - SIGNATURE:good.length]);
        return abi.encodePacked(good[:from], hex"3082", uint16(rest.length), rest);
    }
}
