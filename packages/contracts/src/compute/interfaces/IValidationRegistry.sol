// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The Validation Registry of ERC-8004: agents ask validators to look at something, validators answer from 0 to 100.
/// @dev An answer is worth what its validator is. `getSummary` looks at all that an agent ever asked for, so it is for readers
/// off chain.
interface IValidationRegistry {
    /// @notice Somebody must validate.
    error ValidatorMissing();

    /// @notice Only the agent's owner and its operators ask for it.
    error NotAuthorized(uint256 agentId, address caller);

    /// @notice The request was made before; choose another nonce.
    error RequestTaken(bytes32 requestHash);

    /// @notice No such request was made.
    error RequestUnknown(bytes32 requestHash);

    /// @notice Only the validator that was asked answers.
    error NotValidator(bytes32 requestHash, address caller);

    /// @notice Answers are from 0 to 100.
    error ResponseOutOfRange(uint8 response);

    event ValidationRequest(
        address indexed validatorAddress,
        uint256 indexed agentId,
        string requestURI,
        bytes32 indexed requestHash
    );

    event ValidationResponse(
        address indexed validatorAddress,
        uint256 indexed agentId,
        bytes32 indexed requestHash,
        uint8 response,
        string responseURI,
        bytes32 responseHash,
        string tag
    );

    /// @notice Asks a validator. The agent's owner and operators only.
    /// @dev Hashes are first come, first served, whoever asks: derive them from what nobody else would ask for.
    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external;

    /// @notice Answers a request, in place of the answer before. Its validator only.
    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external;

    /// @notice What was answered last. Warning: 0 at `lastUpdate` 0 is no answer yet, but with a time it is one.
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
        );

    /// @notice The mean of an agent's answers, by these validators (all, where none is named) and this tag (any, where empty).
    function getSummary(uint256 agentId, address[] calldata validatorAddresses, string calldata tag)
        external
        view
        returns (uint64 count, uint8 avgResponse);

    /// @notice All that an agent asked for.
    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory requestHashes);

    /// @notice All that a validator was asked for.
    function getValidatorRequests(address validatorAddress)
        external
        view
        returns (bytes32[] memory requestHashes);

    /// @notice Whose agents these are.
    function getIdentityRegistry() external view returns (address);
}
