// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAttestationRegistry} from "./IAttestationRegistry.sol";
import {IProviderStakes} from "./IProviderStakes.sol";

/// @notice Who offers machines and models, where to reach them, and for how much.
interface IComputeRegistry is IProviderStakes {
    /// @dev `gpuCount` and `gpuModel` are read out of `hardwareAttestation`, which is the provider's own claim.
    struct Provider {
        address owner;
        string endpoint;
        string hardwareAttestation;
        uint256 gpuCount;
        string gpuModel;
        uint256 pricePerHour;
        bool active;
    }

    /// @notice Each address has one provider.
    error AlreadyRegistered(address owner, uint256 providerId);

    /// @notice The address has no provider now.
    error NotRegistered(address owner);

    /// @notice No provider ever had this id.
    error ProviderUnknown(uint256 providerId);

    /// @notice What does not leave of the owner's stake, with what was sent, is less than the roles need.
    error StakeTooLow(uint256 staked, uint256 required);

    /// @notice The price per hour lies between 1 and `maximum` wei.
    error PriceOutOfRange(uint256 pricePerHour, uint256 maximum);

    /// @notice The endpoint must be an http(s) URL of at most 256 printable ASCII characters.
    error EndpointMalformed(string endpoint);

    /// @notice The attestation is longer than `maximum` bytes.
    error AttestationTooLong(uint256 length, uint256 maximum);

    /// @notice A session is pending, running or not yet paid out: end it and collect first.
    error ObligationsRemain(uint256 providerId);

    /// @notice The agent is not the caller's.
    error NotAgentOwner(uint256 agentId, address caller);

    /// @notice The provider is linked to no agent.
    error NoAgent(uint256 providerId);

    /// @notice The provider's agent is still its owner's, or nobody says whose it is.
    error NotSold(uint256 providerId, uint256 agentId);

    /// @notice This contract takes no tokens but the agents that it mints, and hands those on.
    error NotForHere();

    /// @notice Only the staking contract says who is staked.
    error NotStaking(address caller);

    /// @notice A provider registered; `stake` is what came with the call.
    event ProviderRegistered(
        uint256 indexed providerId,
        address indexed owner,
        string endpoint,
        uint256 pricePerHour,
        uint256 stake
    );

    /// @notice New sessions cost `pricePerHour`; those that run keep theirs.
    event PricingUpdated(uint256 indexed providerId, uint256 pricePerHour);

    /// @notice The provider takes new sessions, or no longer does.
    event ActiveSet(uint256 indexed providerId, bool active);

    /// @notice The provider is reached at `endpoint`.
    event EndpointSet(uint256 indexed providerId, string endpoint);

    /// @notice The provider claims this hardware.
    event HardwareSet(uint256 indexed providerId, string hardwareAttestation);

    /// @notice `operator` may act for the provider where no money moves; zero means nobody.
    event OperatorSet(uint256 indexed providerId, address indexed operator);

    /// @notice The stake of the provider's owner covers its roles again, or no longer does.
    event StakedSet(uint256 indexed providerId, bool staked);

    /// @notice The provider is this agent of ERC-8004.
    event AgentLinked(uint256 indexed providerId, uint256 indexed agentId);

    /// @notice The identity registry gave no agent; the provider works without, and may link one later.
    event AgentRefused(uint256 indexed providerId);

    /// @notice The provider's agent is someone else's now, so the link is gone and the provider inactive.
    event AgentSold(uint256 indexed providerId, uint256 indexed agentId, address indexed holder);

    /// @notice The provider left; its id will not be used again.
    event ProviderUnregistered(uint256 indexed providerId, address indexed owner);

    /// @notice Registers the caller as a provider, active at once. The ether sent becomes the caller's stake.
    /// @dev The stake must reach 0.1 ETH above what other roles need; what the caller staked before counts.
    /// @dev Mints an ERC-8004 agent, whose URI is the endpoint with `/.well-known/agent-registration.json`, and hands its token to
    /// the caller. If the identity registry fails, the provider works without an agent. Needs 750,000 gas left at that point, most
    /// of which comes back.
    /// @param endpoint An http(s) URL of at most 256 printable ASCII characters.
    /// @param hardwareAttestation The JSON that a node's `GET /v1/hardware` prints; at most 2,048 bytes, a claim.
    /// @param pricePerHour In wei, above 0 and below 2^80.
    function register(string memory endpoint, string memory hardwareAttestation, uint256 pricePerHour)
        external
        payable
        returns (uint256 providerId);

