// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Document} from "./Document.sol";
import {Json} from "./Json.sol";
import {Tcb} from "./Tcb.sol";

/// @notice Reads Intel's TCB info, version 3: which security versions of a platform model are how good.
library TcbInfo {
    struct Info {
        Document.Head head;
        IPccs.Tee tee;
        bytes6 fmspc;
        bytes2 pceId;
        Module[] modules;
        /// Sixteen SGX and sixteen TDX security versions each.
        bytes32[] levels;
        /// The PCE's security version (16 bits) and the status (8 bits) of each level.
        uint256[] marks;
        /// How many of the levels name TDX security versions.
        uint256 tdxLevels;
    }

    /// @dev `levels`: version and status, 8 bits each, the best first from the low end.
    struct Module {
        uint8 version;
        bytes32 identity;
        uint64 attributesMask;
        uint8 levelCount;
        uint128 levels;
    }

    uint256 internal constant MAXIMUM_LEVELS = 36;
    uint256 internal constant MAXIMUM_MODULES = 16;
    uint256 internal constant MAXIMUM_MODULE_LEVELS = 8;

    /// @dev All members that are used must be there, once. Unknown ones are passed over.
    function parse(bytes calldata json) internal pure returns (Info memory info) {
        info.modules = new Module[](MAXIMUM_MODULES);
        info.levels = new bytes32[](MAXIMUM_LEVELS);
        info.marks = new uint256[](MAXIMUM_LEVELS);
        _setLengths(info, 0, 0);
        uint256 from = Json.open(json);
        uint256 at = Json.expect(from, "{");
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            (name, at) = Json.key(at);
            (bit, at) = Document.parse(name, at, info.head);
            if (bit == 0) (bit, at) = _member(name, at, info);
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        Json.close(at, from, json.length);
        info.tee = Document.teeOf(info.head, "SGX", "TDX", 3);
        // A TDX platform's info names modules and TDX versions, an SGX platform's does not.
        bool tdx = info.tee == IPccs.Tee.TDX;
        require(seen == (tdx ? 0x7ff : 0x1ff), IPccs.MembersMissing(seen));
        require(info.tdxLevels == (tdx ? info.levels.length : 0), IPccs.MembersMissing(info.tdxLevels));
    }

    /// @dev The arrays are made with room for the maximum, and filled from the front.
    function _setLengths(Info memory info, uint256 modules, uint256 levels) private pure {
        require(modules <= MAXIMUM_MODULES, IPccs.TooLarge(modules, MAXIMUM_MODULES));
        require(levels <= MAXIMUM_LEVELS, IPccs.TooLarge(levels, MAXIMUM_LEVELS));
        (Module[] memory a, bytes32[] memory b, uint256[] memory c) = (info.modules, info.levels, info.marks);
        // Lengths stay within what was allocated, as checked above.
        assembly ("memory-safe") {
            mstore(a, modules)
            mstore(b, levels)
            mstore(c, levels)
        }
    }

    function _member(bytes32 name, uint256 at, Info memory info) private pure returns (uint256, uint256) {
        if (name == "tcbLevels") return (0x20, _levels(at, info));
        if (name == "tdxModule") return (0x200, _module(at, _add(info), false));
        if (name == "tdxModuleIdentities") return (0x400, _modules(at, info));
        if (name == "tcbType") {
            uint256 value;
            (value, at) = Json.number(at);
            require(value == 0, IPccs.WrongVersion(value));
            return (0x40, at);
        }
        bytes16 word;
        if (name == "fmspc") {
            (word, at) = Json.hexadecimal(at, 6);
            info.fmspc = bytes6(word);
            return (0x80, at);
        }
        if (name == "pceId") {
            (word, at) = Json.hexadecimal(at, 2);
            info.pceId = bytes2(word);
            return (0x100, at);
        }
        return (0, Json.skip(at));
    }

    function _levels(uint256 at, Info memory info) private pure returns (uint256) {
        at = Json.expect(at, "[");
        bool open = true;
        while (open) {
            uint256 index = info.levels.length;
            _setLengths(info, info.modules.length, index + 1);
            at = _level(at, index, info);
            (open, at) = Json.more(at, "]");
        }
        return at;
    }

    function _level(uint256 at, uint256 index, Info memory info) private pure returns (uint256) {
        at = Json.expect(at, "{");
        IPccs.Status status;
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            (name, at) = Json.key(at);
            if (name == "tcb") (bit, at) = (1, _minimums(at, index, info));
            else if (name == "tcbStatus") (bit, status, at) = _status(at);
            else at = Json.skip(at);
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        require(seen == 3, IPccs.MembersMissing(seen));
        info.marks[index] |= uint256(status);
        return at;
    }

    function _status(uint256 at) private pure returns (uint256, IPccs.Status, uint256) {
        (IPccs.Status status, uint256 next) = Tcb.parseStatus(at);
        return (2, status, next);
    }

    function _minimums(uint256 at, uint256 index, Info memory info) private pure returns (uint256) {
        at = Json.expect(at, "{");
        uint256 sgx;
        uint256 tdx;
        uint256 pceSvn;
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            (name, at) = Json.key(at);
            if (name == "sgxtcbcomponents") (bit, sgx, at) = _components(1, at);
            else if (name == "tdxtcbcomponents") (bit, tdx, at) = _components(2, at);
            else if (name == "pcesvn") (bit, pceSvn, at) = _number(4, at, type(uint16).max);
            else at = Json.skip(at);
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        require(seen | 2 == 7, IPccs.MembersMissing(seen));
        if (seen & 2 != 0) info.tdxLevels++;
        info.levels[index] = bytes32((sgx << 128) | tdx);
        info.marks[index] |= pceSvn << 8;
        return at;
    }

    function _number(uint256 bit, uint256 at, uint256 limit)
        private
        pure
        returns (uint256, uint256, uint256)
    {
        (uint256 value, uint256 next) = Json.number(at);
        require(value <= limit, IPccs.TooLarge(value, limit));
        return (bit, value, next);
    }

    /// @dev Exactly sixteen objects with an `svn` each.
    function _components(uint256 bit, uint256 at) private pure returns (uint256, uint256 svns, uint256) {
        at = Json.expect(at, "[");
        uint256 count;
        while (true) {
            (count, svns, at) = _plainComponents(count, svns, at);
            if (count == 16) return (bit, svns, at);
            uint256 svn;
            (svn, at) = _component(at);
            svns = (svns << 8) | svn;
            at = Json.expect(at, ++count == 16 ? bytes1("]") : bytes1(","));
            if (count == 16) return (bit, svns, at);
        }
        return (bit, svns, at);
    }

    /// @dev Reads on while an object has nothing but an `svn`, as most have, and is followed by what must follow it.
    function _plainComponents(uint256 count, uint256 svns, uint256 at)
        private
        pure
        returns (uint256, uint256, uint256)
    {
        // Reads memory only. An object is taken if it is `{"svn":` with one to three digits, no leading zero and at most
        // 255, then `}`, then `,` or after the sixteenth `]`: none of these is the zero byte that the text ends with.
        assembly ("memory-safe") {
            for {} lt(count, 16) {} {
                let word := mload(at)
                let svn := sub(byte(7, word), 48)
                if or(gt(svn, 9), xor(shr(200, word), 0x7b2273766e223a)) { break }
                let next := 8
                let digit := sub(byte(8, word), 48)
                if lt(digit, 10) {
                    if iszero(svn) { break }
                    svn := add(mul(svn, 10), digit)
                    next := 9
                    digit := sub(byte(9, word), 48)
                    if lt(digit, 10) {
                        svn := add(mul(svn, 10), digit)
                        next := 10
                    }
                }
                let tail := and(shr(sub(240, shl(3, next)), word), 0xffff)
                if or(gt(svn, 255), xor(tail, add(0x7d2c, mul(eq(count, 15), 0x31)))) { break }
                svns := or(shl(8, svns), svn)
                at := add(at, add(next, 2))
                count := add(count, 1)
            }
        }
        return (count, svns, at);
    }

    function _component(uint256 at) private pure returns (uint256 svn, uint256) {
        at = Json.expect(at, "{");
        bool seen;
        bool open = true;
        while (open) {
            bytes32 name;
            (name, at) = Json.key(at);
            if (name == "svn") {
                require(!seen, IPccs.MemberTwice(name));
                seen = true;
                (, svn, at) = _number(0, at, type(uint8).max);
            } else {
                at = Json.skip(at);
            }
            (open, at) = Json.more(at, "}");
        }
        require(seen, IPccs.MembersMissing(0));
        return (svn, at);
    }

    function _add(Info memory info) private pure returns (Module memory) {
        uint256 index = info.modules.length;
        _setLengths(info, index + 1, info.levels.length);
        return info.modules[index];
    }

    function _modules(uint256 at, Info memory info) private pure returns (uint256) {
        at = Json.expect(at, "[");
        bool open = true;
        while (open) {
            at = _module(at, _add(info), true);
            (open, at) = Json.more(at, "]");
        }
        return at;
    }

    /// @dev A named module has levels; the one without a name stands for the major version 0.
    function _module(uint256 at, Module memory module, bool named) private pure returns (uint256) {
        at = Json.expect(at, "{");
        bytes32 signer;
        bytes16 attributes;
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            (name, at) = Json.key(at);
            if (name == "mrsigner") (bit, signer, at) = _signer(at);
            else if (name == "attributes") (bit, attributes, at) = _attributes(2, at);
            else if (name == "attributesMask") (bit, at) = _mask(at, module);
            else if (named && name == "id") (bit, at) = _version(at, module);
            else if (named && name == "tcbLevels") (bit, at) = _moduleLevels(at, module);
            else at = Json.skip(at);
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        require(seen == (named ? 0x1f : 7), IPccs.MembersMissing(seen));
        module.identity = keccak256(abi.encode(signer, bytes8(attributes)));
        return at;
    }

    /// @dev keccak256 of the 48 bytes.
    function _signer(uint256 at) private pure returns (uint256, bytes32, uint256) {
        at = Json.expect(at, '"');
        bytes memory signer =
            abi.encodePacked(Json.digits(at, 16), Json.digits(at + 32, 16), Json.digits(at + 64, 16));
        return (1, keccak256(signer), Json.expect(at + 96, '"'));
    }

    function _attributes(uint256 bit, uint256 at) private pure returns (uint256, bytes16, uint256) {
        (bytes16 attributes, uint256 next) = Json.hexadecimal(at, 8);
        return (bit, attributes, next);
    }

    function _mask(uint256 at, Module memory module) private pure returns (uint256, uint256) {
        (, bytes16 mask, uint256 next) = _attributes(4, at);
        module.attributesMask = uint64(bytes8(mask));
        return (4, next);
    }

    function _version(uint256 at, Module memory module) private pure returns (uint256, uint256) {
        (uint256 from, uint256 to) = Json.text(at);
        require(to - from == 6 && bytes4(Json.word(from)) == "TDX_", Json.JsonUnexpected(Json.word(from)));
        module.version = uint8(bytes1(Json.digits(from + 4, 1)));
        require(module.version != 0, Json.JsonUnexpected(Json.word(from)));
        return (8, to + 1);
    }

    function _moduleLevels(uint256 at, Module memory module) private pure returns (uint256, uint256) {
        (uint256 marks, uint256 count, uint256 next) = parseLevels(at, 8, MAXIMUM_MODULE_LEVELS);
        module.levels = uint128(marks);
        module.levelCount = uint8(count);
        return (0x10, next);
    }

    /// @notice Levels of an `isvsvn` of `width` bits and a status, packed from the low end.
    function parseLevels(uint256 at, uint256 width, uint256 maximum)
        internal
        pure
        returns (uint256 marks, uint256 count, uint256)
    {
        at = Json.expect(at, "[");
        bool open = true;
        while (open) {
            require(count < maximum, IPccs.TooLarge(count + 1, maximum));
            uint256 mark;
            (mark, at) = _isvLevel(at, width);
            marks |= mark << ((width + 8) * count++);
            (open, at) = Json.more(at, "]");
        }
        return (marks, count, at);
    }

    function _isvLevel(uint256 at, uint256 width) private pure returns (uint256 mark, uint256) {
        at = Json.expect(at, "{");
        uint256 seen;
        bool open = true;
        while (open) {
            bytes32 name;
            uint256 bit;
            uint256 value;
            (name, at) = Json.key(at);
            if (name == "tcb") {
                (bit, value, at) = _isvSvn(at, (1 << width) - 1);
                mark |= value << 8;
            } else if (name == "tcbStatus") {
                IPccs.Status status;
                (bit, status, at) = _status(at);
                mark |= uint256(status);
            } else {
                at = Json.skip(at);
            }
            require(seen & bit == 0, IPccs.MemberTwice(name));
            seen |= bit;
            (open, at) = Json.more(at, "}");
        }
        require(seen == 3, IPccs.MembersMissing(seen));
        return (mark, at);
    }

    function _isvSvn(uint256 at, uint256 limit) private pure returns (uint256, uint256 value, uint256) {
        at = Json.expect(at, "{");
        bool seen;
        bool open = true;
        while (open) {
            bytes32 name;
            (name, at) = Json.key(at);
            if (name == "isvsvn") {
                require(!seen, IPccs.MemberTwice(name));
                seen = true;
                (, value, at) = _number(0, at, limit);
            } else {
                at = Json.skip(at);
            }
            (open, at) = Json.more(at, "}");
        }
        require(seen, IPccs.MembersMissing(0));
        return (1, value, at);
    }
}
