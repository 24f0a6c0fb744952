// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The Reputation Registry of ERC-8004: what clients say of agents. A client is whoever calls, so what is said is worth
/// what its client is worth: read it by the clients that you trust.
interface IReputationRegistry {
    /// @notice A value has at most 18 decimals and lies within ±10^38.
    error ValueOutOfRange(int128 value, uint8 valueDecimals);

    /// @notice An agent's owner, and whom it approved, say nothing of it.
    error SelfFeedback(uint256 agentId, address client);

    /// @notice The client never gave that feedback; the first has index 1, the last `last`.
    error FeedbackUnknown(uint256 agentId, address client, uint64 feedbackIndex, uint64 last);

    /// @notice The feedback is revoked already.
    error AlreadyRevoked(uint256 agentId, address client, uint64 feedbackIndex);

    /// @notice A response is somewhere.
    error ResponseMissing();

    /// @notice Sums are over clients that the reader names: anyone may say anything.
    error ClientsMissing();

    /// @notice A client said something of an agent.
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );

    /// @notice A client took back what it said.
    event FeedbackRevoked(
        uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex
    );

    /// @notice Someone answered.
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    /// @notice Says `value`, with `valueDecimals` decimals, of an agent. All text is optional.
    /// @param feedbackHash keccak256 of the file at `feedbackURI`, where its address does not say it.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string memory tag1,
        string memory tag2,
        string memory endpoint,
        string memory feedbackURI,
        bytes32 feedbackHash
    ) external;

    /// @notice Takes back what the caller said. It stays readable.
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external;

    /// @notice Answers feedback: a refund shown, spam called so. Anyone may.
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string memory responseURI,
        bytes32 responseHash
    ) external;

    /// @notice The mean of what `clientAddresses`, at least one, say, with the number of decimals that most of it has.
    /// @dev Tags that are empty filter nothing. Reads all that these clients ever said of the agent.
    function getSummary(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals);

    /// @notice One feedback; the first has index 1.
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked);

    /// @notice All feedback on the agent: of these clients, or of all if none is named.
    function readAllFeedback(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory clients,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        );

    /// @notice How many answers there are: to all feedback on the agent (client 0), to all of a client (index 0), or to one;
    /// by these responders, or by all if none is named.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] memory responders
    ) external view returns (uint64 count);

    /// @notice Who ever said something of the agent.
    function getClients(uint256 agentId) external view returns (address[] memory);

    /// @notice How much the client ever said of the agent.
    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64);

    /// @notice Where the agents are registered.
    function getIdentityRegistry() external view returns (address);
}