    /// @notice Like `register`, linked to an ERC-8004 agent that the caller owns, such as that of an earlier registration.
    function registerWithAgent(
        uint256 agentId,
        string memory endpoint,
        string memory hardwareAttestation,
        uint256 pricePerHour
    ) external payable returns (uint256 providerId);

    /// @notice Leaves: no new sessions, and the stake may be taken out. Reverts while a session is not paid out.
    /// @dev The caller may register again, under a new id.
    function unregister() external;

    /// @notice Links the caller's provider to an agent that the caller owns, in place of the one before.
    function linkAgent(uint256 agentId) external;

    /// @notice Takes a provider off the market whose agent was sold, and undoes the link. By anyone.
    /// @dev Whoever has the agent's token has nothing of the provider. The provider's owner may activate it again, without that agent.
    function deactivateSold(uint256 providerId) external;

    /// @notice Takes the token of an agent that this contract mints, and no other.
    function onERC721Received(address operator, address from, uint256 agentId, bytes memory data)
        external
        view
        returns (bytes4);

    /// @notice Sets the price of sessions that are yet to be made.
    function updatePricing(uint256 pricePerHour) external;

    /// @notice Opens or closes the caller's provider for new sessions.
    function setActive(bool active) external;

    /// @notice Moves the caller's provider to another URL.
    function setEndpoint(string memory endpoint) external;

    /// @notice Replaces what the caller's provider claims about its hardware.
    function setHardware(string memory hardwareAttestation) external;

    /// @notice Names a hot key that activates, declines and signs for the provider, and never moves its money.
    function setOperator(address operator) external;

    /// @notice The provider as it stands; one that unregistered is shown inactive.
    /// @dev `gpuCount` is 0 and `gpuModel` empty where the attestation is no JSON object that has them at its top level:
    /// an integer up to 1,024, and a string of at most 64 printable ASCII characters without escapes.
    function getProvider(uint256 providerId) external view returns (Provider memory);

    /// @notice The provider that the address has now.
    function getProviderByAddress(address owner) external view returns (Provider memory);

    /// @notice The id of the provider that the address has now; 0 if none.
    function providerIdOf(address owner) external view returns (uint256);

    /// @notice The address that registered the provider; 0 if the id is unknown. It never changes.
    function ownerOf(uint256 providerId) external view returns (address);

    /// @notice The provider's hot key; 0 if none.
    function operatorOf(uint256 providerId) external view returns (address);

    /// @notice Whether the account is the provider's owner or its operator.
    function isProviderOrOperator(uint256 providerId, address account) external view returns (bool);

    /// @notice What a rental needs to know. `rentable` means registered, active and staked; `owner` is 0 if unknown.
    function rentalTerms(uint256 providerId)
        external
        view
        returns (address owner, uint256 pricePerHour, bool rentable);

    /// @notice What is proven of the provider's machine now, as the attestation registry says: level 0 is claimed only, 1 attested by
    /// the quorum `quorumId`, 2 verified on chain. Zeros where nothing is.
    /// @dev Warning: anyone makes a quorum; level 1 is for those who trust that one.
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
        );

    /// @notice The ERC-8004 agent that the provider is linked to. Ids begin at 0, so `linked` says whether there is one.
    /// @dev Warning: its token may have been sold since; `deactivateSold` then undoes the link.
    function agentOf(uint256 providerId) external view returns (bool linked, uint256 agentId);

    /// @notice How many providers ever registered; ids run from 1 to this.
    function providerCount() external view returns (uint256);

    /// @notice Ids of registered providers, oldest first. Looks at `limit` ids from `cursor` on.
    /// @param cursor 0 for the first page, then the `nextCursor` of the page before.
    /// @return ids Those of the ids looked at that did not unregister.
    /// @return nextCursor 0 at the end.
    function listProviders(uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory ids, uint256 nextCursor);
}
