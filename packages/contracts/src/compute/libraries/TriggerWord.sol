// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What every execution of a trigger reads and writes, in one word: `cron, upper 48 | previous trigger of the agent
///         32 | maximum of failures 8 | maximum delay in minutes 16 | gas price limit 16 | gas limit in thousands 16 | flags 8
///         | failures in a row 8 | mark in minutes 32 | balance 72`.
/// @dev Nothing here overflows: a field of at most 32 bits times 1,000 is far below 2^256.
/// @dev The mark is the time up to which ticks are done with. The gas price limit is `exponent 5 | significant bits 11`.
library TriggerWord {
    uint256 internal constant ACTIVE = 1;
    uint256 internal constant BACKFILL = 2;
    uint256 internal constant PAUSED = 16;
    uint256 internal constant SPONSORED = 32;
    /// @dev The call is not the default callback of the agent: target and data are in the config.
    uint256 internal constant CUSTOM = 64;

    /// @dev Of an event trigger: the log is of another chain, and a quorum says so.
    uint256 internal constant ATTESTED = 128;

    uint256 internal constant MAX_BALANCE = (1 << 72) - 1;
    uint256 internal constant MAX_GAS_PRICE = 2047 << 31;

    uint256 private constant TYPE = 114;
    uint256 private constant MARK = 72;
    uint256 private constant FAILURES = 104;
    uint256 private constant FLAGS = 112;
    uint256 private constant GAS_LIMIT = 120;
    uint256 private constant GAS_PRICE = 136;
    uint256 private constant MAX_DELAY = 152;
    uint256 private constant MAX_FAILURES = 168;
    uint256 private constant PREVIOUS = 176;
    uint256 private constant CRON_UPPER = 208;

    /// @dev Of cron's bits, those in the other word.
    uint256 private constant CRON_SPLIT = 96;

    /// @dev The parts are in their bounds: `TriggerConfig` has checked them, and ids have 32 bits.
    function make(
        uint256 type_,
        uint256 flags_,
        uint256 gasLimitInThousands,
        uint256 maxDelayInMinutes,
        uint256 maxFailures_,
        uint256 cron
    ) internal view returns (uint256) {
        return ((block.timestamp / 60) << MARK) | (flags_ << FLAGS) | (type_ << TYPE)
            | (gasLimitInThousands << GAS_LIMIT) | (maxDelayInMinutes << MAX_DELAY)
            | (maxFailures_ << MAX_FAILURES) | ((cron >> CRON_SPLIT) << CRON_UPPER);
    }

    function balance(uint256 word) internal pure returns (uint256) {
        return word & MAX_BALANCE;
    }

    /// @dev In seconds.
    function mark(uint256 word) internal pure returns (uint256) {
        unchecked {
            return uint256(uint32(word >> MARK)) * 60;
        }
    }

    /// @dev Of a cron trigger that ran for `tick`: this is done with, or with COALESCE all up to now.
    function withDone(uint256 word, uint256 tick) internal view returns (uint256) {
        if (!has(word, BACKFILL)) tick = block.timestamp;
        return withMark(word, tick);
    }

    /// @dev Later marks stay: an agent that resumes its trigger from within its call has set one.
    function withMark(uint256 word, uint256 time) internal pure returns (uint256) {
        // Subtracts nothing that is not there, and adds what fits into 32 bits.
        unchecked {
            uint256 minute = time / 60;
            uint256 old = uint32(word >> MARK);
            return minute > old ? word + ((minute - old) << MARK) : word;
        }
    }

    function failures(uint256 word) internal pure returns (uint256) {
        return uint8(word >> FAILURES);
    }

    function withFailures(uint256 word, uint256 count) internal pure returns (uint256) {
        return (word & ~(uint256(type(uint8).max) << FAILURES)) | (count << FAILURES);
    }

    function has(uint256 word, uint256 flag) internal pure returns (bool) {
        return (word >> FLAGS) & flag != 0;
    }

    /// @dev Neither ended nor paused.
    function runs(uint256 word) internal pure returns (bool) {
        return (word >> FLAGS) & (ACTIVE | PAUSED) == ACTIVE;
    }

    /// @dev What most are: an active cron trigger, sponsored, that calls its agent's default callback.
    function isPlain(uint256 word) internal pure returns (bool) {
        return uint8(word >> FLAGS) & ~BACKFILL == ACTIVE | SPONSORED;
    }

    function set(uint256 word, uint256 flag) internal pure returns (uint256) {
        return word | (flag << FLAGS);
    }

    function clear(uint256 word, uint256 flag) internal pure returns (uint256) {
        return word & ~(flag << FLAGS);
    }

    function triggerType(uint256 word) internal pure returns (uint256) {
        return (word >> TYPE) & 3;
    }

    function isCron(uint256 word) internal pure returns (bool) {
        return word & (3 << TYPE) == 0;
    }

    function gasLimit(uint256 word) internal pure returns (uint256) {
        unchecked {
            return uint256(uint16(word >> GAS_LIMIT)) * 1000;
        }
    }

    /// @dev In seconds.
    function maxDelay(uint256 word) internal pure returns (uint256) {
        unchecked {
            return uint256(uint16(word >> MAX_DELAY)) * 60;
        }
    }

    /// @dev Ticks after this time that are not still to come can run.
    function openSince(uint256 word) internal view returns (uint256) {
        uint256 delay = maxDelay(word);
        uint256 done = mark(word);
        unchecked {
            return block.timestamp > delay + done ? block.timestamp - delay - 1 : done;
        }
    }

    function maxFailures(uint256 word) internal pure returns (uint256) {
        return uint8(word >> MAX_FAILURES);
    }

    /// @dev The word has none yet.
    function withPrevious(uint256 word, uint256 triggerId) internal pure returns (uint256) {
        return word | (triggerId << PREVIOUS);
    }

    function previous(uint256 word) internal pure returns (uint256) {
        return uint32(word >> PREVIOUS);
    }

    function cronWith(uint256 word, uint256 lower) internal pure returns (uint256) {
        return ((word >> CRON_UPPER) << CRON_SPLIT) | lower;
    }

    /// @dev In wei.
    function maxGasPrice(uint256 word) internal pure returns (uint256) {
        uint256 coded = uint16(word >> GAS_PRICE);
        return (coded & 2047) << (coded >> 11);
    }

    /// @dev Rounds down. The price is at most MAX_GAS_PRICE.
    function withMaxGasPrice(uint256 word, uint256 price) internal pure returns (uint256) {
        uint256 exponent = 0;
        while (price > 2047) {
            price >>= 1;
            ++exponent;
        }
        word &= ~(uint256(type(uint16).max) << GAS_PRICE);
        return word | (((exponent << 11) | price) << GAS_PRICE);
    }
}
