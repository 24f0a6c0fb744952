// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {DateTimeLib} from "solady/utils/DateTimeLib.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IAgentReputation} from "../interfaces/IAgentReputation.sol";
import {IComputeRegistry} from "../interfaces/IComputeRegistry.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";
import {Agents} from "../libraries/Agents.sol";

/// @notice Passes ratings on to the Reputation Registry of ERC-8004. The client of all that feedback is this contract, so who sums
/// up by it sums up what staked renters said of sessions that they paid for, once each.
/// @dev Trusts, all fixed at deployment: the ratings to say who rated, the compute registry to say which agent a provider is, the
/// reputation registry to keep it. Holds no money, and decides nothing: ratings count where they were given.
contract AgentReputation is IAgentReputation {
    using LibString for uint256;

    string private constant TAG = "starred";
    string private constant SERVICE = "compute-rental";
    /// @dev `starred` runs from 0 to 100, a score from 1 to 5.
    uint256 private constant PER_STAR = 20;

    IComputeRegistry public immutable REGISTRY;
    address public immutable RATINGS;
    IReputationRegistry public immutable REPUTATION;
    address public immutable IDENTITY;

    /* STORAGE */

    /// @inheritdoc IAgentReputation
    mapping(uint256 agentId => mapping(address renter => uint64)) public feedbackOf;

    constructor(
        IComputeRegistry registry,
        address ratings,
        IReputationRegistry reputation,
        address identity
    ) {
        REGISTRY = registry;
        RATINGS = ratings;
        REPUTATION = reputation;
        IDENTITY = identity;
    }

    /// @inheritdoc IReputation
    function rated(
        uint256 providerId,
        address renter,
        uint256 sessionId,
        uint8 score,
        address token,
        uint256 paid
    ) external {
        require(msg.sender == RATINGS, NotRatings(msg.sender));
        (bool linked, uint256 agentId) = REGISTRY.agentOf(providerId);
        bool owns = linked && Agents.ownerOf(IDENTITY, agentId) == REGISTRY.ownerOf(providerId);
        require(owns, NotItsAgent(providerId));

        uint64 before = feedbackOf[agentId][renter];
        if (before != 0) REPUTATION.revokeFeedback(agentId, before);

        bytes memory file = bytes(_file(agentId, score, _payment(renter, sessionId, token, paid)));
        REPUTATION.giveFeedback(
            agentId,
            int128(uint128(score * PER_STAR)),
            0,
            TAG,
            SERVICE,
            "",
            string.concat("data:application/json;base64,", Base64.encode(file)),
            keccak256(file)
        );
        feedbackOf[agentId][renter] = REPUTATION.getLastIndex(agentId, address(this));
    }

    /// @dev The file that ERC-8004 describes, with what the rating is worth.
    function _file(uint256 agentId, uint8 score, string memory payment) private view returns (string memory) {
        string memory chain = string.concat("eip155:", block.chainid.toString(), ":");
        return string.concat(
            '{"agentRegistry":"',
            string.concat(chain, LibString.toHexStringChecksummed(IDENTITY)),
            '","agentId":',
            agentId.toString(),
            ',"clientAddress":"',
            string.concat(chain, LibString.toHexStringChecksummed(address(this))),
            string.concat('","createdAt":"', _now(), '","value":', (score * PER_STAR).toString()),
            ',"valueDecimals":0,"tag1":"starred","tag2":"compute-rental",',
            payment,
            "}"
        );
    }

    function _payment(address renter, uint256 sessionId, address token, uint256 paid)
        private
        pure
        returns (string memory)
    {
        return string.concat(
            '"renter":"',
            LibString.toHexStringChecksummed(renter),
            '","sessionId":"',
            sessionId.toString(),
            '","paid":"',
            paid.toString(),
            '","token":"',
            LibString.toHexStringChecksummed(token),
            '"'
        );
    }

    /// @dev ISO 8601.
    function _now() private view returns (string memory) {
        (uint256 year, uint256 month, uint256 day, uint256 hour, uint256 minute, uint256 second) =
            DateTimeLib.timestampToDateTime(block.timestamp);
        string memory date = string.concat(year.toString(), "-", _two(month), "-", _two(day));
        return string.concat(date, "T", _two(hour), ":", _two(minute), ":", _two(second), "Z");
    }

    function _two(uint256 number) private pure returns (string memory) {
        return number < 10 ? string.concat("0", number.toString()) : number.toString();
    }
}
