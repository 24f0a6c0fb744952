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
    bytes1 private constant POINT_LENGTH = 0x20;

    uint256 private constant EACH_BYTE = 0x0101010101010101010101010101010101010101010101010101010101010101;

    /// @notice Whether the text is one line of at most 2,048 bytes, begins with a type that OpenSSH knows and a space, and has
    /// no control characters. Its base64 is not judged.
    function isWellFormed(bytes calldata text) internal pure returns (bool) {
        uint256 typeLength = _typeLength(text);
        return typeLength != 0 && text.length > typeLength && text.length <= MAX_LENGTH && !_hasControl(text);
    }

    /// @notice What to store of a well-formed key. Deploys a contract for one that fits no slot.
    function pack(bytes calldata text) internal returns (Form form, bytes32 body, bytes32 comment) {
        if (text.length >= ED25519_LENGTH && keccak256(text[:ED25519_TAIL]) == keccak256(bytes(ED25519_HEAD)))
        {
            bytes calldata tail = text[ED25519_TAIL:ED25519_LENGTH];
            body = _point(tail);
            // A text that the point does not give back, such as one in another base64 alphabet, is stored as it is.
            if (keccak256(bytes(_tail(body))) == keccak256(tail)) {
                if (text.length == ED25519_LENGTH) return (Form.Bare, body, 0);
                bytes calldata rest = text[ED25519_LENGTH:];
                if (rest[0] == " " && rest.length > 1 && rest.length <= 32) {
                    return (Form.Commented, body, bytes32(rest[1:]));
                }
            }
        }
        return (Form.Text, bytes32(uint256(uint160(SSTORE2.write(text)))), 0);
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

    function _point(bytes calldata tail) private pure returns (bytes32 point) {
        bytes memory decoded = Base64.decode(string(tail));
        // 44 characters give 31 to 33 bytes. What is read past them is caught by comparing the texts.
        assembly ("memory-safe") {
            point := mload(add(decoded, 33))
        }
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
        for (uint256 at = 0; at < text.length; at += 32) {
            uint256 word = uint256(bytes32(text[at:]));
            uint256 length = text.length - at;
            if (length < 32) word |= (EACH_BYTE * 0x20) >> (8 * length);
            uint256 delete_ = word ^ (EACH_BYTE * 0x7f);
            // The high bit of a byte of `(x - n) & ~x` tells that a byte of x is below n, for n up to 0x80. A borrow may set it
            // for a higher byte too, but only where a lower one has it rightly, so the word as a whole is judged rightly.
            unchecked {
                uint256 low = (word - EACH_BYTE * 0x20) & ~word;
                uint256 zero = (delete_ - EACH_BYTE) & ~delete_;
                if ((low | zero) & (EACH_BYTE * 0x80) != 0) return true;
            }
        }
        return false;
    }
}
