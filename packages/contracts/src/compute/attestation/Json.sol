// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Moment} from "./Moment.sol";

/// @notice Reads compact JSON without escapes, as Intel signs it, in one pass and in any order of members.
/// @dev A place in the text is its address in memory. The text ends with 64 zero bytes, and no function
/// reads on past a zero byte, so a place never leaves the text.
library Json {
    /// @notice The text from the place on (32 bytes of it) is not what was expected there.
    error JsonUnexpected(bytes32 found);

    uint256 private constant ONES = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant LOW = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;
    uint256 private constant HIGH = 0x8080808080808080808080808080808080808080808080808080808080808080;
    uint256 private constant ZEROS = 0x3030303030303030303030303030303030303030303030303030303030303030;

    /// @notice Copies the text to memory and answers with the place of its first character.
    function open(bytes calldata json) internal pure returns (uint256 at) {
        // Takes the memory that it writes, and 64 zero bytes behind it.
        assembly ("memory-safe") {
            at := mload(0x40)
            calldatacopy(at, json.offset, json.length)
            let end := add(at, json.length)
            mstore(end, 0)
            mstore(add(end, 32), 0)
            mstore(0x40, and(add(end, 95), not(31)))
        }
    }

    /// @notice Nothing may follow the text's only value.
    function close(uint256 at, uint256 from, uint256 length) internal pure {
        require(at == from + length, JsonUnexpected(word(at)));
    }

    /// @notice The place after `wanted`, which must stand here.
    function expect(uint256 at, bytes1 wanted) internal pure returns (uint256) {
        bytes32 found = word(at);
        require(uint256(found) >> 248 == uint8(wanted), JsonUnexpected(found));
        // A place is far below 2^256.
        unchecked {
            return at + 1;
        }
    }

    /// @notice Whether another member follows in the object or list that `end` closes, and where.
    function more(uint256 at, bytes1 end) internal pure returns (bool, uint256) {
        bytes1 found = bytes1(word(at));
        if (found == ",") return (true, at + 1);
        require(found == end, JsonUnexpected(word(at)));
        return (false, at + 1);
    }

    /// @notice Where a string of printable characters begins and ends, without quotes and escapes.
    function text(uint256 at) internal pure returns (uint256 from, uint256 to) {
        from = expect(at, '"');
        to = from;
        // A step is of 32 bytes at most, and stops at a zero byte, which the text ends with.
        unchecked {
            while (true) {
                uint256 chunk = uint256(word(to));
                uint256 stops = _equal(chunk, 0x22) | _equal(chunk, 0x5c) | _equal(chunk, 0);
                if (stops != 0) {
                    to += _leadingZeros(stops) >> 3;
                    break;
                }
                to += 32;
            }
        }
        require(bytes1(word(to)) == '"', JsonUnexpected(word(to)));
    }

    /// @notice The name of a member, padded with zeros (zero if it is longer than 31 characters), and where its value begins.
    function key(uint256 at) internal pure returns (bytes32 name, uint256 next) {
        (uint256 from, uint256 to) = text(at);
        name = short(from, to);
        next = expect(to + 1, ":");
    }

    /// @notice A string, padded with zeros; zero if it is longer than 31 characters.
    function short(uint256 from, uint256 to) internal pure returns (bytes32) {
        // `to` is not before `from`.
        unchecked {
            uint256 length = to - from;
            if (length > 31) return 0;
            return word(from) & ~bytes32(type(uint256).max >> (8 * length));
        }
    }

    /// @notice A whole number below 2^32, and the place after it.
    function number(uint256 at) internal pure returns (uint256 value, uint256 next) {
        next = at;
        // At most ten digits are added up; a character below the digit zero wraps to above nine.
        unchecked {
            while (true) {
                uint256 digit = (uint256(word(next)) >> 248) - 48;
                if (digit > 9) break;
                value = value * 10 + digit;
                next++;
                require(next - at < 11, JsonUnexpected(word(at)));
            }
        }
        bytes1 after_ = bytes1(word(next));
        bool ended = after_ == "," || after_ == "}" || after_ == "]";
        bool padded = next > at + 1 && bytes1(word(at)) == "0";
        require(next > at && ended && !padded && value < 1 << 32, JsonUnexpected(word(at)));
    }

    /// @notice A string of hexadecimal digits that stands for `length` bytes, at most 16, and the place after it.
    function hexadecimal(uint256 at, uint256 length) internal pure returns (bytes16 value, uint256 next) {
        uint256 from = expect(at, '"');
        value = digits(from, length);
        next = expect(from + 2 * length, '"');
    }

    /// @notice The `length` bytes, at most 16, that the hexadecimal digits from `at` on stand for.
    function digits(uint256 at, uint256 length) internal pure returns (bytes16) {
        uint256 rest = length == 16 ? 0 : type(uint256).max >> (16 * length);
        uint256 chunk = (uint256(word(at)) & ~rest) | (ZEROS & rest);
        uint256 lower = chunk | (ONES * 0x20);
        // Each sum stays within its byte: the characters are below 0x80, and so is what is added.
        unchecked {
            uint256 digit = (chunk + ONES * 0x50) & ~(chunk + ONES * 0x46);
            uint256 letter = (lower + ONES * 0x1f) & ~(lower + ONES * 0x19) & (chunk + ONES * 0x40);
            require(chunk & HIGH == 0 && (digit | letter) & HIGH == HIGH, JsonUnexpected(word(at)));
            uint256 nibbles = (chunk & (ONES * 0x0f)) + ((letter & HIGH) >> 7) * 9;
            nibbles = (nibbles | (nibbles >> 4)) & (type(uint256).max / 0xffff * 0xff);
            nibbles = (nibbles | (nibbles >> 8)) & (type(uint256).max / 0xffffffff * 0xffff);
            nibbles = (nibbles | (nibbles >> 16)) & (type(uint256).max / 0xffffffffffffffff * 0xffffffff);
            nibbles = (nibbles | (nibbles >> 32))
                & (type(uint256).max / 0xffffffffffffffffffffffffffffffff * 0xffffffffffffffff);
            return bytes16(uint128(nibbles | (nibbles >> 64)));
        }
    }

    /// @notice A time like "2025-06-19T10:16:03Z", in unix seconds, and the place after it.
    function time(uint256 at) internal pure returns (uint256 value, uint256 next) {
        uint256 from = expect(at, '"');
        bytes32 found = word(from);
        bool punctuated = found[4] == "-" && found[7] == "-" && found[10] == "T" && found[13] == ":"
            && found[16] == ":" && found[19] == "Z";
        require(punctuated, JsonUnexpected(found));
        uint256 year = _pair(found, 0) * 100 + _pair(found, 2);
        (uint256 month, uint256 day) = (_pair(found, 5), _pair(found, 8));
        (uint256 hour, uint256 minute, uint256 second) =
            (_pair(found, 11), _pair(found, 14), _pair(found, 17));
        require(Moment.exists(year, month, day, hour, minute, second), JsonUnexpected(found));
        value = Moment.timestamp(year, month, day, hour, minute, second);
        next = expect(from + 20, '"');
    }

    /// @notice The place after a value of any kind. What is inside is not judged, only that brackets and strings close.
    function skip(uint256 at) internal pure returns (uint256) {
        uint256 depth;
        while (true) {
            bytes1 found = bytes1(word(at));
            if (found == '"') {
                (, uint256 to) = text(at);
                at = to + 1;
            } else if (found == "{" || found == "[") {
                depth++;
                at++;
                continue;
            } else if (found == "}" || found == "]") {
                require(depth != 0, JsonUnexpected(word(at)));
                depth--;
                at++;
            } else {
                require(found != 0 && (depth != 0 || _isScalar(found)), JsonUnexpected(word(at)));
                at++;
                if (depth == 0 && _isScalar(bytes1(word(at)))) continue;
            }
            if (depth == 0) return at;
        }
        return at;
    }

    /// @notice The 32 bytes at a place.
    function word(uint256 at) internal pure returns (bytes32 found) {
        // Reading memory has no effect.
        assembly ("memory-safe") {
            found := mload(at)
        }
    }

    /// @dev What numbers, true, false and null are made of.
    function _isScalar(bytes1 found) private pure returns (bool) {
        return (found >= "a" && found <= "z") || (found >= "0" && found <= "9") || found == "-"
            || found == "." || found == "+" || found == "E";
    }

    /// @dev The high bit of each byte of `chunk` that equals `value`.
    function _equal(uint256 chunk, uint256 value) private pure returns (uint256) {
        // Each sum is at most 0xfe, so that no byte carries into the next.
        unchecked {
            uint256 differing = chunk ^ (ONES * value);
            return ~(((differing & LOW) + LOW) | differing | LOW);
        }
    }

    function _leadingZeros(uint256 value) private pure returns (uint256 count) {
        // The opcode of EIP-7939, which osaka has.
        assembly ("memory-safe") {
            count := clz(value)
        }
    }

    function _pair(bytes32 found, uint256 index) private pure returns (uint256) {
        // A character below the digit zero wraps to above nine.
        unchecked {
            uint256 tens = uint256(uint8(found[index])) - 48;
            uint256 ones = uint256(uint8(found[index + 1])) - 48;
            require(tens < 10 && ones < 10, JsonUnexpected(found));
            return tens * 10 + ones;
        }
    }
}
