// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A guard like `NonReentrant` for each currency by itself, in transient storage.
/// @dev For who keeps accounts of many tokens, some of which anyone wrote: from within a transfer of his own token nobody keeps
/// others from being paid in theirs.
abstract contract CurrencyLock {
    /// @notice A payment cannot be entered again from within a payment of the same currency.
    error Reentrancy();

    /// @dev ERC-7201 of "jeju.CurrencyLock". The locks lie around it, one for each address.
    bytes32 private constant SPACE = 0x8121b26b75111e3a3207a187f5d9bd6ee0e061c1d4537bc2de405f7b6814a800;

    modifier locks(address token) {
        bytes32 slot = _lock(token);
        _;
        _set(slot, false);
    }

    function _lock(address token) private returns (bytes32 slot) {
        slot = SPACE ^ bytes32(uint256(uint160(token)));
        bool isLocked;
        // Reads one transient slot, no memory.
        assembly ("memory-safe") {
            isLocked := tload(slot)
        }
        require(!isLocked, Reentrancy());
        _set(slot, true);
    }

    function _set(bytes32 slot, bool isLocked) private {
        // Writes one transient slot, no memory.
        assembly ("memory-safe") {
            tstore(slot, isLocked)
        }
    }
}
