// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {Channels} from "../libraries/Channels.sol";
import {Openings} from "./Openings.sol";

/// @notice Channels that their session keys open and fund, by signatures that providers submit.
abstract contract Reservations is Openings {
    using Channels for bytes32;
    using Channels for uint256;

    bytes32 private constant RESERVE_TYPEHASH =
        keccak256("Reserve(address provider,address token,uint8 epoch,uint80 depositTotal,uint40 deadline)");
    uint256 private constant ITEM = 80;

    /// @dev Where the session key begins in the key of a top-up.
    uint256 private constant SIGNER = 96;

    /// @inheritdoc IReservations
    function reserveAndSettle(
        address provider,
        address token,
        bytes calldata reservations,
        bytes calldata packed
    ) external returns (uint256 credited) {
        require(reservations.length % ITEM == 0, InvalidReservation(reservations.length));
        _requireStaked(provider);

        for (uint256 i = 0; i < reservations.length; i += ITEM) {
            (address signer, uint256 amount, Refusal refusal) =
                _reservationOf(provider, token, reservations[i:i + ITEM]);
            if (refusal == Refusal.None) _reserve(provider, token, signer, amount);
        }

        // By a call to itself, since settling writes over memory that is in use here. It pays nobody and asks for no caller.
        return IInferenceServing(address(this)).settle(provider, token, packed);
    }

    /// @inheritdoc IReservations
    function reservationOf(address provider, address token, bytes calldata reservation)
        external
        view
        returns (address signer, uint256 amount, Refusal refusal)
    {
        require(reservation.length == ITEM, InvalidReservation(reservation.length));
        _requireStaked(provider);

        return _reservationOf(provider, token, reservation);
    }

    /// @inheritdoc IReservations
    function topUpKeyOf(address provider, address token, address signer) external view returns (bytes32) {
        uint256 number = _offers[provider][token].number;
        require(number != 0, NothingOffered(provider, token));
        return bytes32((uint256(uint160(signer)) << SIGNER) | number);
    }

    /// @inheritdoc IReservations
    function setCap(address signer, address token, uint128 cap) external {
        uint256 session = _sessions[signer];
        require(msg.sender == _ownerIn(session), NotOwner(signer, msg.sender));

        if (token == ETHER) _sessions[signer] = uint200(session) | (_gweiOf(cap) << 200);
        else _tokenCaps[signer][token] = cap;
        emit CapSet(signer, token, _capOf(signer, token));
    }

    /// @inheritdoc IReservations
    function capOf(address signer, address token) external view returns (uint256) {
        return _capOf(signer, token);
    }

    function _reserve(address provider, address token, address signer, uint256 amount) private {
        address owner = _ownerOf(signer);

        _drawCap(signer, token, amount);
        _debit(token, owner, amount);
        _fund(Channels.CHANNELS, owner, provider, token, signer, amount);
        emit ChannelFunded(owner, signer, provider, token, amount, amount);
    }

    /// @dev 16 bytes of terms behind the signature: `epoch 8 | total 80 | deadline 40`.
    function _reservationOf(address provider, address token, bytes calldata item)
        private
        view
        returns (address signer, uint256 amount, Refusal refusal)
    {
        uint256 terms = uint128(bytes16(item[64:]));
        (uint256 epoch, uint256 total, uint256 deadline) = (terms >> 120, uint80(terms >> 40), uint40(terms));
        signer = ECDSA.tryRecoverCalldata(
            _hashTypedData(keccak256(abi.encode(RESERVE_TYPEHASH, provider, token, epoch, total, deadline))),
            item[:64]
        );
        uint256 word = Channels.slotOf(Channels.CHANNELS, provider, token, signer).load();
        if (total > word.depositOf()) amount = total - word.depositOf();
        if (block.timestamp > deadline) return (signer, amount, Refusal.Late);
        if (epoch != word.epochOf() || epoch >= Channels.LAST_EPOCH) {
            return (signer, amount, Refusal.OtherEpoch);
        }
        if (word.closeAtOf() != 0) return (signer, amount, Refusal.Closing);
        refusal = _refusalOf(token, signer, amount);
    }

    /// @dev An unknown key belongs to nobody, as what a forged signature recovers to does.
    function _refusalOf(address token, address signer, uint256 amount) private view returns (Refusal) {
        uint256 session = _sessions[signer];
        if (session == 0) return Refusal.UnknownSigner;
        if (block.timestamp >= _expiryIn(session)) return Refusal.KeyExpired;
        if (amount == 0) return Refusal.Covered;
        if (amount > _capOf(signer, token)) return Refusal.CapExceeded;
        if (amount > _balancesIn(token)[_ownerIn(session)]) return Refusal.BalanceTooLow;
        return Refusal.None;
    }

    /// @dev So that a stolen key's cap goes to somebody with a stake, at worst.
    function _requireStaked(address provider) private view {
        uint256 providerId = REGISTRY.providerIdOf(provider);
        bool isServing = false;
        if (providerId != 0) (,, isServing) = REGISTRY.rentalTerms(providerId);
        require(isServing, ProviderNotServing(provider));
    }
}
