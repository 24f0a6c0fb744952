// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IAttestationRegistry} from "./interfaces/IAttestationRegistry.sol";
import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IComputeStaking} from "./interfaces/IComputeStaking.sol";
import {IProviderObligations} from "./interfaces/IProviderObligations.sol";
import {IProviderStakes} from "./interfaces/IProviderStakes.sol";
import {Agents} from "./libraries/Agents.sol";
import {HardwareClaim} from "./libraries/HardwareClaim.sol";

/// @notice The providers of compute.
/// @dev Trusts, all fixed at deployment: the staking contract to say who is staked, the rental contract to say who still has
/// obligations, the attestation registry to say what is proven. The identity registry of ERC-8004, which others may write and
/// change, is trusted with nothing but to say that an agent was sold, which takes a provider off the market once. Holds no ether:
/// what comes with `register` becomes stake in the same call. A provider that ends its sessions and collects can always leave.
contract ComputeRegistry is IComputeRegistry {
    /// @dev The first slot answers whoever rents. `staked` is what the staking contract says, which tells when that changes.
    /// `hardware` is the contract whose code is the attestation; 0 if that is empty. `agent` is an agent's id plus one; 0 if none.
    struct Listing {
        address owner;
        uint80 pricePerHour;
        bool active;
        bool staked;
        address operator;
        address hardware;
        uint96 agent;
        string endpoint;
    }

    uint256 private constant MAX_ENDPOINT_LENGTH = 256;
    uint256 private constant MAX_ATTESTATION_LENGTH = 2048;
    /// @dev The ASCII characters from `!` to `~`, a bit for each.
    uint128 private constant VISIBLE = (1 << 127) - (1 << 33);
    uint256 private constant MAX_AGENT = type(uint96).max - 1;
    uint256 private constant ATTESTATION_GAS = 100_000;
    string private constant REGISTRATION_FILE = "/.well-known/agent-registration.json";

    IComputeStaking public immutable STAKING;
    IProviderObligations public immutable OBLIGATIONS;
    IAttestationRegistry public immutable ATTESTATIONS;
    address public immutable IDENTITY;

    /* STORAGE */

    /// @inheritdoc IComputeRegistry
    uint256 public providerCount;
    /// @inheritdoc IComputeRegistry
    mapping(address owner => uint256 providerId) public providerIdOf;
    mapping(uint256 providerId => Listing) private _listings;

    constructor(
        IComputeStaking staking,
        IProviderObligations obligations,
        IAttestationRegistry attestations,
        address identity
    ) {
        STAKING = staking;
        OBLIGATIONS = obligations;
        ATTESTATIONS = attestations;
        IDENTITY = identity;
    }

    /* REGISTRATION */

    /// @inheritdoc IComputeRegistry
    function register(string calldata endpoint, string calldata hardwareAttestation, uint256 pricePerHour)
        external
        payable
        returns (uint256 providerId)
    {
        providerId = _register(endpoint, hardwareAttestation, pricePerHour);

        (bool minted, uint256 agentId) = Agents.mint(IDENTITY, _registrationFile(endpoint), msg.sender);
        if (minted && agentId <= MAX_AGENT) _link(providerId, agentId);
        else emit AgentRefused(providerId);
    }

    /// @inheritdoc IComputeRegistry
    function registerWithAgent(
        uint256 agentId,
        string calldata endpoint,
        string calldata hardwareAttestation,
        uint256 pricePerHour
    ) external payable returns (uint256 providerId) {
        _requireAgent(agentId);

        providerId = _register(endpoint, hardwareAttestation, pricePerHour);
        _link(providerId, agentId);
    }

    /// @inheritdoc IComputeRegistry
    function unregister() external {
        uint256 providerId = _ownProvider();
        require(!OBLIGATIONS.hasObligations(providerId), ObligationsRemain(providerId));

        delete providerIdOf[msg.sender];
        _listings[providerId].active = false;
        delete _listings[providerId].operator;
        delete _listings[providerId].agent;
        emit ProviderUnregistered(providerId, msg.sender);

        STAKING.unbindProvider(msg.sender);
    }

    /// @inheritdoc IProviderStakes
    function setStaked(address owner, bool staked) external {
        require(msg.sender == address(STAKING), NotStaking(msg.sender));
        uint256 providerId = providerIdOf[owner];

        _listings[providerId].staked = staked;
        emit StakedSet(providerId, staked);
    }

    /* AGENT */

    /// @inheritdoc IComputeRegistry
    function linkAgent(uint256 agentId) external {
        uint256 providerId = _ownProvider();
        _requireAgent(agentId);

        _link(providerId, agentId);
    }

    /// @inheritdoc IComputeRegistry
    function deactivateSold(uint256 providerId) external {
        Listing storage listing = _listings[providerId];
        require(listing.agent != 0, NoAgent(providerId));
        uint256 agentId = listing.agent - 1;
        address holder = Agents.ownerOf(IDENTITY, agentId);
        require(holder != address(0) && holder != listing.owner, NotSold(providerId, agentId));

        listing.active = false;
        listing.agent = 0;
        emit AgentSold(providerId, agentId, holder);
        emit ActiveSet(providerId, false);
    }

    /// @inheritdoc IComputeRegistry
    function onERC721Received(address operator, address, uint256, bytes calldata)
        external
        view
        returns (bytes4)
    {
        require(msg.sender == IDENTITY && operator == address(this), NotForHere());
        return this.onERC721Received.selector;
    }

    /* TERMS */

    /// @inheritdoc IComputeRegistry
    function updatePricing(uint256 pricePerHour) external {
        uint256 providerId = _ownProvider();
        _checkPrice(pricePerHour);

        _listings[providerId].pricePerHour = uint80(pricePerHour);
        emit PricingUpdated(providerId, pricePerHour);
    }

    /// @inheritdoc IComputeRegistry
    function setActive(bool active) external {
        uint256 providerId = _ownProvider();

        _listings[providerId].active = active;
        emit ActiveSet(providerId, active);
    }

    /// @inheritdoc IComputeRegistry
    function setEndpoint(string calldata endpoint) external {
        uint256 providerId = _ownProvider();
        _checkEndpoint(endpoint);

        _listings[providerId].endpoint = endpoint;
        emit EndpointSet(providerId, endpoint);
    }

    /// @inheritdoc IComputeRegistry
    function setHardware(string calldata hardwareAttestation) external {
        _setHardware(_ownProvider(), hardwareAttestation);
    }

    /// @inheritdoc IComputeRegistry
    function setOperator(address operator) external {
        uint256 providerId = _ownProvider();

        _listings[providerId].operator = operator;
        emit OperatorSet(providerId, operator);
    }

    /* VIEWS */

    /// @inheritdoc IComputeRegistry
    function getProvider(uint256 providerId) external view returns (Provider memory) {
        require(_listings[providerId].owner != address(0), ProviderUnknown(providerId));

        return _provider(_listings[providerId]);
    }

    /// @inheritdoc IComputeRegistry
    function getProviderByAddress(address owner) external view returns (Provider memory) {
        require(providerIdOf[owner] != 0, NotRegistered(owner));

        return _provider(_listings[providerIdOf[owner]]);
    }

    /// @inheritdoc IComputeRegistry
    function ownerOf(uint256 providerId) external view returns (address) {
        return _listings[providerId].owner;
    }

    /// @inheritdoc IComputeRegistry
    function operatorOf(uint256 providerId) external view returns (address) {
        return _listings[providerId].operator;
    }

    /// @inheritdoc IComputeRegistry
    function isProviderOrOperator(uint256 providerId, address account) external view returns (bool) {
        Listing storage listing = _listings[providerId];
        return account != address(0) && (account == listing.owner || account == listing.operator);
    }

    /// @inheritdoc IComputeRegistry
    function rentalTerms(uint256 providerId)
        external
        view
        returns (address owner, uint256 pricePerHour, bool rentable)
    {
        uint256 word;
        Listing storage listing = _listings[providerId];
        // The first slot: owner 160, price 80, active 8, staked 8.
        assembly ("memory-safe") {
            word := sload(listing.slot)
        }
        return (address(uint160(word)), uint80(word >> 160), word >> 240 == 0x0101);
    }

    /// @inheritdoc IComputeRegistry
    function attestation(uint256 providerId)
        external
        view
        returns (
            uint8 level,
            IAttestationRegistry.TeeType teeType,
            bytes27 workload,
            bytes12 platformId,
            uint32 expiry,
            uint256 quorumId
        )
    {
        require(_listings[providerId].owner != address(0), ProviderUnknown(providerId));

        try ATTESTATIONS.attestation{gas: ATTESTATION_GAS}(providerId) returns (
            uint8 level_,
            IAttestationRegistry.TeeType teeType_,
            bytes27 workload_,
            bytes12 platformId_,
            uint32 expiry_,
            uint256 quorumId_
        ) {
            return (level_, teeType_, workload_, platformId_, expiry_, quorumId_);
        } catch {}
    }

    /// @inheritdoc IComputeRegistry
    function agentOf(uint256 providerId) external view returns (bool linked, uint256 agentId) {
        uint256 agent = _listings[providerId].agent;
        return agent == 0 ? (false, 0) : (true, agent - 1);
    }

    /// @inheritdoc IComputeRegistry
    function listProviders(uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor)
    {
        uint256 first = cursor == 0 ? 1 : cursor;
        uint256 left = first > providerCount ? 0 : providerCount - first + 1;
        uint256 length = limit < left ? limit : left;
        nextCursor = length < left ? first + length : 0;

        ids = new uint256[](length);
        uint256 found = 0;
        for (uint256 providerId = first; providerId < first + length; providerId++) {
            if (providerIdOf[_listings[providerId].owner] == providerId) ids[found++] = providerId;
        }
        // Shortens the array to what was found, which is never more than its length.
        assembly ("memory-safe") {
            mstore(ids, found)
        }
    }

    /* INTERNAL */

    function _register(string calldata endpoint, string calldata hardwareAttestation, uint256 pricePerHour)
        private
        returns (uint256 providerId)
    {
        require(providerIdOf[msg.sender] == 0, AlreadyRegistered(msg.sender, providerIdOf[msg.sender]));
        _checkEndpoint(endpoint);
        _checkPrice(pricePerHour);

        providerId = ++providerCount;

        providerIdOf[msg.sender] = providerId;
        Listing storage listing = _listings[providerId];
        listing.owner = msg.sender;
        listing.pricePerHour = uint80(pricePerHour);
        listing.active = true;
        listing.staked = true;
        listing.endpoint = endpoint;
        emit ProviderRegistered(providerId, msg.sender, endpoint, pricePerHour, msg.value);
        _setHardware(providerId, hardwareAttestation);

        STAKING.bindProvider{value: msg.value}(msg.sender);
    }

    function _link(uint256 providerId, uint256 agentId) private {
        _listings[providerId].agent = uint96(agentId + 1);
        emit AgentLinked(providerId, agentId);
    }

    function _requireAgent(uint256 agentId) private view {
        bool owns = agentId <= MAX_AGENT && Agents.ownerOf(IDENTITY, agentId) == msg.sender;
        require(owns, NotAgentOwner(agentId, msg.sender));
    }

    /// @dev Where the node serves its agent's registration file.
    function _registrationFile(string calldata endpoint) private pure returns (string memory) {
        bytes calldata text = bytes(endpoint);
        if (text[text.length - 1] == "/") text = text[:text.length - 1];
        return string.concat(string(text), REGISTRATION_FILE);
    }

    function _ownProvider() private view returns (uint256 providerId) {
        providerId = providerIdOf[msg.sender];
        require(providerId != 0, NotRegistered(msg.sender));
    }

    function _setHardware(uint256 providerId, string calldata hardwareAttestation) private {
        uint256 length = bytes(hardwareAttestation).length;
        require(length <= MAX_ATTESTATION_LENGTH, AttestationTooLong(length, MAX_ATTESTATION_LENGTH));

        _listings[providerId].hardware = length == 0 ? address(0) : SSTORE2.write(bytes(hardwareAttestation));
        emit HardwareSet(providerId, hardwareAttestation);
    }

    function _provider(Listing storage listing) private view returns (Provider memory) {
        bytes memory hardware = listing.hardware == address(0) ? bytes("") : SSTORE2.read(listing.hardware);
        (uint256 gpuCount, string memory gpuModel) = HardwareClaim.gpu(hardware);
        return Provider({
            owner: listing.owner,
            endpoint: listing.endpoint,
            hardwareAttestation: string(hardware),
            gpuCount: gpuCount,
            gpuModel: gpuModel,
            pricePerHour: listing.pricePerHour,
            active: listing.active
        });
    }

    function _checkPrice(uint256 pricePerHour) private pure {
        require(
            pricePerHour != 0 && pricePerHour <= type(uint80).max,
            PriceOutOfRange(pricePerHour, type(uint80).max)
        );
    }

    function _checkEndpoint(string calldata endpoint) private pure {
        bytes calldata text = bytes(endpoint);
        bool isUrl =
            (text.length > 7 && bytes7(text) == "http://") || (text.length > 8 && bytes8(text) == "https://");
        require(
            isUrl && text.length <= MAX_ENDPOINT_LENGTH && LibString.is7BitASCII(endpoint, VISIBLE),
            EndpointMalformed(endpoint)
        );
    }
}
