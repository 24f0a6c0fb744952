// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Settles packed vouchers against the channels of one provider and token.
library Vouchers {
    bytes32 internal constant VOUCHER_TYPEHASH =
        keccak256("Voucher(address provider,address token,uint128 tally)");

    /// @param separator the EIP-712 domain separator.
    /// @param space where the channels lie, as in `Channels.slotOf`.
    /// @param packed items of 80 bytes: r (32), vs (32, EIP-2098), tally (16). What is left at the end is ignored.
    /// @return total what the vouchers are worth above what was settled before.
    /// @dev Warning: writes over memory from 0x80 to 0x1e0. For a caller that keeps nothing there.
    function settle(bytes32 separator, bytes32 space, address provider, address token, bytes calldata packed)
        internal
        returns (uint256 total)
    {
        bytes32 typehash = VOUCHER_TYPEHASH;
        // Memory: scratch space holds the signer and the channels' group, 0x80 the struct, 0x100 what the digest is of, 0x160 the input of
        // ecrecover. The free pointer stays at 0x80.
        // Reads: `o < end` means that all 80 bytes of an item are in `packed`. `end` does not underflow, since more than 79
        // bytes of calldata lie in front of `packed`.
        // Signer: the word that ecrecover writes to is zeroed before, so a signature that recovers nothing gives the zero
        // address and a wrong one some other address; neither has a channel with money in it. The malleated twin of a
        // signature is the same voucher, which is worth nothing twice.
        // Amounts: `was` and `signed` are epoch and amount in 88 bits; `left` does not underflow since no more is claimed than
        // is deposited. If 0 < signed - was <= left, then `signed` lies between two numbers of the channel's epoch and is of
        // that epoch itself; if it were below `was`, the difference would wrap beyond any `left`. So one comparison checks
        // epoch, age and deposit. Then the low half of the word, and only that, becomes the tally.
        // Only one failing it can be above the deposit, and counts up to it if the epochs are the same.
        // `total` is a sum of parts of deposits below 2^80, fewer than 2^32 of them, and does not overflow.
        assembly {
            mstore(0x80, typehash)
            mstore(0xa0, provider)
            mstore(0xc0, token)
            mstore(0xe0, space)
            mstore(0x20, keccak256(0xa0, 0x60))
            mstore(0x100, shl(240, 0x1901))
            mstore(0x102, separator)
            let o := packed.offset
            for { let end := sub(add(o, packed.length), 79) } lt(o, end) { o := add(o, 80) } {
                let tally := shr(128, calldataload(add(o, 0x40)))
                mstore(0xe0, tally)
                mstore(0x122, keccak256(0x80, 0x80))
                mstore(0x160, keccak256(0x100, 0x42))
                {
                    let vs := calldataload(add(o, 0x20))
                    mstore(0x180, add(27, shr(255, vs)))
                    mstore(0x1c0, and(vs, 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff))
                }
                mstore(0x1a0, calldataload(o))
                mstore(0x00, 0)
                pop(staticcall(gas(), 1, 0x160, 0x80, 0x00, 0x20))

                let slot := keccak256(0x00, 0x40)
                let word := sload(slot)
                let old := and(word, 0xffffffffffffffffffffffffffffffff)
                let was := shr(40, old)
                let more := sub(shr(40, tally), was)
                let left := sub(shr(176, word), and(was, 0xffffffffffffffffffff))
                if iszero(lt(sub(more, 1), left)) {
                    if or(iszero(left), or(shr(120, xor(tally, old)), iszero(sgt(more, 0)))) { continue }
                    more := left
                    tally := or(shl(40, add(was, left)), and(tally, 0xffffffffff))
                }
                total := add(total, more)
                sstore(slot, add(word, sub(tally, old)))
            }
        }
    }
}
