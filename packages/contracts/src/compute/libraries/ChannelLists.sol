// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Per owner the channels ever opened, newest first, in records of one word: `signer 160 | third 32 | second 32 |
///         first 32`, each of the three the number of an offer, 0 for none.
/// @dev The first channel takes one new slot, the next two of the same session key none. A record that is pushed down is
///      kept under the key of the record above it: its signer and first number, which no other record shares.
library ChannelLists {
    struct Record {
        uint256 word;
    }

    struct List {
        mapping(address owner => Record) newest;
        mapping(uint256 key => uint256 record) older;
    }

    /// @dev To be called once for each pair of signer and number, else records are lost.
    function add(List storage list, address owner, address signer, uint256 number) internal {
        Record storage newest = list.newest[owner];
        uint256 record = newest.word;
        if (signerOf(record) == signer && numberOf(record, 2) == 0) {
            record |= number << (numberOf(record, 1) == 0 ? 32 : 64);
        } else {
            uint256 above = (uint256(uint160(signer)) << 96) | number;
            if (record != 0) list.older[_keyOf(above)] = record;
            record = above;
        }
        newest.word = record;
    }

    /// @dev The record at `cursor`, and the cursor of the next: 0 for the newest, and 0 after the oldest.
    function read(List storage list, address owner, uint256 cursor)
        internal
        view
        returns (uint256 record, uint256 nextCursor)
    {
        record = cursor == 0 ? list.newest[owner].word : list.older[cursor];
        uint256 key = _keyOf(record);
        if (list.older[key] != 0) nextCursor = key;
    }

    function signerOf(uint256 record) internal pure returns (address) {
        return address(uint160(record >> 96));
    }

    function countOf(uint256 record) internal pure returns (uint256 count) {
        while (count < 3 && numberOf(record, count) != 0) ++count;
    }

    function numberOf(uint256 record, uint256 index) internal pure returns (uint256) {
        return uint32(record >> (index * 32));
    }

    function _keyOf(uint256 record) private pure returns (uint256) {
        return ((record >> 96) << 32) | uint32(record);
    }
}
