// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Finds a log in a block, given the block's hash: the block's header and the nodes of its receipts' trie from the root
///         to the receipt, all in RLP, one behind the other, read where they lie in calldata.
/// @dev Never reverts. What is hashed against its parent is what the chain made, so only bounds are checked inside of it.
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

    /// @dev In every header since the first: parent, ommers, beneficiary, state and transactions come before the receipts.
    uint256 private constant RECEIPTS_ROOT = 154;

    /// @dev And root and bloom before difficulty, number, gas limit, gas used and time.
    uint256 private constant DIFFICULTY = 445;

    function find(bytes calldata proof, bytes32 blockHash, uint256 transactionIndex, uint256 logIndex)
        internal
        pure
        returns (bool found, Log memory log)
    {
        unchecked {
            uint256 at;
            uint256 end;
            // The bounds of `proof` in calldata, which is shorter than 2^64 bytes; so are all sums of places below.
            assembly ("memory-safe") {
                at := proof.offset
                end := add(at, proof.length)
            }
            (uint256 from, uint256 to) = _list(at, end);
            if (to == BAD || _hash(at, to) != blockHash) return (false, log);
            log.time = _time(from, to);

            (from, to) = _receipt(to, end, _word(from + RECEIPTS_ROOT), transactionIndex);
            if (to == BAD) return (false, log);
            return (_readLog(log, from, to, logIndex), log);
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

    /* TRIE */

    /// @dev The leaf's value, with its string header, if the nodes from `at` lead from `root` to it and end with it.
    function _receipt(uint256 at, uint256 end, bytes32 root, uint256 transactionIndex)
        private
        pure
        returns (uint256 from, uint256 to)
    {
        unchecked {
            (uint256 path, uint256 left) = _key(transactionIndex);
            bytes32 wanted = root;
            while (true) {
                uint256 next;
                (from, next) = _list(at, end);
                if (next == BAD || _hash(at, next) != wanted) return (BAD, BAD);
                at = next;

                uint256 child;
                uint256 head = _byte(from);
                if (head == 0x80 || head == 0xa0) {
                    // A branch: what it begins with is no path, which has one to six bytes. The child's place is the next nibble;
                    // places are empty or a hash.
                    if (left == 0) return (BAD, BAD);
                    child = _place(from, next, path >> 252);
                    path <<= 4;
                    --left;
                } else {
                    bool leaf;
                    child = _after(from, next);
                    (path, left, leaf) = _consume(from, path, left);
                    if (left == BAD) return (BAD, BAD);
                    if (leaf) return left == 0 && next == end ? (child, next) : (BAD, BAD);
                }
                // A receipt is longer than 32 bytes, so a child is never inside of its parent, but its hash is.
                if (child >= next || _byte(child) != 0xa0) return (BAD, BAD);
                wanted = _word(child + 1);
            }
        }
    }

    /// @dev Where a branch from `at` to `end` has its child `index`, if its places are empty or a hash, else anywhere.
    function _place(uint256 at, uint256 end, uint256 index) private pure returns (uint256 place) {
        // Reads calldata only. Empty is 0x80 and a hash begins with 0xa0, so a bit tells the 32 bytes more; sixteen hashes and
        // no value, which no branch over receipts has, make 529 bytes.
        assembly ("memory-safe") {
            switch eq(sub(end, at), 529)
            case 1 { place := add(at, mul(index, 33)) }
            default {
                place := at
                if and(index, 1) {
                    place := add(add(place, 1), and(byte(0, calldataload(place)), 0x20))
                }
                for { index := shr(1, index) } index { index := sub(index, 1) } {
                    place := add(add(place, 1), and(byte(0, calldataload(place)), 0x20))
                    place := add(add(place, 1), and(byte(0, calldataload(place)), 0x20))
                }
            }
        }
    }

    /// @dev The nibbles of an index in RLP, the first on top, and how many they are.
    function _key(uint256 index) private pure returns (uint256 path, uint256 nibbles) {
        if (index == 0) return (0x80 << 248, 2);
        if (index < 0x80) return (index << 248, 2);
        if (index < 0x100) return ((0x8100 | index) << 240, 4);
        if (index < 0x10000) return ((0x820000 | index) << 232, 6);
        if (index < 0x1000000) return ((0x83000000 | index) << 224, 8);
        return ((0x8400000000 | index) << 216, 10);
    }

    /// @dev Goes along the path of an extension or a leaf at `at`; `rest` is BAD if it leads elsewhere.
    function _consume(uint256 at, uint256 path, uint256 left)
        private
        pure
        returns (uint256 remaining, uint256 rest, bool leaf)
    {
        unchecked {
            uint256 size = _byte(at);
            uint256 own;
            uint256 nibbles = 2;
            if (size < 0x80) {
                own = size << 248;
            } else {
                // A path has at most 10 nibbles, so with its flag at most 6 bytes.
                if (size == 0x80 || size > 0x86) return (0, BAD, false);
                nibbles = (size - 0x80) * 2;
                own = uint256(_word(at + 1));
            }
            uint256 flag = own >> 252;
            uint256 skipped = flag & 1 != 0 ? 1 : 2;
            nibbles -= skipped;
            own <<= 4 * skipped;
            leaf = flag > 1;
            if (nibbles > left || (nibbles == 0 && !leaf)) return (0, BAD, false);
            if (nibbles != 0 && (own ^ path) >> (256 - 4 * nibbles) != 0) return (0, BAD, false);
            return (path << (4 * nibbles), left - nibbles, leaf);
        }
    }

    /* RECEIPT */

    /// @dev `[status, gas, bloom, logs, …]`, behind a type's byte unless it is a legacy one.
    function _readLog(Log memory log, uint256 at, uint256 end, uint256 logIndex) private pure returns (bool) {
        unchecked {
            uint256 type_ = _byte(at);
            if (type_ < 0xb8 || type_ > 0xbb) return false;
            at += type_ - 0xb6;
            if (_byte(at) < 0x80) ++at;
            (uint256 from, uint256 to) = _list(at, end);
            from = _after(_after(_after(from, to), to), to);

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

    /// @dev The header is the chain's. A time is at most 8 bytes long; what else a chain would put there counts as long ago.
    function _time(uint256 from, uint256 to) private pure returns (uint256 time) {
        // Reads calldata only. Each of five numbers is a byte below 0x80, or 0x80 and its length and that many bytes.
        assembly ("memory-safe") {
            let at := add(from, DIFFICULTY)
            let word := calldataload(at)
            let size := 0
            for { let i := 4 } i { i := sub(i, 1) } {
                size := byte(0, word)
                at := add(add(at, 1), mul(gt(size, 0x7f), sub(size, 0x80)))
                word := calldataload(at)
            }
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

    function _hash(uint256 from, uint256 to) private pure returns (bytes32 hash) {
        // Copies into free memory and leaves it free. Callers have `from` below `to`, both inside of calldata.
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := sub(to, from)
            calldatacopy(free, from, size)
            hash := keccak256(free, size)
        }
    }
}
