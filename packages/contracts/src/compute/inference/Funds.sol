// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChannelLists} from "../libraries/ChannelLists.sol";
import {Channels} from "../libraries/Channels.sol";
import {Offers} from "./Offers.sol";

/// @notice What channels and meters have in common: money goes in, and each owner has a list of them.
abstract contract Funds is Offers {
    using ChannelLists for ChannelLists.List;
    using Channels for bytes32;
    using Channels for uint256;

    uint256 private constant METER_HOURS = 1;

    /// @dev Marks an offer's number in a list as a meter.
    uint256 private constant METERED = 1 << 31;

    /* STORAGE */

    ChannelLists.List internal _lists;

    /* INTERNAL */

    /// @dev Adds `amount` to the channel or meter `space` has for these, and opens it if need be. The caller takes the money.
    function _fund(
        bytes32 space,
        address owner,
        address provider,
        address token,
        address signer,
        uint256 amount
    ) internal {
        require(amount != 0, ZeroAmount());
        Offer storage offer = _offers[provider][token];
        (uint256 number, uint256 closeWindow) = (offer.number, offer.closeWindow);
        require(number != 0, NothingOffered(provider, token));
        bytes32 slot = Channels.slotOf(space, provider, token, signer);
        uint256 word = slot.load();
        if (word != 0) _requireOpenable(word, provider, signer);

        if (space == Channels.METERS) (number, closeWindow) = (number | METERED, METER_HOURS);

        slot.store(word.fund(amount, closeWindow));
        if (word == 0) _lists.add(owner, signer, number);
    }

    /// @dev As `_fund` does, for a session key that is new: no channel of it was ever opened, so none is read.
    function _fundFirst(address owner, address provider, address token, address signer, uint256 amount)
        internal
    {
        require(amount != 0, ZeroAmount());
        Offer storage offer = _offers[provider][token];
        (uint256 number, uint256 closeWindow) = (offer.number, offer.closeWindow);
        require(number != 0, NothingOffered(provider, token));

        Channels.slotOf(Channels.CHANNELS, provider, token, signer)
            .store(Channels.fund(0, amount, closeWindow));
        _lists.add(owner, signer, number);
    }

    function _requireOpenable(uint256 word, address provider, address signer) private pure {
        require(word.closeAtOf() == 0, ChannelClosing(signer, provider, word.closeAtOf()));
        require(word.epochOf() < Channels.LAST_EPOCH, EpochsExhausted(signer, provider));
    }

    function _requireCloseTime(uint256 closeAt, address signer, address provider) internal view {
        require(closeAt != 0, CloseNotRequested(signer, provider));
        require(block.timestamp >= closeAt, CloseWindowOpen(closeAt, block.timestamp));
    }

    function _entryOf(uint256 record, uint256 index) internal view returns (ChannelEntry memory) {
        uint256 number = ChannelLists.numberOf(record, index);
        address signer = ChannelLists.signerOf(record);
        bool metered = number & METERED != 0;
        Offering memory offering = _offering[(number & ~METERED) - 1];
        bytes32 space = metered ? Channels.METERS : Channels.CHANNELS;
        return ChannelEntry({
            provider: offering.provider,
            token: offering.token,
            signer: signer,
            metered: metered,
            channel: Channels.slotOf(space, offering.provider, offering.token, signer).load().unpack()
        });
    }
}
