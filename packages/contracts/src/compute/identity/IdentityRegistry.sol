// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "solady/tokens/ERC721.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";

/// @notice An Identity Registry as ERC-8004 describes it, for chains that have none.
/// @dev Trusts nobody: no owner, no upgrade. Holds no money. An agent is its token's owner's alone.
contract IdentityRegistry is IIdentityRegistry, ERC721, EIP712 {
    bytes32 private constant WALLET_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    bytes32 private constant WALLET_KEY = keccak256("agentWallet");
    uint256 private constant MAX_DEADLINE_DELAY = 5 minutes;
    /// @dev What stands beside a token's owner once its first owner is no longer its wallet by himself.
    uint96 private constant WALLET_STORED = 1;

    /* STORAGE */

    uint256 private _nextId;
    /// @dev Contracts whose code is an agent's URI.
    mapping(uint256 agentId => address) private _uris;
    mapping(uint256 agentId => address) private _wallets;
    mapping(uint256 agentId => mapping(string key => bytes)) private _metadata;

    /* REGISTRATION */

    /// @inheritdoc IIdentityRegistry
    function register() external returns (uint256 agentId) {
        return _register("", new MetadataEntry[](0));
    }

    /// @inheritdoc IIdentityRegistry
    function register(string memory agentURI) external returns (uint256 agentId) {
        return _register(agentURI, new MetadataEntry[](0));
    }

    /// @inheritdoc IIdentityRegistry
    function register(string memory agentURI, MetadataEntry[] memory metadata)
        external
        returns (uint256 agentId)
    {
        return _register(agentURI, metadata);
    }

    /* WHAT AN AGENT SAYS */

    /// @inheritdoc IIdentityRegistry
    function setAgentURI(uint256 agentId, string memory newURI) external {
        _requireAuthorized(agentId);

        _uris[agentId] = SSTORE2.write(bytes(newURI));
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    /// @inheritdoc IIdentityRegistry
    function setMetadata(uint256 agentId, string memory metadataKey, bytes memory metadataValue) external {
        _requireAuthorized(agentId);

        _setMetadata(agentId, metadataKey, metadataValue);
    }

    /// @inheritdoc IIdentityRegistry
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature)
        external
    {
        _requireAuthorized(agentId);
        require(newWallet != address(0), WalletMissing());
        uint256 latest = block.timestamp + MAX_DEADLINE_DELAY;
        require(
            deadline >= block.timestamp && deadline <= latest,
            DeadlineOutOfRange(deadline, block.timestamp, latest)
        );
        bytes32 consent =
            keccak256(abi.encode(WALLET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline));
        require(
            SignatureCheckerLib.isValidSignatureNowCalldata(newWallet, _hashTypedData(consent), signature),
            WalletSignatureWrong(newWallet)
        );

        _setWallet(agentId, newWallet);
    }

    /// @inheritdoc IIdentityRegistry
    function unsetAgentWallet(uint256 agentId) external {
        _requireAuthorized(agentId);

        _setWallet(agentId, address(0));
    }

    /* VIEWS */

    /// @inheritdoc IIdentityRegistry
    function getMetadata(uint256 agentId, string memory metadataKey) external view returns (bytes memory) {
        if (keccak256(bytes(metadataKey)) != WALLET_KEY) return _metadata[agentId][metadataKey];
        address wallet = _exists(agentId) ? _walletOf(agentId) : address(0);
        return wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
    }

    /// @inheritdoc IIdentityRegistry
    function getAgentWallet(uint256 agentId) external view returns (address) {
        require(_exists(agentId), TokenDoesNotExist());
        return _walletOf(agentId);
    }

    /// @inheritdoc IIdentityRegistry
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool) {
        return _isApprovedOrOwner(spender, agentId);
    }

    /// @notice Where the agent's registration file is; empty if it never said.
    function tokenURI(uint256 agentId) public view override returns (string memory) {
        require(_exists(agentId), TokenDoesNotExist());
        address uri = _uris[agentId];
        return uri == address(0) ? "" : string(SSTORE2.read(uri));
    }

    /// @inheritdoc ERC721
    function name() public pure override returns (string memory) {
        return "AgentIdentity";
    }

    /// @inheritdoc ERC721
    function symbol() public pure override returns (string memory) {
        return "AGENT";
    }

    /* INTERNAL */

    function _register(string memory agentURI, MetadataEntry[] memory metadata)
        private
        returns (uint256 agentId)
    {
        agentId = _nextId++;

        if (bytes(agentURI).length != 0) _uris[agentId] = SSTORE2.write(bytes(agentURI));
        emit Registered(agentId, agentURI, msg.sender);
        emit MetadataSet(agentId, "agentWallet", "agentWallet", abi.encodePacked(msg.sender));
        for (uint256 i = 0; i < metadata.length; i++) {
            _setMetadata(agentId, metadata[i].metadataKey, metadata[i].metadataValue);
        }

        _safeMint(msg.sender, agentId);
    }

    function _setMetadata(uint256 agentId, string memory key, bytes memory value) private {
        require(keccak256(bytes(key)) != WALLET_KEY, ReservedKey());

        _metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    /// @dev A wallet that was never stored needs no slot to be gone.
    function _setWallet(uint256 agentId, address wallet) private {
        bool isStored = _getExtraData(agentId) == WALLET_STORED;
        if (!isStored) _setExtraData(agentId, WALLET_STORED);
        if (isStored || wallet != address(0)) _wallets[agentId] = wallet;
        bytes memory value = wallet == address(0) ? bytes("") : abi.encodePacked(wallet);
        emit MetadataSet(agentId, "agentWallet", "agentWallet", value);
    }

    function _walletOf(uint256 agentId) private view returns (address) {
        return _getExtraData(agentId) == WALLET_STORED ? _wallets[agentId] : _ownerOf(agentId);
    }

    /// @dev A new owner proves a wallet anew.
    function _afterTokenTransfer(address from, address to, uint256 agentId) internal override {
        if (from != address(0) && to != address(0)) _setWallet(agentId, address(0));
    }

    function _requireAuthorized(uint256 agentId) private view {
        require(_isApprovedOrOwner(msg.sender, agentId), NotAuthorized(agentId, msg.sender));
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("ERC8004IdentityRegistry", "1");
    }
}
