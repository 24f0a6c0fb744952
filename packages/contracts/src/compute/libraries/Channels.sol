// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

import {IInferenceRecords} from "../interfaces/IInferenceRecords.sol";

/// @notice A channel or a meter in one word of storage:
///         `deposit 80 | closeAt 40 | closeWindow 8 | epoch 8 | claimed 80 | tokens 40`. The low half is its tally.
/// @dev The word lies at `keccak(signer, keccak(provider, token, space))`. Because the inner hash stands where a mapping has
///      its small slot number, no provider, however chosen, addresses another variable of the contract.
library Channels {
    /// @dev ERC-7201 of "jeju.InferenceServing.channels".
    bytes32 internal constant CHANNELS = 0x73e4fa65f2092a40f929a211360a6b45d210478499e90ba86bba9d59e0858a00;

    /// @dev ERC-7201 of "jeju.InferenceServing.meters".
    bytes32 internal constant METERS = 0xf85ed75f69f64585d61b8caca5f1058b690fd4ad5a667c9fcd024d47aeb62100;

    /// @dev From this epoch on a channel takes no money, so that closing always has an epoch left to go to.
    uint256 internal constant LAST_EPOCH = 254;

    uint256 private constant MAX_80 = type(uint80).max;
    uint256 private constant MAX_40 = type(uint40).max;

    function groupOf(bytes32 space, address provider, address token) internal pure returns (bytes32) {
        return EfficientHashLib.hash(uint256(uint160(provider)), uint256(uint160(token)), uint256(space));
    }

    function slotOf(bytes32 space, address provider, address token, address signer)
        internal
        pure
        returns (bytes32)
    {
        return EfficientHashLib.hash(uint256(uint160(signer)), uint256(groupOf(space, provider, token)));
    }

    function load(bytes32 slot) internal view returns (uint256 word) {
        // Reads one slot, no memory.
        assembly ("memory-safe") {
            word := sload(slot)
        }
    }

    function store(bytes32 slot, uint256 word) internal {
        // Writes one slot, no memory; slots come from `slotOf` only.
        assembly ("memory-safe") {
            sstore(slot, word)
        }
    }

    function unpack(uint256 word) internal pure returns (IInferenceRecords.Channel memory) {
        return IInferenceRecords.Channel({
            deposit: depositOf(word),
            claimed: claimedOf(word),
            tokens: tokensOf(word),
            epoch: uint8(epochOf(word)),
            closeAt: uint40(closeAtOf(word)),
            closeWindow: uint8(closeWindowOf(word))
        });
    }

    function depositOf(uint256 word) internal pure returns (uint256) {
        return word >> 176;
    }

    function closeAtOf(uint256 word) internal pure returns (uint256) {
        return (word >> 136) & MAX_40;
    }

    /// @dev Zero if and only if the channel is not open.
    function closeWindowOf(uint256 word) internal pure returns (uint256) {
        return (word >> 128) & 0xff;
    }

    function epochOf(uint256 word) internal pure returns (uint256) {
        return (word >> 120) & 0xff;
    }

    function claimedOf(uint256 word) internal pure returns (uint256) {
        return (word >> 40) & MAX_80;
    }

    function tokensOf(uint256 word) internal pure returns (uint256) {
        return word & MAX_40;
    }

    function leftOf(uint256 word) internal pure returns (uint256) {
        return depositOf(word) - claimedOf(word);
    }

    /// @dev Adds money, and opens the channel with `closeWindow` if it is not open.
    function fund(uint256 word, uint256 amount, uint256 closeWindow) internal pure returns (uint256) {
        uint256 deposit = depositOf(word) + amount;
        require(deposit <= MAX_80, IInferenceRecords.DepositTooLarge(deposit));
        if (closeWindowOf(word) == 0) word |= closeWindow << 128;
        // No overflow: the sum fits 80 bits.
        unchecked {
            return word + (amount << 176);
        }
    }

    function requestClose(uint256 word, uint256 closeAt) internal pure returns (uint256) {
        return word | (closeAt << 136);
    }

    /// @dev Adds to what is claimed and sets the tokens; the caller has checked that deposit and widths allow it.
    function claim(uint256 word, uint256 amount, uint256 tokens) internal pure returns (uint256) {
        return word + (amount << 40) - tokensOf(word) + tokens;
    }

    /// @dev What was left is no longer the channel's, and what was signed in this epoch no longer counts. An open channel's
    ///      epoch is below `LAST_EPOCH`, so the next one fits.
    function close(uint256 word) internal pure returns (uint256) {
        return
            (claimedOf(word) << 176) | ((epochOf(word) + 1) << 120) | (claimedOf(word) << 40) | tokensOf(word);
    }
}
