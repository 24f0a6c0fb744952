// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SnpJudge} from "../../src/compute/attestation/SnpJudge.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";
import {SnpTest} from "./SnpTest.sol";

contract IsFaultyTest is SnpTest {
    /// @dev Of the faults, those that the evidence has; `Signature` is left out where it takes hints that are not there.
    function _faultsOf(ISnpJudge.Claims memory told, bytes memory shown, bytes memory helped)
        private
        view
        returns (uint256 found)
    {
        for (uint256 i = 0; i < FAULTS; i++) {
            ISnpJudge.Fault fault = ISnpJudge.Fault(i);
            if (fault == ISnpJudge.Fault.Signature && helped.length == 0) continue;
            if (judge.isFaulty(fault, told, shown, helped)) found |= 1 << i;
        }
    }

    function _only(ISnpJudge.Fault fault) private pure returns (uint256) {
        return 1 << uint256(fault);
    }

    /// TEE-26: what AMD's chips signed has none of the faults, but that one guest may be debugged.
    function test_standsForRealReports() external view {
        for (uint256 index = 0; index < 4; index++) {
            (ISnpJudge.Claims memory told, bytes memory shown, bytes memory helped) = _realMachine(index);
            for (uint256 i = 0; i < FAULTS; i++) {
                ISnpJudge.Fault fault = ISnpJudge.Fault(i);
                bool isDebugged = index == 3 && fault == ISnpJudge.Fault.Policy;
                // The reports of others fill all of the report data, so none is bound as ours are.
                if (fault == ISnpJudge.Fault.ReportData) continue;
                vm.assertEq(amd.isFaulty(fault, told, shown, helped), isDebugged, vm.toString(index * 10 + i));
            }
        }
    }

    /// TEE-26: our own machines of two generations, told the truth of, have none.
    function test_standsForTrueVerdicts() external {
        vm.assertEq(_faultsOf(claims, evidence, hints), 0, "Milan");
        // The third root is Turin's, whose certificates and versions have another form.
        ISnpJudge.Claims memory told = claims;
        bytes memory shown = _bytes(".turin");
        told.chip = keccak256(this.slice(shown, 417, 64));
        vm.assertEq(_faultsOf(told, shown, ""), 0, "Turin");
    }

    /// TEE-26: each lie is proven by its fault, and by that one alone where the rest is true.
    function test_provesEachLie() external view {
        vm.assertEq(
            _faultsOf(claims, _bytes(".forged.evidence"), _bytes(".forged.hints")),
            _only(ISnpJudge.Fault.Signature),
            "signature"
        );
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.debug"), "") & _only(ISnpJudge.Fault.Policy),
            _only(ISnpJudge.Fault.Policy),
            "debug"
        );
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.migration"), "") & _only(ISnpJudge.Fault.Policy),
            _only(ISnpJudge.Fault.Policy),
            "migration"
        );
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.certificate"), ""),
            _only(ISnpJudge.Fault.Certificate),
            "versions"
        );
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.reportData"), ""),
            _only(ISnpJudge.Fault.ReportData),
            "report data"
        );
        uint256 ofChip = _only(ISnpJudge.Fault.Chip);
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.chip"), ""), ofChip | _only(ISnpJudge.Fault.Certificate), "chip"
        );
        vm.assertEq(_faultsOf(claims, _bytes(".false.masked"), "") & ofChip, ofChip, "masked");
        vm.assertEq(
            _faultsOf(claims, _bytes(".false.authority"), "") & _only(ISnpJudge.Fault.Authority),
            _only(ISnpJudge.Fault.Authority),
            "authority"
        );
        uint256 ofKey = _only(ISnpJudge.Fault.Key);
        vm.assertEq(_faultsOf(claims, _bytes(".false.key"), ""), ofKey | ofChip, "key");
    }

    /// TEE-26: a verdict that says something else than its evidence is false.
    function test_provesOtherClaims() external view {
        ISnpJudge.Claims memory told = claims;
        told.workload ^= bytes32(uint256(1));
        vm.assertEq(_faultsOf(told, evidence, ""), _only(ISnpJudge.Fault.Workload), "workload");
        told = claims;
        told.chip ^= bytes32(uint256(1));
        vm.assertEq(_faultsOf(told, evidence, ""), _only(ISnpJudge.Fault.Chip), "chip");
        told = claims;
        told.reportData ^= bytes32(uint256(1));
        vm.assertEq(_faultsOf(told, evidence, ""), _only(ISnpJudge.Fault.ReportData), "report data");
    }

    /// TEE-26: whatever bytes are published, they are of the form or that is a fault; nothing reverts on the way there.
    function test_readsAnything(bytes calldata junk, uint256 cut, uint256 at, uint8 flip) external view {
        vm.assertTrue(judge.isFaulty(ISnpJudge.Fault.Form, claims, junk, ""), "anything");
        bytes memory good = evidence;
        cut = bound(cut, 0, good.length - 1);
        vm.assertTrue(judge.isFaulty(ISnpJudge.Fault.Form, claims, this.slice(good, 0, cut), ""), "cut off");
        at = bound(at, 0, good.length - 1);
        good[at] ^= bytes1(flip);
        judge.isFaulty(ISnpJudge.Fault.Form, claims, good, "");
    }

    /// TEE-26: the root keys are fixed at deployment and can be read.
    function test_showsItsRoots() external {
        bytes[] memory roots = vm.parseJsonBytesArray(real, ".roots");
        vm.assertEq(amd.roots(), bytes.concat(roots[0], roots[1], roots[2]), "AMD's");
        vm.expectRevert(abi.encodeWithSelector(ISnpJudge.RootMalformed.selector, 1));
        new SnpJudge([roots[0], new bytes(511), roots[2]]);
    }

    function slice(bytes calldata data, uint256 from, uint256 size) external pure returns (bytes memory) {
        return data[from:from + size];
    }
}
