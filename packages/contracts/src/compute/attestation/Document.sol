// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Json} from "./Json.sol";

/// @notice What all of Intel's signed documents begin with.
library Document {
    struct Head {
        bytes32 id;
        uint256 version;
        uint40 issueDate;
        uint40 nextUpdate;
        uint16 evaluation;
    }

    /// @dev The bits of all members that are read here.
    uint256 internal constant COMPLETE = 0x1f;

    /// @notice Reads the member, if it belongs to the head; its bit, or 0 and the same place.
    function parse(bytes32 name, uint256 at, Head memory head) internal pure returns (uint256, uint256) {
        uint256 value;
        if (name == "id") {
            (uint256 from, uint256 to) = Json.text(at);
            head.id = Json.short(from, to);
            return (1, to + 1);
        }
        if (name == "version") {
            (head.version, at) = Json.number(at);
            return (2, at);
        }
        if (name == "issueDate") {
            (value, at) = Json.time(at);
            head.issueDate = uint40(value);
            return (4, at);
        }
        if (name == "nextUpdate") {
            (value, at) = Json.time(at);
            head.nextUpdate = uint40(value);
            return (8, at);
        }
        if (name == "tcbEvaluationDataNumber") {
            (value, at) = Json.number(at);
            require(value >> 16 == 0, IPccs.TooLarge(value, type(uint16).max));
            head.evaluation = uint16(value);
            return (0x10, at);
        }
        return (0, at);
    }

    /// @notice Which TEE the document is of, and that it has the version that is understood.
    function teeOf(Head memory head, bytes32 sgx, bytes32 tdx, uint256 version)
        internal
        pure
        returns (IPccs.Tee)
    {
        require(head.version == version, IPccs.WrongVersion(head.version));
        require(head.id == sgx || head.id == tdx, IPccs.WrongKind(head.id));
        return head.id == tdx ? IPccs.Tee.TDX : IPccs.Tee.SGX;
    }
}
