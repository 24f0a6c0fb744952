// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Reads the GPU out of the JSON that a provider claims its hardware with.
/// @dev Strict: a text that is not one JSON object and nothing else claims no GPU. Each byte is looked at a fixed number of
/// times, nesting ends at 200 and what must be told apart at 512 pieces, so that a page of hostile texts can be read in one call.
/// It never reverts.
library HardwareClaim {
    uint256 private constant MAX_GPU_COUNT = 1024;
    uint256 private constant MAX_MODEL_LENGTH = 64;
    uint256 private constant MAX_DEPTH = 200;
    /// @dev Keys, values, commas and closing brackets. They cost ten times what the bytes within a string do.
    uint256 private constant MAX_PIECES = 512;
    /// @dev Of both names that matter, with their quotes.
    uint256 private constant NAME_LENGTH = 10;

    /// @dev An index that no text reaches: there the text went wrong. Small enough that adding to it cannot overflow.
    uint256 private constant WRONG = 1 << 128;

    /// @dev What may come next.
    enum Next {
        Value,
        ValueOrEnd,
        Key,
        KeyOrEnd,
        CommaOrEnd
    }

    /// @dev `kinds` holds a bit for each open bracket, the innermost lowest: 1 for an object.
    struct Scan {
        uint256 at;
        uint256 depth;
        uint256 kinds;
        Next next;
        Field field;
        bool countSeen;
        bool modelSeen;
        uint256 count;
        string model;
    }

    /// @dev The top-level field whose value comes next.
    enum Field {
        Other,
        Count,
        Model
    }

    /// @notice The first top-level `gpuCount` and `gpuModel`; 0 and "" where there is none, or not of the form asked for.
    function gpu(bytes memory json) internal pure returns (uint256 count, string memory model) {
        Scan memory scan;
        scan.at = _skipSpace(json, 0);
        if (_byte(json, scan.at) != "{") return (0, "");

        uint256 pieces = 0;
        do {
            _step(json, scan);
            scan.at = _skipSpace(json, scan.at);
            pieces++;
        } while (scan.depth != 0 && scan.at < WRONG && pieces < MAX_PIECES);

        if (scan.depth != 0 || scan.at != json.length) return (0, "");
        return (scan.count, scan.model);
    }

    function _step(bytes memory json, Scan memory scan) private pure {
        bytes1 char = _byte(json, scan.at);

        if (scan.next == Next.CommaOrEnd) {
            if (char != ",") return _close(char, scan);
            scan.next = scan.kinds & 1 == 1 ? Next.Key : Next.Value;
            scan.at++;
        } else if (scan.next == Next.Key || scan.next == Next.KeyOrEnd) {
            if (char == "}" && scan.next == Next.KeyOrEnd) return _close(char, scan);
            _key(json, scan);
        } else if (char == "]" && scan.next == Next.ValueOrEnd) {
            _close(char, scan);
        } else if (char == "{" || char == "[") {
            _open(char, scan);
        } else {
            _scalar(json, scan);
        }
    }

    function _open(bytes1 char, Scan memory scan) private pure {
        bool isObject = char == "{";
        scan.kinds = (scan.kinds << 1) | (isObject ? 1 : 0);
        scan.depth++;
        scan.next = isObject ? Next.KeyOrEnd : Next.ValueOrEnd;
        scan.at = scan.depth > MAX_DEPTH ? WRONG : scan.at + 1;
    }

    function _close(bytes1 char, Scan memory scan) private pure {
        bool fits = char == (scan.kinds & 1 == 1 ? bytes1("}") : bytes1("]"));
        scan.kinds >>= 1;
        scan.depth--;
        scan.next = Next.CommaOrEnd;
        scan.at = fits ? scan.at + 1 : WRONG;
    }

    function _key(bytes memory json, Scan memory scan) private pure {
        uint256 end = _string(json, scan.at);
        uint256 colon = _skipSpace(json, end);
        if (_byte(json, colon) != ":") {
            scan.at = WRONG;
            return;
        }

        scan.field = Field.Other;
        if (scan.depth == 1 && end - scan.at == NAME_LENGTH) {
            bytes32 name = keccak256(_slice(json, scan.at, end));
            if (name == keccak256('"gpuCount"') && !scan.countSeen) {
                scan.field = Field.Count;
                scan.countSeen = true;
            } else if (name == keccak256('"gpuModel"') && !scan.modelSeen) {
                scan.field = Field.Model;
                scan.modelSeen = true;
            }
        }
        scan.next = Next.Value;
        scan.at = colon + 1;
    }

    function _scalar(bytes memory json, Scan memory scan) private pure {
        uint256 start = scan.at;
        bytes1 char = _byte(json, start);
        scan.at =
            char == '"' ? _string(json, start) : _isLetter(char) ? _word(json, start) : _number(json, start);
        scan.next = Next.CommaOrEnd;
        if (scan.at == WRONG || scan.depth != 1) return;

        if (scan.field == Field.Count) scan.count = _count(json, start, scan.at);
        if (scan.field == Field.Model && char == '"') scan.model = _model(json, start + 1, scan.at - 1);
    }

    /// @dev Index after the string that begins at `at`.
    function _string(bytes memory json, uint256 at) private pure returns (uint256) {
        if (_byte(json, at) != '"') return WRONG;
        for (at++; at < json.length; at++) {
            bytes1 char = json[at];
            if (char == '"') return at + 1;
            if (char < 0x20) return WRONG;
            if (char != "\\") continue;
            at++;
            char = _byte(json, at);
            if (char == "u") {
                for (uint256 i = 0; i < 4; i++) {
                    at++;
                    if (!_isHex(_byte(json, at))) return WRONG;
                }
            } else if (
                char != '"' && char != "\\" && char != "/" && char != "b" && char != "f" && char != "n"
                    && char != "r" && char != "t"
            ) {
                return WRONG;
            }
        }
        return WRONG;
    }

    /// @dev Index after `true`, `false` or `null`.
    function _word(bytes memory json, uint256 at) private pure returns (uint256) {
        uint256 end = at;
        while (_isLetter(_byte(json, end)) && end - at < 6) end++;
        bytes32 word = keccak256(_slice(json, at, end));
        return
            word == keccak256("true") || word == keccak256("false") || word == keccak256("null") ? end : WRONG;
    }

    /// @dev Index after the number that begins at `at`.
    function _number(bytes memory json, uint256 at) private pure returns (uint256) {
        if (_byte(json, at) == "-") at++;
        at = _byte(json, at) == "0" ? at + 1 : _digits(json, at);
        if (_byte(json, at) == ".") at = _digits(json, at + 1);
        if (_byte(json, at) == "e" || _byte(json, at) == "E") {
            at++;
            if (_byte(json, at) == "+" || _byte(json, at) == "-") at++;
            at = _digits(json, at);
        }
        return at;
    }

    /// @dev Index after one or more digits.
    function _digits(bytes memory json, uint256 at) private pure returns (uint256) {
        if (!_isDigit(_byte(json, at))) return WRONG;
        while (_isDigit(_byte(json, at))) at++;
        return at;
    }

    /// @dev The integer, if the text is nothing but the digits of one that is small enough; else 0.
    function _count(bytes memory json, uint256 start, uint256 end) private pure returns (uint256 value) {
        if (end - start > 4) return 0;
        for (uint256 at = start; at < end; at++) {
            if (!_isDigit(json[at])) return 0;
            value = value * 10 + uint8(json[at]) - 48;
        }
        return value > MAX_GPU_COUNT ? 0 : value;
    }

    /// @dev The text, if it is short, printable and has no escape; else "".
    function _model(bytes memory json, uint256 start, uint256 end) private pure returns (string memory) {
        if (end - start > MAX_MODEL_LENGTH) return "";
        for (uint256 at = start; at < end; at++) {
            if (json[at] < 0x20 || json[at] > 0x7e || json[at] == "\\") return "";
        }
        return string(_slice(json, start, end));
    }

    function _skipSpace(bytes memory json, uint256 at) private pure returns (uint256) {
        bytes1 char = _byte(json, at);
        while (char == " " || char == "\n" || char == "\r" || char == "\t") char = _byte(json, ++at);
        return at;
    }

    function _slice(bytes memory json, uint256 start, uint256 end) private pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = 0; i < part.length; i++) {
            part[i] = json[start + i];
        }
    }

    /// @dev 0, which JSON has no use for, beyond the end.
    function _byte(bytes memory json, uint256 at) private pure returns (bytes1 char) {
        // Reads memory within the text, or nothing.
        assembly ("memory-safe") {
            if lt(at, mload(json)) { char := shl(248, byte(0, mload(add(add(json, 32), at)))) }
        }
    }

    function _isDigit(bytes1 char) private pure returns (bool) {
        return char >= "0" && char <= "9";
    }

    function _isHex(bytes1 char) private pure returns (bool) {
        return _isDigit(char) || (char >= "a" && char <= "f") || (char >= "A" && char <= "F");
    }

    function _isLetter(bytes1 char) private pure returns (bool) {
        return char >= "a" && char <= "z";
    }
}
