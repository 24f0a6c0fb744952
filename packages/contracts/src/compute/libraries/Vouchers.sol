// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Settles packed vouchers against the channels of one provider and token.
library Vouchers {
    bytes32 internal constant VOUCHER_TYPEHASH =
        keccak256("Voucher(address provider,address token,uint128 tally)");

    /// @param separator the EIP-712 domain separator.
    /// @param group of the channels, as `Channels.groupOf` has it.
    /// @param packed items of 80 bytes: r (32), vs (32, EIP-2098), tally (16). What is left at the end is ignored.
    /// @return total what the vouchers are worth above what was settled before.
    /// @return items for each one that counted the signer (20) and the channel's tally (16).
    function settle(bytes32 separator, bytes32 group, address provider, address token, bytes calldata packed)
        internal
        returns (uint256 total, bytes memory items)
    {
        bytes32 typehash = VOUCHER_TYPEHASH;
        // Memory: everything lies above the free pointer, which is moved past `items` at the end, but for the two words of
        // scratch space below 0x40. `p` holds the struct (0x80), then 0x1901, separator and struct hash (0x42), then
        // ecrecover's input (at 0x100, 0x80), then `items` (at 0x180).
        // Reads: `o < end` means that all 80 bytes of an item are in `packed`; `end` cannot underflow, since calldata in front
        // of `packed` is longer than 79 bytes.
        // Signer: the word that ecrecover writes to is zero before it, so a signature that recovers nothing gives the zero
        // address, and a wrong one gives some other address. `openChannel` funds neither: their channels are empty, and an
        // empty channel has nothing above what is claimed. A malleated signature is the same voucher, worth nothing twice.
        // Amounts: 80-bit fields are compared before they are subtracted, and the claimed amount never exceeds the deposit.
        // `total` is a sum of parts of deposits of 80 bits, one per item, and cannot overflow.
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typehash)
            mstore(add(p, 0x20), provider)
            mstore(add(p, 0x40), token)
            mstore(add(p, 0x80), shl(240, 0x1901))
            mstore(add(p, 0x82), separator)
            mstore(0x20, group)
            items := add(p, 0x180)
            let log := add(items, 0x20)
            let o := packed.offset
            for { let end := sub(add(o, packed.length), 79) } lt(o, end) { o := add(o, 80) } {
                let tally := shr(128, calldataload(add(o, 0x40)))
                mstore(add(p, 0x60), tally)
                mstore(add(p, 0xa2), keccak256(p, 0x80))
                let input := add(p, 0x100)
                mstore(input, keccak256(add(p, 0x80), 0x42))
                {
                    let vs := calldataload(add(o, 0x20))
                    mstore(add(p, 0x120), add(27, shr(255, vs)))
                    mstore(add(p, 0x140), calldataload(o))
                    mstore(add(p, 0x160), shr(1, shl(1, vs)))
                }
                mstore(0x00, 0)
                pop(staticcall(gas(), 1, input, 0x80, 0x00, 0x20))

                let slot := keccak256(0x00, 0x40)
                let word := sload(slot)
                let amount := and(shr(40, tally), 0xffffffffffffffffffff)
                if gt(amount, shr(176, word)) { amount := shr(176, word) }
                let claimed := and(shr(40, word), 0xffffffffffffffffffff)
                // of this epoch, more in wei, not less in tokens
                if and(
                    gt(amount, claimed),
                    and(
                        iszero(and(shr(120, xor(tally, word)), 0xff)),
                        iszero(gt(and(word, 0xffffffffff), and(tally, 0xffffffffff)))
                    )
                ) {
                    total := add(total, sub(amount, claimed))
                    tally := or(and(tally, 0xff00000000000000000000ffffffffff), shl(40, amount))
                    sstore(slot, or(shl(128, shr(128, word)), tally))
                    mstore(log, shl(96, mload(0x00)))
                    mstore(add(log, 20), shl(128, tally))
                    log := add(log, 36)
                }
            }
            mstore(items, sub(log, add(items, 0x20)))
            // the last item's word may reach beyond `log`: keep the pointer above it, in whole words
            mstore(0x40, and(add(log, 0x3f), not(0x1f)))
        }
    }
}
