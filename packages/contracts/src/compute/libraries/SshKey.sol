// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @notice Keeps an SSH public key, one line of text, in as few storage slots as it takes, and gives it back byte for byte.
library SshKey {
    /// @dev Bare: an ed25519 key without a comment, `body` is its point. Commented: the same with a comment of 1 to 31 bytes.
    /// Text: anything else, `body` is the address of the contract whose code is the text.
    enum Form {
        Bare,
        Commented,
        Text
    }

    uint256 private constant MAX_LENGTH = 2048;

    /// @dev `ssh-ed25519 `, then 68 characters of base64 for 51 bytes: the type once more, the length 32, and the point. The
    /// last 44 characters are the length's last byte and the point.
    uint256 private constant ED25519_LENGTH = 80;
    uint256 private constant ED25519_TAIL = 36;
    string private constant ED25519_HEAD = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA";
    bytes32 private constant ED25519_HEAD_START = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5";
    bytes4 private constant ED25519_HEAD_END = "AAAA";
    bytes1 private constant POINT_LENGTH = 0x20;

    /// @dev 32 lanes of a byte each, all 1.
    uint256 private constant EACH = 0x0101010101010101010101010101010101010101010101010101010101010101;
    uint256 private constant HIGH_BITS = EACH * 0x80;

    /// @notice What to store of a key, if it is well-formed: one line of at most 2,048 bytes that begins with a type that OpenSSH
    /// knows and a space, and has no control characters. Its base64 is not judged. Deploys a contract for a key that fits no slot.
    function pack(bytes calldata text)
        internal
        returns (bool isWellFormed, Form form, bytes32 body, bytes32 comment)
    {
        uint256 length = text.length;
        bool isPoint = false;
        if (length >= ED25519_LENGTH && length <= ED25519_LENGTH + 32) (isPoint, body) = _point(text);
        // Such a text has its type and its length, and only the comment can have control characters.
        if (isPoint && length == ED25519_LENGTH) return (true, Form.Bare, body, 0);
        if (isPoint && length > ED25519_LENGTH + 1 && text[ED25519_LENGTH] == " ") {
            bytes calldata rest = text[ED25519_LENGTH + 1:];
            return (!_hasControl(rest), Form.Commented, body, bytes32(rest));
        }
        if (!_isWellFormed(text)) return (false, Form.Text, 0, 0);
        return (true, Form.Text, bytes32(uint256(uint160(SSTORE2.write(text)))), 0);
    }

    /// @notice The text that was packed.
    function unpack(Form form, bytes32 body, bytes32 comment) internal view returns (string memory) {
        if (form == Form.Text) return string(SSTORE2.read(address(uint160(uint256(body)))));
        if (form == Form.Bare) return string.concat(ED25519_HEAD, _tail(body));
        // A comment has no control characters, so the first zero byte is its end.
        uint256 length = 0;
        while (length < 32 && comment[length] != 0) length++;
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            text[i] = comment[i];
        }
        return string.concat(ED25519_HEAD, _tail(body), " ", string(text));
    }

    function _tail(bytes32 point) private pure returns (string memory) {
        return Base64.encode(abi.encodePacked(POINT_LENGTH, point));
    }

    /// @dev The point of a text of at least 80 bytes that begins like an ed25519 key, if the text can be made from it again.
    function _point(bytes calldata text) private pure returns (bool isPoint, bytes32 point) {
        if (_wordAt(text, 0) != ED25519_HEAD_START) return (false, 0);
        if (bytes4(_wordAt(text, 32)) != ED25519_HEAD_END) return (false, 0);
        // Of the tail's 33 bytes the first 32 characters give bytes 0 to 23, the last 32 give bytes 9 to 32.
        (bool firstFits, uint256 first) = _decode(uint256(_wordAt(text, ED25519_TAIL)));
        (bool lastFits, uint256 last) = _decode(uint256(_wordAt(text, ED25519_LENGTH - 32)));
        isPoint = firstFits && lastFits && bytes1(bytes24(uint192(first))) == POINT_LENGTH;
        point = bytes32((uint256(uint64(first >> 120)) << 192) | last);
    }

    /// @dev 32 bytes of the text; what lies past its end is not the text's.
    function _wordAt(bytes calldata text, uint256 at) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(text.offset, at))
        }
    }

    /// @dev The 24 bytes that 32 characters of base64 stand for. `fits` if all are of its alphabet, `+` and `/` included: each
    /// 6 bits have one character there, so the bytes give the same text back.
    function _decode(uint256 chars) private pure returns (bool fits, uint256 value) {
        // Lanes of a byte do not touch each other: sums stay below 256, and what is subtracted is there.
        unchecked {
            uint256 upper = _between(chars, "A", "Z");
            uint256 lower = _between(chars, "a", "z");
            uint256 digit = _between(chars, "0", "9");
            uint256 plus = _between(chars, "+", "+");
            uint256 slash = _between(chars, "/", "/");
            fits = chars & HIGH_BITS == 0 && upper | lower | digit | plus | slash == EACH;
            if (!fits) return (false, 0);
            value = chars + digit * 4 + plus * 19 + slash * 16 - upper * 65 - lower * 71;
        }
        // 6 bits in each 8 become 12 in each 16, then 24 in 32, 48 in 64, 96 in 128 and 192 in 256.
        value = _join(value, 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff, 2);
        value = _join(value, 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff, 4);
        value = _join(value, 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff, 8);
        value = _join(value, 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff, 16);
        value = _join(value, 0x00000000000000000000000000000000ffffffffffffffffffffffffffffffff, 32);
        return (true, value);
    }

    /// @dev Moves the upper half of each lane down by `gap`, next to the lower half.
    function _join(uint256 value, uint256 lowerHalves, uint256 gap) private pure returns (uint256) {
        return (value & lowerHalves) | ((value & ~lowerHalves) >> gap);
    }

    /// @dev 1 in each lane whose byte lies from `low` to `high`; meaningless in lanes of 0x80 and above.
    function _between(uint256 chars, bytes1 low, bytes1 high) private pure returns (uint256) {
        // With its highest bit set, a lane is not less than what is subtracted, and keeps that bit if the byte was not either.
        unchecked {
            uint256 atLeast = (chars | HIGH_BITS) - EACH * uint8(low);
            uint256 above = (chars | HIGH_BITS) - EACH * (uint256(uint8(high)) + 1);
            return (atLeast & ~above & HIGH_BITS) >> 7;
        }
    }

    function _isWellFormed(bytes calldata text) private pure returns (bool) {
        uint256 typeLength = _typeLength(text);
        return typeLength != 0 && text.length > typeLength && text.length <= MAX_LENGTH && !_hasControl(text);
    }

    /// @dev Length of the type with the space after it; 0 if OpenSSH knows no such type.
    function _typeLength(bytes calldata text) private pure returns (uint256) {
        if (bytes12(text) == "ssh-ed25519 ") return 12;
        if (bytes8(text) == "ssh-rsa ") return 8;
        bytes20 head = bytes20(text);
        if (
            head == "ecdsa-sha2-nistp256 " || head == "ecdsa-sha2-nistp384 " || head == "ecdsa-sha2-nistp521 "
        ) {
            return 20;
        }
        if (bytes27(text) == "sk-ssh-ed25519@openssh.com ") return 27;
        if (text.length > 35 && keccak256(text[:35]) == keccak256("sk-ecdsa-sha2-nistp256@openssh.com ")) {
            return 35;
        }
        return 0;
    }

    /// @dev Whether a byte is below a space or 0x7f, looking at 32 of them at a time.
    function _hasControl(bytes calldata text) private pure returns (bool) {
        uint256 length = text.length;
        // `at` stays below the text's length and what is masked below 32 bytes. The high bit of a lane of `(x - n) & ~x` tells
        // that a byte is below n, for n up to 0x80. A borrow may set it for a higher byte too, but only where a lower one has it
        // rightly, so the word as a whole is judged rightly.
        unchecked {
            for (uint256 at = 0; at < length; at += 32) {
                // What is past the text's end is replaced by spaces.
                uint256 word = uint256(_wordAt(text, at));
                if (length - at < 32) {
                    uint256 past = type(uint256).max >> (8 * (length - at));
                    word = (word & ~past) | (EACH * 0x20 & past);
                }
                uint256 marked = word ^ (EACH * 0x7f);
                uint256 found = ((word - EACH * 0x20) & ~word) | ((marked - EACH) & ~marked);
                if (found & HIGH_BITS != 0) return true;
            }
        }
        return false;
    }
}
