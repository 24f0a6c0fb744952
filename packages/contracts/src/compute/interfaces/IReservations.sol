// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice How a session key gets its channels money without a transaction of its owner: it signs a reservation, and the provider
///         submits that together with vouchers.
/// @dev EIP-712: `Reserve(address provider,address token,uint8 epoch,uint80 depositTotal,uint40 deadline)`, by the session key.
interface IReservations {
    /// @notice Why a reservation does nothing now.
    enum Refusal {
        None,
        UnknownSigner,
        KeyExpired,
        Late,
        OtherEpoch,
        Closing,
        Covered,
        CapExceeded,
        BalanceTooLow
    }

    /// @notice Reservations are for providers that are registered, active and staked.
    error ProviderNotServing(address provider);

    /// @notice A reservation is 80 bytes.
    error InvalidReservation(uint256 length);

    /// @notice Only the owner of a session key sets its cap.
    error NotOwner(address signer, address caller);

    /// @notice Opens or funds channels as their session keys reserved, then settles as `settle` does.
    /// @param reservations items of 80 bytes: r (32), vs (32, EIP-2098), then epoch (1), total deposit (10) and deadline (5).
    /// @return credited what the provider's free balance grew by.
    /// @dev A reservation names the total that the channel's deposit shall come to, so submitting it again does nothing. Money
    ///      comes out of the owner's free balance, at most what is left of the key's cap. An item that cannot be met now is
    ///      skipped; `reservationOf` says why.
    function reserveAndSettle(
        address provider,
        address token,
        bytes calldata reservations,
        bytes calldata packed
    ) external returns (uint256 credited);

    /// @notice What a reservation of 80 bytes would add to whose channel, or why it would not.
    function reservationOf(address provider, address token, bytes calldata reservation)
        external
        view
        returns (address signer, uint256 amount, Refusal refusal);

    /// @notice Replaces what reservations by the caller's session key may still draw of a token; 0 stops them at once.
    /// @dev In ether kept in whole gwei, rounded down, and at most 2^56 - 1 of them.
    function setCap(address signer, address token, uint128 cap) external;

    /// @notice What reservations by the key may still draw of a token.
    function capOf(address signer, address token) external view returns (uint256);

    /// @notice The key of a channel for `topUp`: the session key's address, then 64 zero bits, then the number of the offer.
    function topUpKeyOf(address provider, address token, address signer) external view returns (bytes32);
}
