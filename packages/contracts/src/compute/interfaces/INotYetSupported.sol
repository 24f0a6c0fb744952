// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface INotYetSupported {
    /// @notice The function is part of the interface, and this version does not offer it; `feature` says what is missing.
    error NotYetSupported(string feature);
}
