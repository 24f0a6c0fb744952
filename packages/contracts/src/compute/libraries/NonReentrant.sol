// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";

/// @notice The guard of every function that value leaves by: in transient storage on every chain, not on mainnet alone.
abstract contract NonReentrant is ReentrancyGuardTransient {
    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
