// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {ChannelLists} from "../libraries/ChannelLists.sol";
import {EtherPrices} from "./EtherPrices.sol";

/// @notice What users ever opened and bought.
abstract contract Usage is EtherPrices {
    using ChannelLists for ChannelLists.List;

    /// @inheritdoc IInferenceServing
    function channelsOf(address owner, uint256 cursor, uint256 limit)
        external
        view
        returns (ChannelEntry[] memory entries, uint256 nextCursor)
    {
        entries = new ChannelEntry[](_countOf(owner, cursor, limit));
        nextCursor = cursor;
        uint256 filled = 0;
        for (uint256 i = 0; i < limit && (i == 0 || nextCursor != 0); ++i) {
            uint256 record;
            (record, nextCursor) = _lists.read(owner, nextCursor);
            for (uint256 j = ChannelLists.countOf(record); j != 0; --j) {
                entries[filled++] = _entryOf(record, j - 1);
            }
        }
    }

    /// @inheritdoc IInferenceServing
    function getUsage(address user) external view returns (uint256 totalTokens, uint256 totalCost) {
        (totalTokens, totalCost,) = getTokenUsagePage(user, ETHER, 0, type(uint256).max);
    }

    /// @inheritdoc IInferenceServing
    function getUsagePage(address user, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor)
    {
        return getTokenUsagePage(user, ETHER, cursor, limit);
    }

    /// @inheritdoc IInferenceServing
    function getTokenUsage(address user, address token)
        external
        view
        returns (uint256 totalTokens, uint256 totalCost)
    {
        (totalTokens, totalCost,) = getTokenUsagePage(user, token, 0, type(uint256).max);
    }

    /// @inheritdoc IInferenceServing
    function getTokenUsagePage(address user, address token, uint256 cursor, uint256 limit)
        public
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor)
    {
        nextCursor = cursor;
        for (uint256 i = 0; i < limit && (i == 0 || nextCursor != 0); ++i) {
            uint256 record;
            (record, nextCursor) = _lists.read(user, nextCursor);
            for (uint256 j = ChannelLists.countOf(record); j != 0; --j) {
                ChannelEntry memory entry = _entryOf(record, j - 1);
                if (entry.token != token) continue;
                tokens += entry.channel.tokens;
                cost += entry.channel.claimed;
            }
        }
    }

    function _countOf(address owner, uint256 cursor, uint256 limit) private view returns (uint256 count) {
        for (uint256 i = 0; i < limit && (i == 0 || cursor != 0); ++i) {
            uint256 record;
            (record, cursor) = _lists.read(owner, cursor);
            count += ChannelLists.countOf(record);
        }
    }
}
