// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Moment} from "./Moment.sol";

/// @notice An element of DER in calldata: its tag, where it begins, where its content begins, where it ends.
/// @dev Four fields of 32 bits; positions count from the start of calldata, which is far shorter than 2^32.
type Element is uint256;

using {tag, position, start, end, length} for Element global;

function tag(Element element) pure returns (uint256) {
    return Element.unwrap(element) >> 96;
}

function position(Element element) pure returns (uint256) {
    return (Element.unwrap(element) >> 64) & 0xffffffff;
}

function start(Element element) pure returns (uint256) {
    return (Element.unwrap(element) >> 32) & 0xffffffff;
}

function end(Element element) pure returns (uint256) {
    return Element.unwrap(element) & 0xffffffff;
}

function length(Element element) pure returns (uint256) {
    return element.end() - element.start();
}

/// @notice Reads strict DER out of calldata: shortest lengths, no child beyond its parent, nothing left over.
library Der {
    /// @notice What stands at this position of calldata is not the DER that was expected.
    error DerMalformed(uint256 at);

    uint256 internal constant BOOLEAN = 0x01;
    uint256 internal constant INTEGER = 0x02;
    uint256 internal constant BIT_STRING = 0x03;
    uint256 internal constant OCTET_STRING = 0x04;
    uint256 internal constant OBJECT_ID = 0x06;
    uint256 internal constant UTC_TIME = 0x17;
    uint256 internal constant GENERALIZED_TIME = 0x18;
    uint256 internal constant SEQUENCE = 0x30;

    /// @notice The sequence that is all of `data`.
    function whole(bytes calldata data) internal pure returns (Element element) {
        uint256 from;
        // Reads only where the slice begins.
        assembly ("memory-safe") {
            from := data.offset
        }
        element = expect(from, from + data.length, SEQUENCE);
        require(element.end() == from + data.length, DerMalformed(element.end()));
    }

    /// @notice The element that begins at `from` and ends within `limit`.
    function read(uint256 from, uint256 limit) internal pure returns (Element element) {
        // A length is below 2^24 and positions are below 2^32: no sum overflows.
        unchecked {
            uint256 word = uint256(load(from));
            uint256 size = (word >> 240) & 0xff;
            uint256 content = from + 2;
            if (size > 0x7f) {
                if (size == 0x81) {
                    (size, content) = ((word >> 232) & 0xff, from + 3);
                    require(size > 0x7f, DerMalformed(from));
                } else if (size == 0x82) {
                    (size, content) = ((word >> 224) & 0xffff, from + 4);
                    require(size > 0xff, DerMalformed(from));
                } else {
                    require(size == 0x83, DerMalformed(from));
                    (size, content) = ((word >> 216) & 0xffffff, from + 5);
                    require(size > 0xffff, DerMalformed(from));
                }
            }
            require(content + size <= limit, DerMalformed(from));
            element = Element.wrap(((word >> 248) << 96) | (from << 64) | (content << 32) | (content + size));
        }
    }

    /// @notice The element at `from`, which must have this tag.
    function expect(uint256 from, uint256 limit, uint256 wanted) internal pure returns (Element element) {
        element = read(from, limit);
        require(element.tag() == wanted, DerMalformed(from));
    }

    /// @notice The first child of `parent`, which must have this tag.
    function first(Element parent, uint256 wanted) internal pure returns (Element) {
        return expect(parent.start(), parent.end(), wanted);
    }

    /// @notice The child of `parent` after `child`, which must have this tag.
    function next(Element parent, Element child, uint256 wanted) internal pure returns (Element) {
        return expect(child.end(), parent.end(), wanted);
    }

    /// @notice A non-negative integer of at most 32 bytes.
    function unsigned(Element element) internal pure returns (uint256 value) {
        uint256 size = element.length();
        uint256 from = element.start();
        require(element.tag() == INTEGER && size != 0 && size <= 33, DerMalformed(element.position()));
        uint256 word = uint256(load(from));
        require(word >> 255 == 0, DerMalformed(from));
        if (size > 1 && word >> 248 == 0) {
            // A leading zero is only there to keep the next bit from being the sign.
            require((word >> 247) & 1 == 1, DerMalformed(from));
            (word, size) = (uint256(load(from + 1)), size - 1);
        }
        require(size <= 32, DerMalformed(from));
        value = word >> (256 - 8 * size);
    }

    /// @notice The two numbers of an ECDSA signature, in the bit string `bits`.
    function signature(Element bits) internal pure returns (bytes32 r, bytes32 s) {
        require(bits.tag() == BIT_STRING && load(bits.start()) >> 248 == 0, DerMalformed(bits.position()));
        Element pair = expect(bits.start() + 1, bits.end(), SEQUENCE);
        require(pair.end() == bits.end(), DerMalformed(pair.position()));
        Element left = first(pair, INTEGER);
        Element right = next(pair, left, INTEGER);
        require(right.end() == pair.end(), DerMalformed(right.position()));
        (r, s) = (bytes32(unsigned(left)), bytes32(unsigned(right)));
    }

    /// @notice A time in UTC, in unix seconds. Years of two digits are of 1950 to 2049.
    function time(Element element) internal pure returns (uint256) {
        bool long = element.tag() == GENERALIZED_TIME;
        uint256 from = element.start();
        require(
            (long && element.length() == 15) || (element.tag() == UTC_TIME && element.length() == 13),
            DerMalformed(element.position())
        );
        uint256 year = _digits(from);
        if (long) {
            year = year * 100 + _digits(from + 2);
            from += 2;
        } else {
            year += year < 50 ? 2000 : 1900;
        }
        require(load(from + 12) >> 248 == bytes32(uint256(0x5a)), DerMalformed(from));
        return _moment(year, _digits(from + 2), _digits(from + 4), from + 6);
    }

    /// @notice keccak256 of the element's content.
    function hash(Element element) internal pure returns (bytes32) {
        return _keccak(element.start(), element.length());
    }

    /// @notice keccak256 of the whole element, header included.
    function hashAll(Element element) internal pure returns (bytes32) {
        return _keccak(element.position(), element.end() - element.position());
    }

    /// @notice sha256 of the whole element, header included.
    function digest(Element element) internal pure returns (bytes32) {
        bytes calldata data;
        uint256 from = element.position();
        uint256 size = element.end() - from;
        // The element lies within calldata: `read` was given a limit that does.
        assembly ("memory-safe") {
            data.offset := from
            data.length := size
        }
        return sha256(data);
    }

    /// @notice The 32 bytes of calldata from `from` on; zeros beyond its end.
    function load(uint256 from) internal pure returns (bytes32 word) {
        // Reading calldata has no effect.
        assembly ("memory-safe") {
            word := calldataload(from)
        }
    }

    /// @dev In unix seconds; the six digits of the time of day are at `clock`.
    function _moment(uint256 year, uint256 month, uint256 day, uint256 clock) private pure returns (uint256) {
        uint256 hour = _digits(clock);
        uint256 minute = _digits(clock + 2);
        uint256 second = _digits(clock + 4);
        require(Moment.exists(year, month, day, hour, minute, second), DerMalformed(clock));
        return Moment.timestamp(year, month, day, hour, minute, second);
    }

    function _digits(uint256 from) private pure returns (uint256) {
        uint256 word = uint256(load(from));
        // Below the digit zero this wraps to a number above nine.
        unchecked {
            uint256 tens = (word >> 248) - 48;
            uint256 ones = ((word >> 240) & 0xff) - 48;
            require(tens < 10 && ones < 10, DerMalformed(from));
            return tens * 10 + ones;
        }
    }

    function _keccak(uint256 from, uint256 size) private pure returns (bytes32 result) {
        // Copies to free memory, and leaves it free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, from, size)
            result := keccak256(free, size)
        }
    }
}
