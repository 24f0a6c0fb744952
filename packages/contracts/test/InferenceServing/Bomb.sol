// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A wallet that answers at length.
contract Bomb {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 50000)
        }
    }
}
