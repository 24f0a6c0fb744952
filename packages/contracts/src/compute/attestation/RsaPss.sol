// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModExp} from "./ModExp.sol";
import {Sha384} from "./Sha384.sol";

/// @notice RSASSA-PSS (RFC 8017) as AMD signs certificates: keys of 4,096 bits whose exponent is 65,537, SHA-384 for message and
/// mask, and 48 bytes of salt.
library RsaPss {
    uint256 internal constant BYTES = 512;
    uint256 private constant HASH = 48;
    /// @dev What is masked: zeros, a one, and the salt.
    uint256 private constant MASKED = BYTES - HASH - 1;

    /// @notice Whether the owner of `modulus` signed `message`.
    function verify(bytes memory message, bytes memory signature, bytes memory modulus)
        internal
        view
        returns (bool)
    {
        bytes memory encoded = ModExp.power(signature, hex"010001", modulus);
        bytes memory salted = _slice(encoded, MASKED, HASH);
        if (encoded[0] & 0x80 != 0 || encoded[BYTES - 1] != 0xbc) return false;
        _unmask(encoded, salted);
        for (uint256 i = 0; i < MASKED - HASH - 1; i++) {
            if (encoded[i] != 0) return false;
        }
        if (encoded[MASKED - HASH - 1] != 0x01) return false;
        bytes memory salt = _slice(encoded, MASKED - HASH, HASH);
        return keccak256(_digest(abi.encodePacked(bytes8(0), _digest(message), salt))) == keccak256(salted);
    }

    /// @dev Undoes the mask that MGF1 makes of the salted hash. The uppermost bit is none of it.
    function _unmask(bytes memory encoded, bytes memory salted) private pure {
        bytes memory mask;
        for (uint32 i = 0; i * HASH < MASKED; i++) {
            mask = abi.encodePacked(mask, _digest(abi.encodePacked(salted, i)));
        }
        // Both have 480 bytes at least; whoever reads what lies beyond the masked part has taken it before.
        assembly ("memory-safe") {
            for { let i := 32 } lt(i, 512) { i := add(i, 32) } {
                mstore(add(encoded, i), xor(mload(add(encoded, i)), mload(add(mask, i))))
            }
        }
        encoded[0] &= 0x7f;
    }

    function _digest(bytes memory message) private pure returns (bytes memory) {
        (uint256 high, uint256 low) = Sha384.hash(message);
        return abi.encodePacked(uint128(high), low);
    }

    function _slice(bytes memory data, uint256 from, uint256 size) private pure returns (bytes memory part) {
        part = new bytes(size);
        for (uint256 i = 0; i < size; i++) {
            part[i] = data[from + i];
        }
    }
}
