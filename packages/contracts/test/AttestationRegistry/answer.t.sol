// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {SyntheticPlatform} from "../attestation/SyntheticPlatform.sol";
import {ValidationRegistry} from "../../src/compute/identity/ValidationRegistry.sol";
import {LibString} from "solady/utils/LibString.sol";
import {VerdictTest} from "./VerdictTest.sol";

contract AnswerTest is VerdictTest {
    bytes32 private constant REQUEST = keccak256("request");

    function _ask() private {
        (, uint256 agentId) = registry.agentOf(providerId);
        vm.prank(provider);
        validations.validationRequest(address(attestations), agentId, "ipfs://evidence", REQUEST);
    }

    function _answer() private returns (uint8 response, bytes32 hash, string memory tag) {
        attestations.answer(providerId, REQUEST);
        (,, response, hash, tag,) = validations.getValidationStatus(REQUEST);
    }

    /// TEE-31: the registry answers its agents' requests with what is proven now: a quorum's word is 50, and named; nothing is 0.
    function test_saysWhatAQuorumSays() external {
        _ask();
        (uint8 response,, string memory tag) = _answer();
        vm.assertEq(response, 0, "nothing yet");
        _put(_verdict(), evidence);
        bytes32 hash;
        (response, hash, tag) = _answer();
        vm.assertEq(response, 50, "a quorum's word");
        vm.assertEq(hash, attestations.verdictHash(_verdict()), "the verdict");
        vm.assertEq(tag, string.concat("tee-sev-snp ", LibString.toHexString(quorumId, 32)), "the quorum");
        skip(7 days);
        (response,, tag) = _answer();
        vm.assertEq(response, 0, "over");
    }

    /// TEE-31: it answers nothing that another was asked, or that was asked about another agent.
    function test_revertsWhen_askedAboutAnother() external {
        _ask();
        (, uint256 agentId) = registry.agentOf(providerId);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationRegistry.RequestOfAnother.selector, REQUEST, attestations, agentId
            )
        );
        attestations.answer(otherId, REQUEST);
        bytes32 other = keccak256("other");
        vm.prank(provider);
        validations.validationRequest(stranger, agentId, "", other);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.RequestOfAnother.selector, other, stranger, agentId)
        );
        attestations.answer(providerId, other);
    }
}

contract AnswerVerifiedTest is SyntheticPlatform {
    /// TEE-31: what the chain verified itself is 100.
    function test_saysWhatTheChainVerified() external {
        ValidationRegistry validations = ValidationRegistry(system.validationRegistry);
        (, uint256 agentId) = registry.agentOf(providerId);
        vm.prank(provider);
        validations.validationRequest(address(attestations), agentId, "", "request");
        _attest(_td());
        attestations.answer(providerId, "request");
        (,, uint8 response, bytes32 hash, string memory tag,) = validations.getValidationStatus("request");
        vm.assertEq(response, 100, "verified");
        vm.assertEq(hash, bytes32(attestations.attestationOf(providerId).evidence), "evidence");
        vm.assertEq(tag, "tee-tdx", "TEE");
    }

    /// TEE-31: exploit: one machine vouches for agent after agent, each of which keeps its answer when it is sold.
    function test_attack_agentsThatKeepTheAnswer() external {
        ValidationRegistry validations = ValidationRegistry(system.validationRegistry);
        (, uint256 agentId) = registry.agentOf(providerId);
        vm.startPrank(provider);
        validations.validationRequest(address(attestations), agentId, "", "request");
        validations.validationRequest(address(attestations), agentId, "", "silent");
        vm.stopPrank();
        _attest(_td());
        attestations.answer(providerId, "request");
        vm.startPrank(provider);
        registry.linkAgent(identity.register());
        identity.transferFrom(provider, stranger, agentId);
        vm.stopPrank();

        bytes4 refusal = IAttestationRegistry.RequestOfAnother.selector;
        vm.expectPartialRevert(refusal);
        attestations.answer(otherId, "request");
        vm.expectPartialRevert(refusal);
        attestations.answer(0, "silent");
        attestations.answer(providerId, "request");
        (,, uint8 response,, string memory tag,) = validations.getValidationStatus("request");
        vm.assertEq(response, 0, "taken back");
        vm.assertEq(tag, "", "no TEE");
    }
}
