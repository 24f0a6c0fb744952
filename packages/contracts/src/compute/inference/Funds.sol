// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {ChannelLists} from "../libraries/ChannelLists.sol";
import {Channels} from "../libraries/Channels.sol";
import {Offers} from "./Offers.sol";

/// @notice What channels and meters have in common: money goes in, each owner has a list of them, and usage is their sum.
abstract contract Funds is Offers {
    using ChannelLists for ChannelLists.List;
    using Channels for bytes32;
    using Channels for uint256;

    uint256 private constant METER_HOURS = 1;

    /// @dev Marks an offer's number in a list as a meter.
    uint256 private constant METERED = 1 << 31;

    /* STORAGE */

    ChannelLists.List private _lists;

    /* EXTERNAL */

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
        (totalTokens, totalCost,) = getUsagePage(user, 0, type(uint256).max);
    }

    /// @inheritdoc IInferenceServing
    function getUsagePage(address user, uint256 cursor, uint256 limit)
        public
        view
        returns (uint256 tokens, uint256 cost, uint256 nextCursor)
    {
        nextCursor = cursor;
        for (uint256 i = 0; i < limit && (i == 0 || nextCursor != 0); ++i) {
            uint256 record;
            (record, nextCursor) = _lists.read(user, nextCursor);
            for (uint256 j = ChannelLists.countOf(record); j != 0; --j) {
                uint256 word = _slotOf(record, j - 1).load();
                tokens += word.tokensOf();
                cost += word.claimedOf();
            }
        }
    }

    /* INTERNAL */

    /// @dev Moves `amount` of the caller's money into the channel or meter `space` has for these, and opens it if need be.
    function _fund(bytes32 space, address provider, address token, address signer, uint256 amount)
        internal
        returns (uint256 fromBalance)
    {
        _requireEther(token);
        require(amount != 0, ZeroAmount());
        Offer memory offer = _offers[provider];
        require(offer.number != 0, NothingOffered(provider));
        bytes32 slot = Channels.slotOf(space, provider, token, signer);
        uint256 word = slot.load();
        require(word.closeAtOf() == 0, ChannelClosing(signer, provider, word.closeAtOf()));
        require(word.epochOf() < Channels.LAST_EPOCH, EpochsExhausted(signer, provider));

        bool metered = space == Channels.METERS;

        fromBalance = _spend(amount);
        slot.store(word.fund(amount, metered ? METER_HOURS : offer.closeWindow));
        if (word == 0) _lists.add(msg.sender, signer, metered ? offer.number | METERED : offer.number);
    }

    function _requireCloseTime(uint256 closeAt, address signer, address provider) internal view {
        require(closeAt != 0, CloseNotRequested(signer, provider));
        require(block.timestamp >= closeAt, CloseWindowOpen(closeAt, block.timestamp));
    }

    function _countOf(address owner, uint256 cursor, uint256 limit) private view returns (uint256 count) {
        for (uint256 i = 0; i < limit && (i == 0 || cursor != 0); ++i) {
            uint256 record;
            (record, cursor) = _lists.read(owner, cursor);
            count += ChannelLists.countOf(record);
        }
    }

    function _entryOf(uint256 record, uint256 index) private view returns (ChannelEntry memory) {
        uint256 number = ChannelLists.numberOf(record, index);
        return ChannelEntry({
            provider: _offering[(number & ~METERED) - 1],
            token: address(0),
            signer: ChannelLists.signerOf(record),
            metered: number & METERED != 0,
            channel: _slotOf(record, index).load().unpack()
        });
    }

    function _slotOf(uint256 record, uint256 index) private view returns (bytes32) {
        uint256 number = ChannelLists.numberOf(record, index);
        bytes32 space = number & METERED == 0 ? Channels.CHANNELS : Channels.METERS;
        address provider = _offering[(number & ~METERED) - 1];
        return Channels.slotOf(space, provider, address(0), ChannelLists.signerOf(record));
    }
}
