// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReceiptTrie} from "./ReceiptTrie.sol";

/// @notice Finds a log in a block, given the block's hash, by its receipt, the block's header and the nodes of the receipts' trie
///         between them: put together from the receipt up, each with the hash of what is below it, which is not sent.
/// @dev Never reverts. What hashes to the block's hash is what the chain made, so only bounds are checked inside of it.
/// @dev Nothing here overflows, so nothing is checked for that: places are BAD or at most the end of calldata, and what is added
///      to one that is not BAD is below 2^65. Differences are of an end and what begins before it.
/// @dev An RLP item that is not whole is given the place BAD, which is behind the end of everything, so that it and all that
///      is looked for inside of it or after it ends up as not found.
library ReceiptProof {
    struct Log {
        /// @dev Of the block.
        uint256 time;
        address emitter;
        /// @dev Where in calldata the RLP of the first topic begins; each topic takes 33 bytes.
        uint256 topicsAt;
        uint256 topicCount;
        uint256 dataAt;
        uint256 dataLength;
    }

    uint256 private constant BAD = type(uint256).max;

    /// @dev What a proof begins with: three bytes of the receipt's size, two of the header's, one of the leaf's nibbles.
    uint256 private constant HEAD = 6;

    /// @dev Of a header, which is a list of more than 255 bytes: its head and the block's parent; then, behind the ommers, which are
    ///      not sent, beneficiary, state and transactions; then, behind the root of the receipts and the bloom's head, which
    ///      are not sent, the bloom before difficulty, number, gas limit, gas used and time.
    uint256 private constant PARENT = 36;
    uint256 private constant ROOTS = 87;
    uint256 private constant REST = 123;
    uint256 private constant DIFFICULTY = 379;

    /// @dev The hash of no ommers, of which no block has any since proof of stake.
    uint256 private constant NO_OMMERS = 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347;

    function find(bytes calldata proof, bytes32 blockHash, uint256 transactionIndex, uint256 logIndex)
        internal
        pure
        returns (bool found, Log memory log)
    {
        unchecked {
            uint256 receipt;
            uint256 end;
            uint256 nibbles;
            // The bounds of `proof` in calldata, which is shorter than 2^64 bytes; so are all sums of places below.
            assembly ("memory-safe") {
                receipt := add(proof.offset, HEAD)
                end := add(proof.offset, proof.length)
                nibbles := shr(208, calldataload(proof.offset))
            }
            uint256 header = receipt + (nibbles >> 24);
            uint256 nodes = header + uint16(nibbles >> 8);
            nibbles &= 0xff;
            (uint256 path, uint256 left) = ReceiptTrie.key(transactionIndex);
            if (nodes > end || nodes - header < DIFFICULTY || nibbles > left) return (false, log);

            (bytes32 hash, uint256 logs) = ReceiptTrie.leaf(receipt, header, path, nibbles);
            if (logs == BAD) return (false, log);
            hash = ReceiptTrie.root(hash, path >> (4 * nibbles), left - nibbles, nodes, end);
            if (hash == 0 || _headerHash(header, nodes, hash) != blockHash) return (false, log);

            log.time = _time(header, nodes);
            return (_readLog(log, logs, header, logIndex), log);
        }
    }

    /// @notice A topic of a log that was found; `index` is below its count.
    function topic(Log memory log, uint256 index) internal pure returns (bytes32) {
        unchecked {
            return _word(log.topicsAt + 33 * index + 1);
        }
    }

    /// @notice `abi.encode(emitter, topics, data)`.
    function encode(Log memory log) internal pure returns (bytes memory encoded) {
        // Writes into free memory and takes what it wrote, but for the zeros behind data of whole words.
        assembly ("memory-safe") {
            encoded := mload(0x40)
            let count := mload(add(log, 0x60))
            mstore(add(encoded, 0x20), mload(add(log, 0x20)))
            mstore(add(encoded, 0x40), 0x60)
            mstore(add(encoded, 0x80), count)
            let at := add(encoded, 0xa0)
            for { let from := add(mload(add(log, 0x40)), 1) } count { count := sub(count, 1) } {
                mstore(at, calldataload(from))
                at := add(at, 0x20)
                from := add(from, 33)
            }
            mstore(add(encoded, 0x60), sub(at, add(encoded, 0x20)))
            let size := mload(add(log, 0xa0))
            mstore(at, size)
            at := add(at, 0x20)
            mstore(add(at, and(size, not(31))), 0)
            calldatacopy(at, mload(add(log, 0x80)), size)
            at := add(at, and(add(size, 31), not(31)))
            mstore(encoded, sub(at, add(encoded, 0x20)))
            mstore(0x40, at)
        }
    }

    /* HEADER */

    /// @dev The hash of a header of which the rest is sent from `from` to `to`.
    function _headerHash(uint256 from, uint256 to, bytes32 root) private pure returns (bytes32 hash) {
        // Writes into free memory and leaves it free. Callers have more than REST bytes there.
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, from, PARENT)
            mstore8(add(at, 36), 0xa0)
            mstore(add(at, 37), NO_OMMERS)
            calldatacopy(add(at, 69), add(from, PARENT), ROOTS)
            mstore8(add(at, 156), 0xa0)
            mstore(add(at, 157), root)
            mstore(add(at, 189), shl(232, 0xb90100))
            let size := sub(to, from)
            calldatacopy(add(at, 192), add(from, REST), sub(size, REST))
            hash := keccak256(at, add(size, 69))
        }
    }

    /// @dev The header is the chain's. A time is at most 8 bytes long; what else a chain would put there counts as long ago.
    function _time(uint256 from, uint256 to) private pure returns (uint256 time) {
        // Reads calldata only. Each of five numbers is a byte below 0x80, or 0x80 and its length and that many bytes.
        assembly ("memory-safe") {
            let at := add(from, DIFFICULTY)
            let size := byte(0, calldataload(at))
            at := add(add(at, 1), mul(gt(size, 0x7f), sub(size, 0x80)))
            size := byte(0, calldataload(at))
            at := add(add(at, 1), mul(gt(size, 0x7f), sub(size, 0x80)))
            size := byte(0, calldataload(at))
            at := add(add(at, 1), mul(gt(size, 0x7f), sub(size, 0x80)))
            size := byte(0, calldataload(at))
            at := add(add(at, 1), mul(gt(size, 0x7f), sub(size, 0x80)))
            let word := calldataload(at)
            size := byte(0, word)
            switch lt(size, 0x80)
            case 1 { time := mul(size, lt(at, to)) }
            default {
                size := sub(size, 0x80)
                time := shr(sub(256, shl(3, size)), shl(8, word))
                if or(gt(size, 8), gt(add(add(at, 1), size), to)) { time := 0 }
            }
        }
    }

    /* RECEIPT */

    /// @dev Reads a log of a list of logs that begins at `from`.
    function _readLog(Log memory log, uint256 from, uint256 to, uint256 logIndex)
        private
        pure
        returns (bool)
    {
        unchecked {
            (from, to) = _list(from, to);
            for (; logIndex != 0 && from < to; --logIndex) {
                from = _after(from, to);
            }
            (from, to) = _list(from, to);
            if (to == BAD || _byte(from) != 0x94) return false;

            log.emitter = address(uint160(uint256(_word(from + 1)) >> 96));
            (uint256 topics, uint256 topicsEnd) = _list(from + 21, to);
            if (topicsEnd == BAD || _after(topicsEnd, to) != to) return false;
            log.topicsAt = topics;
            log.topicCount = (topicsEnd - topics) / 33;
            log.dataAt = _payload(topicsEnd);
            log.dataLength = to - log.dataAt;
            return true;
        }
    }

    /* RLP */

    /// @dev Where the list at `at` begins and ends inside of what ends at `end`; BAD both if there is none.
    function _list(uint256 at, uint256 end) private pure returns (uint256 from, uint256 to) {
        // Reads calldata only. Lengths of up to 8 bytes are added to places, which cannot overflow; what is no list is BAD.
        assembly ("memory-safe") {
            let word := calldataload(at)
            let head := byte(0, word)
            switch gt(head, 0xf7)
            case 1 {
                let bytes_ := sub(head, 0xf7)
                from := add(add(at, bytes_), 1)
                to := add(from, shr(sub(256, shl(3, bytes_)), shl(8, word)))
            }
            default {
                from := add(at, 1)
                to := add(from, sub(head, 0xc0))
            }
            if or(gt(to, end), or(lt(head, 0xc0), iszero(lt(at, end)))) {
                from := not(0)
                to := not(0)
            }
        }
    }

    /// @dev Where the payload of the item at `at` begins.
    function _payload(uint256 at) private pure returns (uint256) {
        unchecked {
            uint256 head = _byte(at);
            if (head < 0x80) return at;
            if (head > 0xf7) return at + head - 0xf6;
            if (head > 0xbf) return at + 1;
            return head > 0xb7 ? at + head - 0xb6 : at + 1;
        }
    }

    /// @dev Where the item behind the one at `at` begins; BAD if that would be behind `end`.
    function _after(uint256 at, uint256 end) private pure returns (uint256 next) {
        // Reads calldata only. Lengths of up to 8 bytes are added to places, which cannot overflow.
        assembly ("memory-safe") {
            let head := byte(0, calldataload(at))
            next := add(at, 1)
            if gt(head, 0x7f) {
                // strings and lists are measured the same way
                head := sub(head, add(0x80, shl(6, gt(head, 0xbf))))
                switch lt(head, 0x38)
                case 1 { next := add(next, head) }
                default {
                    head := sub(head, 0x37)
                    next := add(add(next, head), shr(sub(256, shl(3, head)), calldataload(next)))
                }
            }
            if or(gt(next, end), iszero(lt(at, end))) { next := not(0) }
        }
    }

    function _byte(uint256 at) private pure returns (uint256 value) {
        // Reads calldata only; zero behind its end.
        assembly ("memory-safe") {
            value := byte(0, calldataload(at))
        }
    }

    function _word(uint256 at) private pure returns (bytes32 value) {
        // Reads calldata only; zeros behind its end.
        assembly ("memory-safe") {
            value := calldataload(at)
        }
    }
}
