// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A top-up in one slot where it is in ether and its figures are below 2^72, which is 4,722 ether; else in two:
///         `threshold 72 | amount 72 | perDay 72 | emptyAt 39 | more 1`, and, where there is more, the figures' high bits and the token:
///         `threshold 24 | amount 24 | perDay 24 | unused 24 | token 160`.
/// @dev What may be drawn has filled up since `emptyAt`; drawing moves that time on, rounded up.
library TopUpSlots {
    struct Place {
        uint256 word;
        uint256 more;
    }

    uint256 private constant MAX_72 = type(uint72).max;
    uint256 private constant MAX_39 = (1 << 39) - 1;
    uint256 private constant MAX_24 = type(uint24).max;
    uint256 private constant LOW = 72;

    /// @dev The figures fit 96 bits. The whole day can be drawn at once.
    function set(Place storage place, address token, uint256 threshold, uint256 amount, uint256 perDay)
        internal
    {
        uint256 more =
            (threshold >> LOW << 232) | (amount >> LOW << 208) | (perDay >> LOW << 184) | uint160(token);
        uint256 word = ((threshold & MAX_72) << 184) | ((amount & MAX_72) << 112) | ((perDay & MAX_72) << 40)
            | ((block.timestamp - 1 days) << 1);

        // What an earlier top-up left in the second slot is not read when the first says that there is no more.
        place.word = more == 0 ? word : word | 1;
        if (more != 0) place.more = more;
    }

    /// @dev Both words, the second 0 where there is no more.
    function get(Place storage place) internal view returns (uint256 word, uint256 more) {
        word = place.word;
        if (word & 1 != 0) more = place.more;
    }

    /// @dev Moves the time on by as much of the day as `amount` is of it; the caller has checked that it is left.
    function draw(Place storage place, uint256 word, uint256 more, uint256 amount) internal {
        uint256 perDay = perDayOf(word, more);
        // No overflow: amounts fit 96 bits, a day 17, and what is added makes no time that is ahead of now.
        unchecked {
            uint256 emptyAt = block.timestamp - _age(word) + (amount * 1 days + perDay - 1) / perDay;
            place.word = (word & ~(MAX_39 << 1)) | (emptyAt << 1);
        }
    }

    function tokenOf(uint256 more) internal pure returns (address) {
        return address(uint160(more));
    }

    function thresholdOf(uint256 word, uint256 more) internal pure returns (uint256) {
        return (word >> 184) | (more >> 232 << LOW);
    }

    function amountOf(uint256 word, uint256 more) internal pure returns (uint256) {
        return ((word >> 112) & MAX_72) | (((more >> 208) & MAX_24) << LOW);
    }

    function perDayOf(uint256 word, uint256 more) internal pure returns (uint256) {
        return ((word >> 40) & MAX_72) | (((more >> 184) & MAX_24) << LOW);
    }

    /// @dev What may be drawn now.
    function leftOf(uint256 word, uint256 more) internal view returns (uint256) {
        // No overflow: 96 bits times a day.
        unchecked {
            return perDayOf(word, more) * _age(word) / 1 days;
        }
    }

    /// @dev Seconds that the top-up has filled up for, at most a day.
    function _age(uint256 word) private view returns (uint256 age) {
        // `emptyAt` is never ahead of now.
        unchecked {
            age = block.timestamp - ((word >> 1) & MAX_39);
        }
        if (age > 1 days) age = 1 days;
    }
}
