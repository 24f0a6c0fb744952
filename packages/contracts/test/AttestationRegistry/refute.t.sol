// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";
import {IVerdicts} from "../../src/compute/interfaces/IVerdicts.sol";
import {VerdictTest} from "./VerdictTest.sol";

contract RefuteTest is VerdictTest {
    ISnpJudge.Fault private constant SIGNATURE = ISnpJudge.Fault.Signature;

    /// @dev A verdict on forged evidence, on chain.
    function _lie() private returns (IVerdicts.Verdict memory verdict, bytes memory shown) {
        shown = _fixture(".forged.evidence");
        verdict = _verdictOn(shown);
        _put(verdict, shown);
    }

    function _stakes() private view returns (uint256 sum) {
        for (uint256 i = 0; i < keys.length; i++) {
            sum += attesters.stakeOf(vm.addr(keys[i]));
        }
    }

    /// TEE-26: a forged report is proven so by anyone: all who signed the verdict lose their stake, and the level is gone.
    function test_burnsEverySignersStake() external {
        (IVerdicts.Verdict memory verdict, bytes memory shown) = _lie();
        vm.assertEq(_levelOf(providerId), 1, "believed");
        uint256 burnt = address(0).balance;
        bytes32 digest = attestations.verdictHash(verdict);
        bytes memory helped = _fixture(".forged.hints");
        vm.expectEmit(address(attestations));
        emit IVerdicts.VerdictRefuted(providerId, digest, SIGNATURE, stranger);
        vm.prank(stranger);
        attestations.refute(verdict, _signers(), SIGNATURE, shown, helped);

        vm.assertEq(_levelOf(providerId), 0, "no level");
        vm.assertEq(address(0).balance - burnt, 2 ether, "burnt");
        vm.assertEq(_stakes(), 1 ether, "the third did not sign");
        vm.assertFalse(
            attesters.isStaked(vm.addr(keys[0]), IComputeStaking.Role.Attester), "no attester any more"
        );
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.VerdictUnknown.selector, digest));
        attestations.refute(verdict, _signers(), SIGNATURE, shown, helped);
    }

    /// TEE-26: each lie that needs no signature recomputed is refuted without hints.
    function test_takesEachFault() external {
        string[8] memory names =
            ["authority", "certificate", "chip", "debug", "key", "masked", "migration", "reportData"];
        ISnpJudge.Fault[8] memory faults = [
            ISnpJudge.Fault.Authority,
            ISnpJudge.Fault.Certificate,
            ISnpJudge.Fault.Chip,
            ISnpJudge.Fault.Policy,
            ISnpJudge.Fault.Key,
            ISnpJudge.Fault.Chip,
            ISnpJudge.Fault.Policy,
            ISnpJudge.Fault.ReportData
        ];
        uint256 start = vm.snapshotState();
        for (uint256 i = 0; i < names.length; i++) {
            bytes memory shown = _fixture(string.concat(".false.", names[i]));
            IVerdicts.Verdict memory verdict = _verdictOn(shown);
            _put(verdict, shown);
            attestations.refute(verdict, _signers(), faults[i], shown, "");
            vm.assertEq(_stakes(), 1 ether, names[i]);
            vm.revertToState(start);
        }
    }

    /// TEE-26: evidence that is none at all refutes itself.
    function test_takesJunk() external {
        IVerdicts.Verdict memory verdict = _verdictOn("junk");
        _put(verdict, "junk");
        attestations.refute(verdict, _signers(), ISnpJudge.Fault.Form, "junk", "");
        vm.assertEq(_stakes(), 1 ether, "burnt");
    }

    /// TEE-26: a true verdict stands against every fault.
    function test_revertsWhen_theVerdictIsTrue() external {
        IVerdicts.Verdict memory verdict = _verdict();
        _put(verdict, evidence);
        bytes32 digest = attestations.verdictHash(verdict);
        for (uint256 i = 0; i <= uint256(SIGNATURE); i++) {
            ISnpJudge.Fault fault = ISnpJudge.Fault(i);
            vm.expectRevert(abi.encodeWithSelector(IVerdicts.VerdictStands.selector, digest, fault));
            attestations.refute(verdict, _signers(), fault, evidence, hints);
        }
        vm.assertEq(_stakes(), 3 ether, "nobody lost anything");
    }

    /// TEE-26: whatever is changed in a refutation of a true verdict, it fails, and nobody loses stake.
    /// forge-config: default.fuzz.runs = 2000
    function test_revertsWhen_mutated(uint256 what, uint256 at, uint256 flip) external {
        IVerdicts.Verdict memory verdict = _verdict();
        _put(verdict, evidence);
        bytes memory shown = evidence;
        bytes memory helped = hints;
        address[] memory signers = _signers();
        ISnpJudge.Fault fault = ISnpJudge.Fault(bound(at, 0, 8));
        bytes1 change = bytes1(uint8(bound(flip, 1, 255)));
        what = bound(what, 0, 8);
        if (what == 0) {
            shown[bound(at, 0, shown.length - 1)] ^= change;
        } else if (what < 4) {
            fault = SIGNATURE;
            helped[bound(at, 0, helped.length - 1)] ^= change;
        } else if (what == 4) {
            verdict.workload ^= change;
        } else if (what == 5) {
            verdict.devices[0] ^= change;
        } else if (what == 6) {
            verdict.reportData ^= change;
        } else if (what == 7) {
            signers[at % 2] = address(uint160(flip));
        } else {
            verdict.evidenceHash ^= change;
        }
        bytes memory call = abi.encodeCall(attestations.refute, (verdict, signers, fault, shown, helped));
        (bool ok,) = address(attestations).call(call);
        vm.assertFalse(ok, "refuted");
        vm.assertEq(_stakes(), 3 ether, "nobody lost anything");
    }

    /// TEE-29: a verdict is refuted for 7 days, in which no signer's stake leaves, whatever it does at once.
    function test_reachesWhoeverLeaves() external {
        (IVerdicts.Verdict memory verdict, bytes memory shown) = _lie();
        bytes memory helped = _fixture(".forged.hints");
        address[] memory signers = _signers();
        for (uint256 i = 0; i < signers.length; i++) {
            vm.startPrank(signers[i]);
            attesters.resignAttester();
            attesters.initiateUnstake(1 ether);
            vm.stopPrank();
        }
        skip(7 days - 1);
        vm.expectPartialRevert(IComputeStaking.UnstakeNotReady.selector);
        vm.prank(signers[0]);
        attesters.completeUnstake();
        attestations.refute(verdict, signers, SIGNATURE, shown, helped);
        vm.assertEq(_stakes(), 1 ether, "burnt");
    }

    /// TEE-29: surplus that was asked for before the lie leaves at once; what covers the role does not, whatever role it is under.
    function test_attack_surplusLeavesFirst() external {
        address[] memory signers = _signers();
        attesters.stakeFor{value: 1 ether}(signers[0]);
        vm.prank(signers[0]);
        attesters.initiateUnstake(1 ether);
        skip(7 days);
        (IVerdicts.Verdict memory verdict, bytes memory shown) = _lie();
        vm.startPrank(signers[0]);
        attesters.completeUnstake();
        attesters.resignAttester();
        attesters.becomeGuardian();
        vm.stopPrank();
        vm.prank(provider);
        attestations.revoke(providerId);
        attestations.refute(verdict, signers, SIGNATURE, shown, _fixture(".forged.hints"));
        vm.assertEq(_stakes(), 1 ether, "burnt");
        vm.assertFalse(attesters.isStaked(signers[0], IComputeStaking.Role.Guardian), "no guardian");
    }

    /// TEE-29: after 7 days it is too late, and stake leaves from the same second on.
    function test_revertsWhen_tooLate() external {
        (IVerdicts.Verdict memory verdict, bytes memory shown) = _lie();
        bytes memory helped = _fixture(".forged.hints");
        address[] memory signers = _signers();
        vm.startPrank(signers[0]);
        attesters.resignAttester();
        attesters.initiateUnstake(1 ether);
        skip(7 days);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.TooLate.selector, NOW + 7 days));
        attestations.refute(verdict, signers, SIGNATURE, shown, helped);
        attesters.completeUnstake();
        vm.assertEq(_stakes(), 2 ether, "one's has left");
    }

    /// TEE-26: a lie that was replaced by the truth still costs its signers, and the truth stays.
    function test_leavesWhatCameAfter() external {
        (IVerdicts.Verdict memory lie, bytes memory shown) = _lie();
        bytes memory helped = _fixture(".forged.hints");
        _put(_verdict(), evidence);
        attestations.refute(lie, _signers(), SIGNATURE, shown, helped);
        vm.assertEq(_stakes(), 1 ether, "burnt");
        vm.assertEq(_levelOf(providerId), 1, "the truth");
    }

    /// TEE-28: verdicts on GPUs rest on their quorum alone.
    function test_revertsWhen_itIsOnGpus() external {
        IVerdicts.Verdict memory verdict = _verdict();
        verdict.evidence = IVerdicts.Evidence.Hopper;
        _put(verdict, evidence);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.NotRefutable.selector, IVerdicts.Evidence.Hopper));
        attestations.refute(verdict, _signers(), SIGNATURE, evidence, hints);
    }

    /// TEE-26: nothing is refuted that is not on chain, nor others than those who signed.
    function test_revertsWhen_nobodySaidIt() external {
        bytes memory shown = _fixture(".forged.evidence");
        IVerdicts.Verdict memory verdict = _verdictOn(shown);
        bytes32 digest = attestations.verdictHash(verdict);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.VerdictUnknown.selector, digest));
        attestations.refute(verdict, _signers(), SIGNATURE, shown, "");
        _put(verdict, shown);
        address[] memory signers = _signers();
        signers[1] = vm.addr(keys[2]);
        vm.expectRevert(abi.encodeWithSelector(IVerdicts.SignersWrong.selector, digest));
        attestations.refute(verdict, signers, SIGNATURE, shown, "");
    }
}
