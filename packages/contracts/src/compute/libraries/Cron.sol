// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";

/// @notice Cron expressions of five fields, as croner understands them, in 144 bits: `offset from UTC in quarter hours 8 |
///         civil 1 | either 1 | days of the week 7 | days of the month 31 | months 12 | hours 24 | minutes 60`.
/// @dev A day counts if its date and its weekday are named; if both fields are restricted, which is any text but "*", one of
///      the two is enough (`either`). `civil` says that a day cannot be judged by its weekday alone.
/// @dev Times are unix seconds from 2 January 1970 and below 2^40, so that no offset leads below zero.
library Cron {
    uint256 private constant HOURS = 60;
    uint256 private constant MONTHS = 84;
    uint256 private constant DAYS = 96;
    uint256 private constant WEEKDAYS = 127;
    uint256 private constant EITHER = 1 << 134;
    uint256 private constant CIVIL = 1 << 135;
    uint256 private constant OFFSET = 136;

    /// @dev Of each field, one byte: the least and the greatest value, and where in a spec value 0 would be.
    uint256 private constant LEAST = 0x0000010100 << 216;
    uint256 private constant MOST = 0x3b171f0c07 << 216;
    uint256 private constant SHIFTS = 0x003c5f537f << 216;

    /// @dev And how many values there are, and where the least one is.
    uint256 private constant COUNTS = 0x3c181f0c07 << 216;
    uint256 private constant PLACES = 0x003c60547f << 216;

    uint256 private constant ALL_DAYS = (1 << 31) - 1;
    uint256 private constant ALL_MONTHS = (1 << 12) - 1;

    /// @dev 29 February comes after eight years at the latest; more months than these cannot be looked at in that time.
    uint256 private constant MAX_MONTHS_AHEAD = 110;

    /// @notice Whether the minute that begins at `time` is named.
    function matches(uint256 spec, uint256 time) internal pure returns (bool) {
        // Sums, in minutes, of a time from the second day on and below 2^40 and an offset of at most 14 hours; dates and months
        // are what they are.
        unchecked {
            uint256 local = time / 60 + uint256(int256(int8(uint8(spec >> OFFSET)))) * 15;
            uint256 hour = local / 60;
            if ((spec >> (local % 60)) & (spec >> (HOURS + hour % 24)) & 1 == 0) return false;
            if (time % 60 != 0) return false;

            uint256 day = hour / 24;
            bool weekday = (spec >> (WEEKDAYS + (day + 4) % 7)) & 1 != 0;
            if (spec & CIVIL == 0) return weekday;

            (, uint256 month, uint256 date) = DateTimeLib.epochDayToDate(day);
            if ((spec >> (MONTHS + month - 1)) & 1 == 0) return false;
            bool dated = (spec >> (DAYS + date - 1)) & 1 != 0;
            return spec & EITHER != 0 ? dated || weekday : dated && weekday;
        }
    }

    /// @notice The first named minute after `time`; 0 if there is none at all.
    function nextTick(uint256 spec, uint256 time) internal pure returns (uint256) {
        // Times are below 2^41 here; dates, months and years are what they are.
        unchecked {
            uint256 local = (_toLocal(spec, time) / 60 + 1) * 60;
            uint256 day = local / 1 days;
            (uint256 year, uint256 month, uint256 date) = DateTimeLib.epochDayToDate(day);
            uint256 dates = _datesOf(spec, year, month);

            if ((dates >> (date - 1)) & 1 != 0) {
                uint256 second = _secondOfDay(spec, local % 1 days);
                if (second < 1 days) return _toUtc(spec, day * 1 days + second);
            }

            dates = (dates >> date) << date;
            for (uint256 i = 0; i < MAX_MONTHS_AHEAD; ++i) {
                if (dates != 0) {
                    day = DateTimeLib.dateToEpochDay(year, month, _lowestBit(dates) + 1);
                    return _toUtc(spec, day * 1 days + _secondOfDay(spec, 0));
                }
                (year, month) = _nextMonth(spec, year, month);
                dates = _datesOf(spec, year, month);
            }
            return 0;
        }
    }

    /// @notice Compiles an expression: lists, ranges and steps of numbers; Sunday is 0 or 7.
    function parse(bytes memory text, int8 quarterHours) internal pure returns (uint256 spec) {
        // Positions are below the length of a text that was paid for.
        unchecked {
            uint256 at = 0;
            uint256 stars = 0;
            for (uint256 field = 0; field < 5; ++field) {
                bool star;
                uint256 mask;
                (mask, at, star) = _field(text, at, field);
                if (star) stars |= 1 << field;
                spec |= mask << _shiftOf(field);
                bool ends = field < 4 ? _is(text, at, " ") : at == text.length;
                require(ends, ITriggerRegistry.InvalidCron(field, at));
                ++at;
            }
            bool anyDate =
                (spec >> DAYS) & ALL_DAYS == ALL_DAYS && (spec >> MONTHS) & ALL_MONTHS == ALL_MONTHS;
            if (stars & 0x14 == 0) spec |= EITHER | CIVIL;
            else if (!anyDate) spec |= CIVIL;
            spec |= uint256(uint8(quarterHours)) << OFFSET;
        }
    }

    /// @notice The expression that most would write for this, as `length 1 | text 31`; 0 if it is longer.
    function textOf(uint256 spec) internal pure returns (bytes32) {
        // At most 31 characters and one number are shifted in; what is shifted out belongs to a text that is too long.
        unchecked {
            uint256 letters = 0;
            uint256 size = 0;
            for (uint256 field = 0; field < 5; ++field) {
                if (field != 0) (letters, size) = ((letters << 8) | 0x20, size + 1);
                (letters, size) = _write(letters, size, spec, field);
                if (size > 31) return 0;
            }
            return bytes32((size << 248) | (letters << (248 - 8 * size)));
        }
    }

    function quarterHoursOf(uint256 spec) internal pure returns (int8) {
        return int8(uint8(spec >> OFFSET));
    }

    /* TIME */

    function _toLocal(uint256 spec, uint256 time) private pure returns (uint256) {
        // A time from the second day on and an offset of at most 14 hours.
        unchecked {
            return uint256(int256(time) + _offsetOf(spec));
        }
    }

    function _toUtc(uint256 spec, uint256 local) private pure returns (uint256) {
        // As above.
        unchecked {
            return uint256(int256(local) - _offsetOf(spec));
        }
    }

    function _offsetOf(uint256 spec) private pure returns (int256) {
        // At most 127 quarters.
        unchecked {
            return int256(quarterHoursOf(spec)) * 15 minutes;
        }
    }

    /// @dev 1 January 1970 was a Thursday; Sunday is 0.
    function _weekdayOf(uint256 day) private pure returns (uint256) {
        unchecked {
            return (day + 4) % 7;
        }
    }

    /// @dev The named dates of a month, bit 0 being its first; none if the month is not named.
    function _datesOf(uint256 spec, uint256 year, uint256 month) private pure returns (uint256) {
        // A month is 1 to 12; a week of 7 bits, five times over, has 35.
        unchecked {
            if ((spec >> (MONTHS + month - 1)) & 1 == 0) return 0;

            // the week, turned so that it begins with the month's first day, five times over
            uint256 first = _weekdayOf(DateTimeLib.dateToEpochDay(year, month, 1));
            uint256 week = (spec >> WEEKDAYS) & 0x7f;
            uint256 weekdays = (((week >> first) | (week << (7 - first))) & 0x7f) * 0x10204081;

            uint256 dates = (spec >> DAYS) & ALL_DAYS;
            dates = spec & EITHER != 0 ? dates | weekdays : dates & weekdays;
            return dates & ((1 << DateTimeLib.daysInMonth(year, month)) - 1);
        }
    }

    /// @dev The next named month after this one. Every spec names one.
    function _nextMonth(uint256 spec, uint256 year, uint256 month) private pure returns (uint256, uint256) {
        uint256 months = (spec >> MONTHS) & ALL_MONTHS;
        uint256 later = months >> month;
        if (later != 0) return (year, month + 1 + _lowestBit(later));
        return (year + 1, 1 + _lowestBit(months));
    }

    /// @dev The first named minute of a day from `second` on, which begins a minute; a whole day if there is none.
    function _secondOfDay(uint256 spec, uint256 second) private pure returns (uint256) {
        // A second of a day is below 86,400.
        unchecked {
            uint256 hour = second / 3600;
            uint256 minutes_ = spec & ((1 << HOURS) - 1);
            uint256 hours_ = ((spec >> HOURS) & 0xffffff) >> hour;
            if (hours_ & 1 != 0) {
                uint256 rest = minutes_ >> ((second / 60) % 60);
                if (rest != 0) return second + _lowestBit(rest) * 60;
            }
            hours_ >>= 1;
            if (hours_ == 0) return 1 days;
            return (hour + 1 + _lowestBit(hours_)) * 3600 + _lowestBit(minutes_) * 60;
        }
    }

    function _lowestBit(uint256 bits) private pure returns (uint256 index) {
        // `bits & -bits` is the lowest bit alone; callers pass no zero, so clz is at most 255.
        assembly ("memory-safe") {
            index := sub(255, clz(and(bits, sub(0, bits))))
        }
    }

    /* TEXT */

    function _field(bytes memory text, uint256 at, uint256 field)
        private
        pure
        returns (uint256 mask, uint256 end, bool star)
    {
        // Positions are below the length of a text that was paid for.
        unchecked {
            end = at;
            while (true) {
                uint256 part;
                (part, end, star) = _part(text, end, field);
                mask |= part;
                if (!_is(text, end, ",")) break;
                ++end;
            }
            star = star && end == at + 1;
            if (field == 4) mask = (mask | (mask >> 7)) & 0x7f;
        }
    }

    /// @dev One item of a list: `*`, a number or a range, the first and last perhaps with a step.
    function _part(bytes memory text, uint256 at, uint256 field)
        private
        pure
        returns (uint256 mask, uint256 end, bool star)
    {
        // Values are at most 59 and steps at most 60; positions as above.
        unchecked {
            uint256 from;
            uint256 to;
            star = _is(text, at, "*");
            if (star) {
                (from, to) = _boundsOf(field);
                end = at + 1;
            } else {
                (from, end) = _number(text, at, field);
                if (!_is(text, end, "-")) return (1 << from, end, false);
                (to, end) = _number(text, end + 1, field);
                require(from <= to, ITriggerRegistry.InvalidCron(field, end));
            }
            if (!_is(text, end, "/")) return (((2 << (to - from)) - 1) << from, end, star);

            uint256 step;
            (step, end) = _step(text, end + 1, field);
            for (; from <= to; from += step) {
                mask |= 1 << from;
            }
        }
    }

    /// @dev Appends a field: `*`, `*/n`, or a list of numbers and of ranges of three and more.
    function _write(uint256 letters, uint256 size, uint256 spec, uint256 field)
        private
        pure
        returns (uint256, uint256)
    {
        // As above; a mask has at most 60 bits, and while it is not zero a lowest one.
        unchecked {
            uint256 count;
            uint256 place;
            uint256 value;
            // A field is 0 to 4: bytes of constants.
            assembly ("memory-safe") {
                count := byte(field, COUNTS)
                place := byte(field, PLACES)
                value := byte(field, LEAST)
            }
            uint256 all = (1 << count) - 1;
            uint256 mask = (spec >> place) & all;
            if (mask == all) return ((letters << 8) | 0x2a, size + 1);
            if (mask & 1 != 0 && mask != 1) {
                uint256 step = _lowestBit(mask - 1);
                if (mask == ((1 << ((count + step - 1) / step * step)) - 1) / ((1 << step) - 1)) {
                    return _writeNumber((letters << 16) | 0x2a2f, size + 2, step);
                }
            }
            while (size < 32) {
                uint256 skipped = _lowestBit(mask);
                value += skipped;
                mask >>= skipped;
                (letters, size) = _writeNumber(letters, size, value);
                uint256 run = _lowestBit(~mask);
                if (run > 2) {
                    (letters, size) = _writeNumber((letters << 8) | 0x2d, size + 1, value + run - 1);
                } else {
                    run = 1;
                }
                value += run;
                mask >>= run;
                if (mask == 0) break;
                (letters, size) = ((letters << 8) | 0x2c, size + 1);
            }
            return (letters, size);
        }
    }

    /// @dev Appends a number below 100.
    function _writeNumber(uint256 letters, uint256 size, uint256 value)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            if (value > 9) (letters, size) = ((letters << 8) | (0x30 + value / 10), size + 1);
            return ((letters << 8) | (0x30 + value % 10), size + 1);
        }
    }

    function _number(bytes memory text, uint256 at, uint256 field)
        private
        pure
        returns (uint256 value, uint256 end)
    {
        (value, end) = _digits(text, at, field);
        (uint256 least, uint256 most) = _boundsOf(field);
        require(value >= least && value <= most, ITriggerRegistry.InvalidCron(field, at));
    }

    function _step(bytes memory text, uint256 at, uint256 field)
        private
        pure
        returns (uint256 step, uint256 end)
    {
        (step, end) = _digits(text, at, field);
        (uint256 least, uint256 most) = _boundsOf(field);
        uint256 size = field == 4 ? 7 : most - least + 1;
        require(step != 0 && step <= size, ITriggerRegistry.InvalidCron(field, at));
    }

    /// @dev One or two digits.
    function _digits(bytes memory text, uint256 at, uint256 field)
        private
        pure
        returns (uint256 value, uint256 end)
    {
        value = _byteAt(text, at) ^ 0x30;
        require(value < 10, ITriggerRegistry.InvalidCron(field, at));
        // Two digits make at most 99, and positions are below the length of a text that was paid for.
        unchecked {
            end = at + 1;
            uint256 digit = _byteAt(text, end) ^ 0x30;
            if (digit < 10) (value, end) = (value * 10 + digit, at + 2);
        }
    }

    function _is(bytes memory text, uint256 at, bytes1 character) private pure returns (bool same) {
        // As in `_byteAt`; the character is the highest byte of its word, and not zero.
        assembly ("memory-safe") {
            same := mul(eq(byte(0, mload(add(add(text, 0x20), at))), byte(0, character)), lt(at, mload(text)))
        }
    }

    /// @dev Zero behind the end, where no character of an expression is.
    function _byteAt(bytes memory text, uint256 at) private pure returns (uint256 character) {
        // Reads one word from inside of `text` or behind it, and of that word nothing unless `at` is inside.
        assembly ("memory-safe") {
            character := mul(byte(0, mload(add(add(text, 0x20), at))), lt(at, mload(text)))
        }
    }

    function _boundsOf(uint256 field) private pure returns (uint256 least, uint256 most) {
        // A field is 0 to 4: bytes of a constant.
        assembly ("memory-safe") {
            least := byte(field, LEAST)
            most := byte(field, MOST)
        }
    }

    /// @dev Where the field's value 0 would be.
    function _shiftOf(uint256 field) private pure returns (uint256 shift) {
        // As above.
        assembly ("memory-safe") {
            shift := byte(field, SHIFTS)
        }
    }
}
