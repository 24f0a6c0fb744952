// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Json} from "./Json.sol";

/// @notice How ratings are read, compared and combined; what Intel's verification library does, never laxer.
library Tcb {
    uint256 private constant LANES = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant FLAGS = 0x0100010001000100010001000100010001000100010001000100010001000100;

    /// @notice Whether each of the 32 bytes of `svns` is at least the same byte of `least`.
    function reaches(uint256 svns, uint256 least) internal pure returns (bool) {
        // In lanes of 16 bits a flag above the byte survives the subtraction unless the byte was smaller.
        unchecked {
            uint256 odd = ((svns & LANES) | FLAGS) - (least & LANES);
            uint256 even = (((svns >> 8) & LANES) | FLAGS) - ((least >> 8) & LANES);
            // The topmost lane's flag is bit 248 of `FLAGS`, so that nothing borrows across.
            return odd & even & FLAGS == FLAGS;
        }
    }

    /// @notice The status of the first level that `svn` reaches, out of marks of `width` bits of version and 8 of status.
    function first(uint256 marks, uint256 count, uint256 svn, uint256 width)
        internal
        pure
        returns (IPccs.Status)
    {
        uint256 mask = (1 << width) - 1;
        // Counts marks up to `count`, at most ten.
        unchecked {
            for (uint256 i; i < count; i++) {
                if (svn >= (marks >> 8) & mask) return IPccs.Status(marks & 0xff);
                marks >>= width + 8;
            }
        }
        return IPccs.Status.None;
    }

    /// @notice What is left of the platform's rating: a part of less weight takes it down, never up.
    function degrade(IPccs.Status platform, IPccs.Status by) internal pure returns (IPccs.Status) {
        if (platform == IPccs.Status.Revoked || by == IPccs.Status.Revoked) return IPccs.Status.Revoked;
        if (!isOutOfDate(by) || isOutOfDate(platform)) return platform;
        return isConfiguration(platform) ? IPccs.Status.OutOfDateConfigurationNeeded : IPccs.Status.OutOfDate;
    }

    /// @notice The rating of a domain that started under one module and runs under another.
    function relaunch(IPccs.Status launch, IPccs.Status current) internal pure returns (IPccs.Status) {
        if (launch == IPccs.Status.Revoked || current == IPccs.Status.Revoked) return IPccs.Status.Revoked;
        if (!isOutOfDate(launch)) return isOutOfDate(current) ? current : launch;
        if (isOutOfDate(current)) return launch;
        bool plain = launch == IPccs.Status.OutOfDate && !isConfiguration(current);
        return plain ? IPccs.Status.TDRelaunchAdvised : IPccs.Status.TDRelaunchAdvisedConfigurationNeeded;
    }

    function isOutOfDate(IPccs.Status status) internal pure returns (bool) {
        return status == IPccs.Status.OutOfDate || status == IPccs.Status.OutOfDateConfigurationNeeded;
    }

    function isConfiguration(IPccs.Status status) internal pure returns (bool) {
        return status == IPccs.Status.ConfigurationNeeded
            || status == IPccs.Status.ConfigurationAndSWHardeningNeeded;
    }

    /// @notice Reads a `tcbStatus`, and the place after it.
    function parseStatus(uint256 at) internal pure returns (IPccs.Status status, uint256 next) {
        (uint256 from, uint256 to) = Json.text(at);
        bytes32 text = Json.short(from, to);
        if (text == "UpToDate") status = IPccs.Status.UpToDate;
        else if (text == "SWHardeningNeeded") status = IPccs.Status.SWHardeningNeeded;
        else if (text == "ConfigurationNeeded") status = IPccs.Status.ConfigurationNeeded;
        else if (text == "OutOfDate") status = IPccs.Status.OutOfDate;
        else if (text == "OutOfDateConfigurationNeeded") status = IPccs.Status.OutOfDateConfigurationNeeded;
        else if (text == "Revoked") status = IPccs.Status.Revoked;
        else status = _long(from, to);
        next = to + 1;
    }

    /// @dev The one name that a word cannot hold: 33 characters.
    function _long(uint256 from, uint256 to) private pure returns (IPccs.Status) {
        bool same = to - from == 33 && Json.word(from) == "ConfigurationAndSWHardeningNeede"
            && bytes1(Json.word(from + 32)) == "d";
        require(same, Json.JsonUnexpected(Json.word(from)));
        return IPccs.Status.ConfigurationAndSWHardeningNeeded;
    }
}
