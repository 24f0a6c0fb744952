// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P384} from "../../src/compute/attestation/P384.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";
import {SnpTest} from "./SnpTest.sol";

contract HintsTest is SnpTest {
    uint256 private constant HINT = 48;

    function _isForged(bytes memory shown, bytes memory helped) private view returns (bool) {
        return judge.isFaulty(ISnpJudge.Fault.Signature, claims, shown, helped);
    }

    /// TEE-27: right hints give the right answer, on a true signature and on a forged one.
    function test_decideNothing() external view {
        vm.assertFalse(_isForged(evidence, hints), "signed");
        vm.assertTrue(_isForged(_bytes(".forged.evidence"), _bytes(".forged.hints")), "forged");
    }

    /// TEE-27: whatever bits of whatever hint are changed, the call reverts, so that none makes a signature look forged.
    function test_revertsWhen_aHintIsWrong(uint256 index, uint256 flip) external {
        bytes memory helped = hints;
        index = bound(index, 0, helped.length / HINT - 1);
        flip = bound(flip, 1, type(uint128).max);
        for (uint256 i = 0; i < 16; i++) {
            helped[index * HINT + 16 + i] ^= bytes1(uint8(flip >> (8 * i)));
        }
        vm.expectPartialRevert(P384.HintWrong.selector);
        _isForged(evidence, helped);
    }

    /// TEE-27: a slope with the prime added is the same number where it fits 384 bits, and another where it does not.
    function test_standsWhen_aHintIsNotReduced(uint256 index) external {
        bytes memory helped = hints;
        index = bound(index, 1, helped.length / HINT - 1);
        uint256 at = 32 + index * HINT;
        // Within the hints: adds the prime, modulo 2^384.
        assembly ("memory-safe") {
            let from := add(helped, at)
            let high := shr(128, mload(from))
            let low := mload(add(from, 16))
            let prime := 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff
            let sum := add(low, prime)
            high := add(add(high, 0xffffffffffffffffffffffffffffffff), lt(sum, low))
            mstore(from, or(shl(128, high), shr(128, sum)))
            mstore(add(from, 16), sum)
        }
        bytes memory call =
            abi.encodeCall(judge.isFaulty, (ISnpJudge.Fault.Signature, claims, evidence, helped));
        (bool ok, bytes memory answer) = address(judge).staticcall(call);
        vm.assertTrue(!ok || !abi.decode(answer, (bool)), "never forged");
    }

    /// TEE-27: hints of another signature, too few or too many, are refused.
    function test_revertsWhen_hintsAreOthers() external {
        bytes memory others = _bytes(".forged.hints");
        bytes memory less = this.firstOf(hints, hints.length - 1);
        vm.expectPartialRevert(P384.HintWrong.selector);
        _isForged(evidence, others);
        vm.expectPartialRevert(P384.HintsWrong.selector);
        _isForged(evidence, "");
        vm.expectPartialRevert(P384.HintsWrong.selector);
        _isForged(evidence, bytes.concat(hints, new bytes(1)));
        vm.expectPartialRevert(P384.HintsWrong.selector);
        _isForged(evidence, less);
    }

    /// TEE-27: r and s that are none prove themselves false without hints.
    function test_needNone() external view {
        bytes memory shown = evidence;
        for (uint256 i = 0; i < 48; i++) {
            shown[1 + 672 + i] = 0;
        }
        vm.assertTrue(_isForged(shown, ""), "r is zero");
        shown = evidence;
        for (uint256 i = 0; i < 48; i++) {
            shown[1 + 744 + i] = 0xff;
        }
        vm.assertTrue(_isForged(shown, ""), "s above the order");
    }

    function firstOf(bytes calldata data, uint256 size) external pure returns (bytes memory) {
        return data[:size];
    }
}
