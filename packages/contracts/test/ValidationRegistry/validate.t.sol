// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ValidationRegistry} from "../../src/compute/identity/ValidationRegistry.sol";
import {IValidationRegistry} from "../../src/compute/interfaces/IValidationRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract ValidateTest is ComputeTest {
    ValidationRegistry private validations;
    uint256 private agentId;
    address private validator = makeAddr("validator");

    function setUp() public override {
        super.setUp();
        validations = ValidationRegistry(system.validationRegistry);
        (, agentId) = registry.agentOf(_register());
    }

    function _ask(bytes32 requestHash) private {
        vm.prank(provider);
        validations.validationRequest(validator, agentId, "uri", requestHash);
    }

    function _respond(bytes32 requestHash, uint8 response, string memory tag) private {
        vm.prank(validator);
        validations.validationResponse(requestHash, response, "uri", "hash", tag);
    }

    /// TEE-32: who speaks for an agent asks, the validator that was asked answers, again too, and both can be read (ERC-8004).
    function test_keepsRequestsAndAnswers() external {
        vm.expectEmit(address(validations));
        emit IValidationRegistry.ValidationRequest(validator, agentId, "uri", "one");
        _ask("one");
        vm.expectEmit(address(validations));
        emit IValidationRegistry.ValidationResponse(validator, agentId, "one", 90, "uri", "hash", "tag");
        _respond("one", 90, "tag");
        _respond("one", 70, "tag");
        (address by, uint256 of_, uint8 response, bytes32 hash, string memory tag, uint256 at) =
            validations.getValidationStatus("one");
        vm.assertEq(by, validator, "validator");
        vm.assertEq(of_, agentId, "agent");
        vm.assertEq(response, 70, "the last answer");
        vm.assertEq(hash, "hash", "hash");
        vm.assertEq(tag, "tag", "tag");
        vm.assertEq(at, block.timestamp, "time");
        vm.assertEq(validations.getAgentValidations(agentId).length, 1, "of the agent");
        vm.assertEq(validations.getValidatorRequests(validator)[0], "one", "of the validator");
    }

    /// TEE-32: answers have a mean, of the validators and the tag that are asked for; what has no answer counts for nothing.
    function test_summarizes() external {
        _ask("one");
        _ask("two");
        _ask("three");
        _respond("one", 90, "a");
        _respond("two", 51, "b");
        (uint64 count, uint8 mean) = validations.getSummary(agentId, new address[](0), "");
        vm.assertEq(count, 2, "two answers");
        vm.assertEq(mean, 70, "mean");
        address[] memory named = new address[](1);
        named[0] = validator;
        (count, mean) = validations.getSummary(agentId, named, "a");
        vm.assertEq(count, 1, "of the tag");
        vm.assertEq(mean, 90, "its mean");
        named[0] = stranger;
        (count,) = validations.getSummary(agentId, named, "");
        vm.assertEq(count, 0, "of another validator");
    }

    /// TEE-32: strangers neither ask for an agent nor answer for a validator, and a request is made once.
    function test_revertsWhen_notTheirs() external {
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.NotAuthorized.selector, agentId, stranger));
        vm.prank(stranger);
        validations.validationRequest(validator, agentId, "", "one");
        _ask("one");
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.RequestTaken.selector, bytes32("one")));
        _ask("one");
        vm.expectRevert(
            abi.encodeWithSelector(IValidationRegistry.NotValidator.selector, bytes32("one"), stranger)
        );
        vm.prank(stranger);
        validations.validationResponse("one", 1, "", 0, "");
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.ResponseOutOfRange.selector, 101));
        _respond("one", 101, "");
        vm.expectRevert(abi.encodeWithSelector(IValidationRegistry.RequestUnknown.selector, bytes32("two")));
        _respond("two", 1, "");
        vm.expectRevert(IValidationRegistry.ValidatorMissing.selector);
        vm.prank(provider);
        validations.validationRequest(address(0), agentId, "", "two");
    }
}
