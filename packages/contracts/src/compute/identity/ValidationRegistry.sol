// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IValidationRegistry} from "../interfaces/IValidationRegistry.sol";

/// @notice A Validation Registry as ERC-8004 describes it, for chains that have none.
/// @dev Trusts the identity registry for who speaks for an agent. No owner, no upgrade, no money.
contract ValidationRegistry is IValidationRegistry {
    struct Validation {
        address validator;
        uint8 response;
        uint40 lastUpdate;
        uint256 agentId;
        bytes32 responseHash;
        string tag;
    }

    uint8 private constant MAXIMUM = 100;

    IIdentityRegistry private immutable _IDENTITY;

    /* STORAGE */

    mapping(bytes32 requestHash => Validation) private _validations;
    mapping(uint256 agentId => bytes32[]) private _ofAgents;
    mapping(address validator => bytes32[]) private _ofValidators;

    constructor(IIdentityRegistry identity) {
        _IDENTITY = identity;
    }

    /// @inheritdoc IValidationRegistry
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external {
        require(validatorAddress != address(0), ValidatorMissing());
        require(_validations[requestHash].validator == address(0), RequestTaken(requestHash));
        require(_IDENTITY.isAuthorizedOrOwner(msg.sender, agentId), NotAuthorized(agentId, msg.sender));

        Validation storage validation = _validations[requestHash];
        (validation.validator, validation.agentId) = (validatorAddress, agentId);
        _ofAgents[agentId].push(requestHash);
        _ofValidators[validatorAddress].push(requestHash);
        emit ValidationRequest(validatorAddress, agentId, requestURI, requestHash);
    }

    /// @inheritdoc IValidationRegistry
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external {
        Validation storage validation = _validations[requestHash];
        require(validation.validator != address(0), RequestUnknown(requestHash));
        require(msg.sender == validation.validator, NotValidator(requestHash, msg.sender));
        require(response <= MAXIMUM, ResponseOutOfRange(response));

        (validation.response, validation.lastUpdate) = (response, uint40(block.timestamp));
        (validation.responseHash, validation.tag) = (responseHash, tag);
        emit ValidationResponse(
            msg.sender, validation.agentId, requestHash, response, responseURI, responseHash, tag
        );
    }

    /* VIEWS */

    /// @inheritdoc IValidationRegistry
    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        )
    {
        Validation storage validation = _validations[requestHash];
        require(validation.validator != address(0), RequestUnknown(requestHash));
        (validatorAddress, agentId, response) =
        (validation.validator, validation.agentId, validation.response);
        (responseHash, tag, lastUpdate) = (validation.responseHash, validation.tag, validation.lastUpdate);
    }

    /// @inheritdoc IValidationRegistry
    function getSummary(uint256 agentId, address[] calldata validatorAddresses, string calldata tag)
        external
        view
        returns (uint64 count, uint8 avgResponse)
    {
        bytes32[] storage requests = _ofAgents[agentId];
        uint256 sum = 0;
        for (uint256 i = 0; i < requests.length; i++) {
            Validation storage validation = _validations[requests[i]];
            if (validation.lastUpdate == 0 || !_isAmong(validation.validator, validatorAddresses)) continue;
            if (bytes(tag).length != 0 && keccak256(bytes(validation.tag)) != keccak256(bytes(tag))) {
                continue;
            }
            sum += validation.response;
            count++;
        }
        if (count != 0) avgResponse = uint8(sum / count);
    }

    /// @inheritdoc IValidationRegistry
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory) {
        return _ofAgents[agentId];
    }

    /// @inheritdoc IValidationRegistry
    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory) {
        return _ofValidators[validatorAddress];
    }

    /// @inheritdoc IValidationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(_IDENTITY);
    }

    /// @dev Everybody is among nobody named.
    function _isAmong(address validator, address[] calldata named) private pure returns (bool) {
        for (uint256 i = 0; i < named.length; i++) {
            if (named[i] == validator) return true;
        }
        return named.length == 0;
    }
}
