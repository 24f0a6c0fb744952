// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice The Identity Registry of ERC-8004: every agent is an ERC-721 token whose URI is its registration file. Beside these
/// functions it has those of ERC-721, whose `tokenURI` is the agent's URI.
interface IIdentityRegistry {
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    /// @notice Only the agent's owner, or whom it approved, does this.
    error NotAuthorized(uint256 agentId, address caller);

    /// @notice The key `agentWallet` is set by `setAgentWallet` alone, which proves that the wallet agrees.
    error ReservedKey();

    /// @notice The zero address is no wallet; `unsetAgentWallet` takes a wallet away.
    error WalletMissing();

    /// @notice The deadline is over, or further ahead than 5 minutes.
    error DeadlineOutOfRange(uint256 deadline, uint256 earliest, uint256 latest);

    /// @notice The wallet did not sign that this agent's owner may name it.
    error WalletSignatureWrong(address wallet);

    /// @notice An agent came to be; `owner` has its token.
    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);

    /// @notice The agent says `metadataValue` of `metadataKey`.
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );

    /// @notice The agent's registration file is at `newURI`.
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);

    /// @notice Makes an agent of the caller's, without a URI. Ids begin at 0.
    /// @dev The token is minted safely: a contract that calls must take ERC-721 tokens.
    function register() external returns (uint256 agentId);

    /// @notice Makes an agent of the caller's whose registration file is at `agentURI`.
    function register(string memory agentURI) external returns (uint256 agentId);

    /// @notice The same, with metadata.
    function register(string memory agentURI, MetadataEntry[] memory metadata)
        external
        returns (uint256 agentId);

    /// @notice Says where the agent's registration file is.
    function setAgentURI(uint256 agentId, string memory newURI) external;

    /// @notice Sets what the agent says of `metadataKey`. It is a claim, whoever reads it.
    function setMetadata(uint256 agentId, string memory metadataKey, bytes memory metadataValue) external;

    /// @notice What the agent says of `metadataKey`; empty if nothing. `agentWallet` gives the 20 bytes of its wallet.
    function getMetadata(uint256 agentId, string memory metadataKey) external view returns (bytes memory);

    /// @notice Names the wallet that is paid for the agent.
    /// @param signature The wallet's, over EIP-712 `AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)`
    /// in the domain `ERC8004IdentityRegistry`, version 1; ERC-1271 counts.
    /// @param deadline At most 5 minutes ahead.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature)
        external;

    /// @notice The wallet that is paid for the agent: its first owner, until it is set or the token moves; 0 if none.
    function getAgentWallet(uint256 agentId) external view returns (address);

    /// @notice Takes the agent's wallet away.
    function unsetAgentWallet(uint256 agentId) external;

    /// @notice Whether the account owns the agent or is approved to act for it.
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);
}
