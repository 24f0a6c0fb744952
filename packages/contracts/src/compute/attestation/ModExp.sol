// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Powers modulo large numbers, by the chain's precompiled contract (EIP-198).
library ModExp {
    address private constant MODEXP = address(5);

    /// @notice base^exponent modulo `modulus`, as long as the modulus. Numbers are bytes, most significant first.
    function power(bytes memory base, bytes memory exponent, bytes memory modulus)
        internal
        view
        returns (bytes memory result)
    {
        bool ok;
        (ok, result) = MODEXP.staticcall(
            abi.encodePacked(base.length, exponent.length, modulus.length, base, exponent, modulus)
        );
        // Fails where gas ends, which must not pass for an answer.
        assert(ok && result.length == modulus.length);
    }
}
