// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The account from which one agent's triggers call others. Obeys the registry that made it, keeps nothing.
/// @dev Called with `target 20 | gas 4 | data`. Copies no data back, so that a target cannot make its caller pay for it.
contract Forwarder {
    address private immutable REGISTRY = msg.sender;

    /// @notice Only the registry speaks through this account.
    error NotRegistry(address caller);

    fallback() external {
        require(msg.sender == REGISTRY, NotRegistry(msg.sender));

        // The registry sends at least 24 bytes, and enough gas that 63/64 of it are what it promised the target.
        assembly ("memory-safe") {
            let size := sub(calldatasize(), 24)
            let data := mload(0x40)
            calldatacopy(data, 24, size)
            let target := shr(96, calldataload(0))
            let promised := shr(224, calldataload(20))
            if iszero(call(promised, target, 0, data, size, 0, 0)) { revert(0, 0) }
        }
    }
}
