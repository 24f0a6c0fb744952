// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../interfaces/IIdentityRegistry.sol";
import {IReputationRegistry} from "../interfaces/IReputationRegistry.sol";

/// @notice A Reputation Registry as ERC-8004 describes it, for chains that have none.
/// @dev Trusts the identity registry, fixed at deployment, to say who may not speak of an agent. Holds no money.
contract ReputationRegistry is IReputationRegistry {
    struct Feedback {
        int128 value;
        uint8 valueDecimals;
        bool isRevoked;
        string tag1;
        string tag2;
    }

    struct Responses {
        address[] responders;
        mapping(address responder => uint64) countOf;
    }

    /// @dev Which feedback is asked for. An empty tag asks for any.
    struct Query {
        uint256 agentId;
        address[] clients;
        bytes32 tag1;
        bytes32 tag2;
        bool includeRevoked;
    }

    struct Answer {
        address[] clients;
        uint64[] indexes;
        int128[] values;
        uint8[] decimals;
        string[] tag1s;
        string[] tag2s;
        bool[] revoked;
    }

    uint8 private constant MAX_DECIMALS = 18;
    int128 private constant MAX_VALUE = 1e38;
    bytes32 private constant EMPTY = keccak256("");

    IIdentityRegistry public immutable IDENTITY;

    /* STORAGE */

    /// @dev The feedback with index i is the i-th: indexes begin at 1.
    mapping(uint256 agentId => mapping(address client => Feedback[])) private _feedback;
    mapping(uint256 agentId => address[]) private _clients;
    mapping(uint256 agentId => mapping(address client => mapping(uint64 feedbackIndex => Responses))) private
        _responses;

    constructor(IIdentityRegistry identity) {
        IDENTITY = identity;
    }

    /* FEEDBACK */

    /// @inheritdoc IReputationRegistry
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string memory tag1,
        string memory tag2,
        string memory endpoint,
        string memory feedbackURI,
        bytes32 feedbackHash
    ) external {
        require(
            valueDecimals <= MAX_DECIMALS && value >= -MAX_VALUE && value <= MAX_VALUE,
            ValueOutOfRange(value, valueDecimals)
        );
        require(!IDENTITY.isAuthorizedOrOwner(msg.sender, agentId), SelfFeedback(agentId, msg.sender));

        uint64 index = _keep(agentId, Feedback(value, valueDecimals, false, tag1, tag2));
        emit NewFeedback(
            agentId,
            msg.sender,
            index,
            value,
            valueDecimals,
            tag1,
            tag1,
            tag2,
            endpoint,
            feedbackURI,
            feedbackHash
        );
    }

    /// @inheritdoc IReputationRegistry
    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        Feedback storage feedback = _at(agentId, msg.sender, feedbackIndex);
        require(!feedback.isRevoked, AlreadyRevoked(agentId, msg.sender, feedbackIndex));

        feedback.isRevoked = true;
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    /// @inheritdoc IReputationRegistry
    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string memory responseURI,
        bytes32 responseHash
    ) external {
        _at(agentId, clientAddress, feedbackIndex);
        require(bytes(responseURI).length != 0, ResponseMissing());

        Responses storage responses = _responses[agentId][clientAddress][feedbackIndex];
        if (responses.countOf[msg.sender]++ == 0) responses.responders.push(msg.sender);
        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    /* VIEWS */

    /// @inheritdoc IReputationRegistry
    function getSummary(
        uint256 agentId,
        address[] memory clientAddresses,
        string memory tag1,
        string memory tag2
    ) external view returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals) {
        require(clientAddresses.length != 0, ClientsMissing());
        Answer memory found = _read(_query(agentId, clientAddresses, tag1, tag2, false));
        count = uint64(found.values.length);
        if (count == 0) return (0, 0, 0);

        // Sums up with 18 decimals: 2^64 values of at most 10^38 each fit 256 bits.
        int256 sum = 0;
        uint256[19] memory having;
        for (uint256 i = 0; i < found.values.length; i++) {
            uint8 decimals = found.decimals[i];
            sum += int256(found.values[i]) * int256(10 ** (MAX_DECIMALS - decimals));
            if (++having[decimals] > having[summaryValueDecimals]) summaryValueDecimals = decimals;
        }
        int256 unit = int256(10 ** (MAX_DECIMALS - summaryValueDecimals));
        summaryValue = int128(sum / int256(uint256(count)) / unit);
    }

    /// @inheritdoc IReputationRegistry
    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        Feedback storage feedback = _at(agentId, clientAddress, feedbackIndex);
        return (feedback.value, feedback.valueDecimals, feedback.tag1, feedback.tag2, feedback.isRevoked);
    }

    /// @inheritdoc IReputationRegistry
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
            address[] memory,
            uint64[] memory,
            int128[] memory,
            uint8[] memory,
            string[] memory,
            string[] memory,
            bool[] memory
        )
    {
        Answer memory found = _read(_query(agentId, clientAddresses, tag1, tag2, includeRevoked));
        return
            (
                found.clients,
                found.indexes,
                found.values,
                found.decimals,
                found.tag1s,
                found.tag2s,
                found.revoked
            );
    }

    /// @inheritdoc IReputationRegistry
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] memory responders
    ) external view returns (uint64 count) {
        if (clientAddress != address(0)) {
            return _responsesTo(agentId, clientAddress, feedbackIndex, responders);
        }
        address[] memory clients = _clients[agentId];
        for (uint256 i = 0; i < clients.length; i++) {
            count += _responsesTo(agentId, clients[i], 0, responders);
        }
    }

    /// @inheritdoc IReputationRegistry
    function getClients(uint256 agentId) external view returns (address[] memory) {
        return _clients[agentId];
    }

    /// @inheritdoc IReputationRegistry
    function getLastIndex(uint256 agentId, address clientAddress) public view returns (uint64) {
        return uint64(_feedback[agentId][clientAddress].length);
    }

    /// @inheritdoc IReputationRegistry
    function getIdentityRegistry() external view returns (address) {
        return address(IDENTITY);
    }

    /* INTERNAL */

    function _keep(uint256 agentId, Feedback memory feedback) private returns (uint64 index) {
        Feedback[] storage list = _feedback[agentId][msg.sender];
        list.push(feedback);
        index = uint64(list.length);
        if (index == 1) _clients[agentId].push(msg.sender);
    }

    function _at(uint256 agentId, address client, uint64 index) private view returns (Feedback storage) {
        uint64 last = getLastIndex(agentId, client);
        require(index != 0 && index <= last, FeedbackUnknown(agentId, client, index, last));
        return _feedback[agentId][client][index - 1];
    }

    function _query(
        uint256 agentId,
        address[] memory clients,
        string memory tag1,
        string memory tag2,
        bool includeRevoked
    ) private view returns (Query memory) {
        if (clients.length == 0) clients = _clients[agentId];
        return Query(agentId, clients, keccak256(bytes(tag1)), keccak256(bytes(tag2)), includeRevoked);
    }

    /// @dev Looks twice: arrays in memory do not grow.
    function _read(Query memory query) private view returns (Answer memory found) {
        uint256 count = 0;
        for (uint256 i = 0; i < query.clients.length; i++) {
            Feedback[] storage list = _feedback[query.agentId][query.clients[i]];
            for (uint256 j = 0; j < list.length; j++) {
                if (_matches(query, list[j])) count++;
            }
        }
        found.clients = new address[](count);
        found.indexes = new uint64[](count);
        found.values = new int128[](count);
        found.decimals = new uint8[](count);
        (found.tag1s, found.tag2s) = (new string[](count), new string[](count));
        found.revoked = new bool[](count);

        uint256 next = 0;
        for (uint256 i = 0; i < query.clients.length; i++) {
            Feedback[] storage list = _feedback[query.agentId][query.clients[i]];
            for (uint256 j = 0; j < list.length; j++) {
                if (!_matches(query, list[j])) continue;
                _put(found, next, list[j]);
                (found.clients[next], found.indexes[next]) = (query.clients[i], uint64(j + 1));
                next++;
            }
        }
    }

    function _put(Answer memory found, uint256 i, Feedback storage feedback) private view {
        (found.values[i], found.decimals[i]) = (feedback.value, feedback.valueDecimals);
        (found.tag1s[i], found.tag2s[i]) = (feedback.tag1, feedback.tag2);
        found.revoked[i] = feedback.isRevoked;
    }

    function _matches(Query memory query, Feedback storage feedback) private view returns (bool) {
        return (query.includeRevoked || !feedback.isRevoked)
            && (query.tag1 == EMPTY || query.tag1 == keccak256(bytes(feedback.tag1)))
            && (query.tag2 == EMPTY || query.tag2 == keccak256(bytes(feedback.tag2)));
    }

    /// @dev `index` 0 means all that the client said.
    function _responsesTo(uint256 agentId, address client, uint64 index, address[] memory responders)
        private
        view
        returns (uint64 count)
    {
        uint64 last = index == 0 ? getLastIndex(agentId, client) : index;
        for (uint64 i = index == 0 ? 1 : index; i <= last; i++) {
            Responses storage responses = _responses[agentId][client][i];
            address[] memory asked = responders.length == 0 ? responses.responders : responders;
            for (uint256 j = 0; j < asked.length; j++) {
                count += responses.countOf[asked[j]];
            }
        }
    }
}
