// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

/// @notice Dates of the Gregorian calendar, in UTC.
library Moment {
    /// @notice Whether there is such a second, from 1970 on.
    function exists(uint256 year, uint256 month, uint256 day, uint256 hour, uint256 minute, uint256 second)
        internal
        pure
        returns (bool)
    {
        return DateTimeLib.isSupportedDateTime(year, month, day, hour, minute, second);
    }

    /// @notice In unix seconds.
    function timestamp(uint256 year, uint256 month, uint256 day, uint256 hour, uint256 minute, uint256 second)
        internal
        pure
        returns (uint256)
    {
        return DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
    }
}
