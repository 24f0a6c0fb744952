// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Document} from "./Document.sol";
import {Json} from "./Json.sol";
import {TcbInfo} from "./TcbInfo.sol";

/// @notice Reads Intel's identity of a quoting enclave, version 2.
library QeIdentity {
    struct Identity {
        Document.Head head;
        IPccs.Tee tee;
        bytes4 miscSelect;
        bytes4 miscSelectMask;
        bytes16 attributes;
        bytes16 attributesMask;
        bytes32 mrSigner;
        uint16 isvProdId;
        uint256 levelCount;
        /// Version (16 bits) and status (8 bits) of each level, the best first from the low end.
        uint256 levels;
    }

    uint256 internal constant MAXIMUM_LEVELS = 10;

    /// @dev All members that are used must be there, once. Unknown ones are passed over.
    function parse(bytes calldata json) internal pure returns (Identity memory identity) {
        uint256 from = Json.open(json);
        uint256 at = Json.expect(from, "{");
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            (name, at) = Json.key(at);
            (bit, at) = Document.parse(name, at, identity.head);
            if (bit == 0) (bit, at) = _member(name, at, identity);
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        Json.close(at, from, json.length);
        require(seen == 0xfff, IPccs.MembersMissing(seen));
        identity.tee = Document.teeOf(identity.head, "QE", "TD_QE", 2);
    }

    function _member(bytes32 name, uint256 at, Identity memory identity)
        private
        pure
        returns (uint256, uint256)
    {
        if (name == "tcbLevels") {
            (identity.levels, identity.levelCount, at) = TcbInfo.parseLevels(at, 16, MAXIMUM_LEVELS);
            return (0x20, at);
        }
        if (name == "mrsigner") {
            at = Json.expect(at, '"');
            identity.mrSigner = bytes32(abi.encodePacked(Json.digits(at, 16), Json.digits(at + 32, 16)));
            return (0x40, Json.expect(at + 64, '"'));
        }
        if (name == "isvprodid") {
            uint256 value;
            (value, at) = Json.number(at);
            require(value >> 16 == 0, IPccs.TooLarge(value, type(uint16).max));
            identity.isvProdId = uint16(value);
            return (0x80, at);
        }
        bytes16 word;
        if (name == "miscselect") {
            (word, at) = Json.hexadecimal(at, 4);
            identity.miscSelect = bytes4(word);
            return (0x100, at);
        }
        if (name == "miscselectMask") {
            (word, at) = Json.hexadecimal(at, 4);
            identity.miscSelectMask = bytes4(word);
            return (0x200, at);
        }
        if (name == "attributes") {
            (identity.attributes, at) = Json.hexadecimal(at, 16);
            return (0x400, at);
        }
        if (name == "attributesMask") {
            (identity.attributesMask, at) = Json.hexadecimal(at, 16);
            return (0x800, at);
        }
        return (0, Json.skip(at));
    }
}
