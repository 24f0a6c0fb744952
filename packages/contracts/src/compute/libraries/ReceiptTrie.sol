// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Puts together the nodes of a receipts' trie from a receipt up to the root, each with the hash of the one below it.
/// @dev Never reverts. Places are of calldata and shorter than 2^64, or BAD, which is behind the end of everything.
library ReceiptTrie {
    uint256 private constant BAD = type(uint256).max;

    /// @dev More bytes of a bloom than that are cheaper to send as they are. It bounds what a clumsy proof costs a sponsor.
    uint256 private constant MOST_PAIRS = 16;

    /// @dev As many empty places as fit into a word.
    uint256 private constant EMPTY = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @dev In free memory, for what comes before a node's contents, and what is written over by that.
    uint256 private constant ROOM = 64;

    /// @notice The nibbles of an index in RLP, the last at the bottom, and how many they are.
    function key(uint256 index) internal pure returns (uint256 path, uint256 nibbles) {
        if (index == 0) return (0x80, 2);
        if (index < 0x80) return (index, 2);
        if (index < 0x100) return (0x8100 | index, 4);
        if (index < 0x10000) return (0x820000 | index, 6);
        if (index < 0x1000000) return (0x83000000 | index, 8);
        return (0x8400000000 | index, 10);
    }

    /// @notice The hash of the leaf with the receipt that is sent from `at` to `end`, at the last nibbles of the path, and where in
    ///      calldata the receipt's logs begin; BAD if that is no receipt.
    function leaf(uint256 at, uint256 end, uint256 path, uint256 nibbles)
        internal
        pure
        returns (bytes32 hash, uint256 logs)
    {
        unchecked {
            uint256 size;
            (size, logs) = _copyReceipt(at, end);
            if (logs == BAD) return (0, BAD);

            uint256 from;
            // Where the receipt was copied to.
            assembly ("memory-safe") {
                from := add(mload(0x40), ROOM)
            }
            uint256 to = from + size;
            from = _putPath(_putHead(from, size, 0xb7), path, nibbles, 2);
            from = _putHead(from, to - from, 0xf7);
            // Of memory that was just written.
            assembly ("memory-safe") {
                hash := keccak256(from, sub(to, from))
            }
        }
    }

    /// @dev Copies a receipt, `[status, gas, bloom, logs, …]` behind a type's byte unless it is a legacy one, and completes its bloom:
    ///      of that is sent 0 and all of it, or the number of its bytes that are not zero and their places and values, but no head.
    function _copyReceipt(uint256 at, uint256 end) private pure returns (uint256 size, uint256 logs) {
        // Writes into free memory and leaves it free. What is read is bounded by bytes: no place is far behind `end`, and one that
        // is behind it ends up as BAD. A receipt is longer than 255 bytes, so its list's head is 0xf9 or longer.
        assembly ("memory-safe") {
            logs := add(at, lt(byte(0, calldataload(at)), 0x80))
            logs := add(add(logs, 2), and(byte(0, calldataload(logs)), 7))
            // status and gas: a byte below 0x80, or 0x80 and a length and that many bytes
            let head := byte(0, calldataload(logs))
            logs := add(add(logs, 1), mul(gt(head, 0x7f), sub(head, 0x80)))
            head := byte(0, calldataload(logs))
            logs := add(add(logs, 1), mul(gt(head, 0x7f), sub(head, 0x80)))
            size := sub(logs, at)
            let to := add(mload(0x40), ROOM)
            calldatacopy(to, at, size)
            to := add(to, size)
            // the bloom's head
            mstore(to, shl(232, 0xb90100))
            to := add(to, 3)

            let count := byte(0, calldataload(logs))
            logs := add(logs, 1)
            switch count
            case 0 {
                calldatacopy(to, logs, 256)
                logs := add(logs, 256)
            }
            default {
                // behind calldata there are only zeros
                calldatacopy(to, calldatasize(), 256)
                if gt(count, MOST_PAIRS) {
                    count := 0
                    logs := not(0)
                }
                let pairs := calldataload(logs)
                logs := add(logs, shl(1, count))
                for {} count { count := sub(count, 1) } {
                    mstore8(add(to, byte(0, pairs)), byte(1, pairs))
                    pairs := shl(16, pairs)
                }
            }
            switch gt(logs, end)
            case 0 {
                calldatacopy(add(to, 256), logs, sub(end, logs))
                size := add(size, add(259, sub(end, logs)))
            }
            default { logs := not(0) }
        }
    }

    /// @notice The root of a trie that has a node with this hash at the first `left` nibbles of the path, by what is sent of the nodes
    ///      above it, the lowest first, up to `end`; zero if that leads elsewhere.
    /// @dev A branch has sixteen places, empty or a hash, of 1 or 33 bytes, and no value. So a place begins as many bytes behind
    ///      a multiple of 32 as there are places before it, and where the hash is put says which place it is in: across two places
    ///      there stands no hash of anything that could be found.
    function root(bytes32 hash, uint256 path, uint256 left, uint256 at, uint256 end)
        internal
        pure
        returns (bytes32)
    {
        unchecked {
            while (left != 0 && at < end) {
                uint256 before;
                uint256 behind;
                // Reads calldata only.
                assembly ("memory-safe") {
                    behind := byte(0, calldataload(at))
                    at := add(at, 1)
                    before := shr(4, behind)
                    behind := and(behind, 15)
                }
                if (before + behind > 15) {
                    if (before != 15 || behind > left) return 0;
                    hash = _extension(hash, path, behind);
                    path >>= 4 * behind;
                    left -= behind;
                    continue;
                }
                // A branch, with so many hashes before and behind this one: where there is none, all places are empty and none is
                // sent. Writes into free memory and leaves it free.
                assembly ("memory-safe") {
                    let from := add(mload(0x40), ROOM)
                    let to := add(from, and(path, 15))
                    switch before
                    case 0 { mstore(from, EMPTY) }
                    default {
                        to := add(to, shl(5, before))
                        calldatacopy(from, at, sub(to, from))
                        at := add(at, sub(to, from))
                    }
                    mstore8(to, 0xa0)
                    mstore(add(to, 1), hash)
                    to := add(to, 33)
                    // with the value, which is empty
                    mstore(to, EMPTY)
                    if behind {
                        before := add(shl(5, behind), sub(15, and(path, 15)))
                        calldatacopy(to, at, before)
                        at := add(at, before)
                        to := add(to, shl(5, behind))
                        mstore8(add(to, sub(15, and(path, 15))), 0x80)
                    }
                    to := add(to, sub(16, and(path, 15)))
                    // a leaf, of which others may have chosen the rest, begins with its path, which is neither empty nor so long
                    if sub(and(byte(0, mload(from)), 0xdf), 0x80) { at := not(0) }
                    // more than one hash, so the size takes one byte or two
                    let size := sub(to, from)
                    let head := add(gt(size, 0xff), 2)
                    mstore(sub(from, 32), or(shl(sub(shl(3, head), 8), add(0xf6, head)), size))
                    hash := keccak256(sub(from, head), add(size, head))
                    path := shr(4, path)
                    left := sub(left, 1)
                }
            }
            return left == 0 && at == end ? hash : bytes32(0);
        }
    }

    /// @dev The hash of an extension by the last nibbles of the path to a node with this hash.
    function _extension(bytes32 hash, uint256 path, uint256 nibbles) private pure returns (bytes32 parent) {
        unchecked {
            uint256 to;
            // Free memory, which is left free.
            assembly ("memory-safe") {
                to := add(mload(0x40), ROOM)
                mstore8(to, 0xa0)
                mstore(add(to, 1), hash)
            }
            uint256 from = _putPath(to, path, nibbles, 0);
            // At most 40 bytes.
            assembly ("memory-safe") {
                let size := sub(add(to, 33), from)
                from := sub(from, 1)
                mstore8(from, add(0xc0, size))
                parent := keccak256(from, add(size, 1))
            }
        }
    }

    /// @dev Puts a leaf's or an extension's path, of at most 10 nibbles, in front of `at`, and says where it begins.
    function _putPath(uint256 at, uint256 path, uint256 nibbles, uint256 flag)
        private
        pure
        returns (uint256 from)
    {
        // Writes over 32 bytes in front of `at`, for which ROOM is left.
        assembly ("memory-safe") {
            let size := add(shr(1, nibbles), 1)
            path := and(path, sub(shl(shl(2, nibbles), 1), 1))
            path := or(path, shl(sub(shl(3, size), 4), or(flag, and(nibbles, 1))))
            mstore(sub(at, 32), path)
            from := sub(at, size)
            if gt(size, 1) {
                from := sub(from, 1)
                mstore8(from, add(0x80, size))
            }
        }
    }

    /// @dev Puts the head of an item of `size` bytes, more than 55, in front of it, and says where it begins.
    function _putHead(uint256 at, uint256 size, uint256 kind) private pure returns (uint256 from) {
        // Writes over 32 bytes in front of `at`, for which ROOM is left.
        assembly ("memory-safe") {
            let bytes_ := add(add(gt(size, 0xff), gt(size, 0xffff)), add(gt(size, 0xffffff), 1))
            mstore(sub(at, 32), or(shl(shl(3, bytes_), add(kind, bytes_)), size))
            from := sub(at, add(bytes_, 1))
        }
    }
}
