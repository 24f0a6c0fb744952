// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {IReservations} from "../interfaces/IReservations.sol";
import {Channels} from "../libraries/Channels.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Reservations} from "./Reservations.sol";

/// @notice Free balances and channels that refill themselves from their owner's ledger.
abstract contract Refills is Reservations {
    using Channels for bytes32;
    using Channels for uint256;
    using Tokens for address;

    /// @dev Where the session key begins in the key of a channel.
    uint256 private constant SIGNER = 96;

    /// @inheritdoc IReservations
    function topUp(address account, bytes32 key) external nonReentrant {
        _requireDelegated();
        ILedgerManager.TopUp memory refill = LEDGER.topUpOf(account, address(this), key);

        if (uint256(key) >> 160 == 0) _topUpBalance(account, key, refill);
        else _topUpChannel(account, key, refill);

        uint256 before = refill.token == ETHER ? 0 : refill.token.balanceHere();
        LEDGER.drawTopUp(account, key, refill.amount);
        if (refill.token != ETHER) refill.token.requireArrived(before, refill.amount);
    }

    /// @inheritdoc IReservations
    function topUpKeyOf(address provider, address token, address signer) external view returns (bytes32) {
        uint256 number = _offers[provider][token].number;
        require(number != 0, NothingOffered(provider, token));
        return bytes32((uint256(uint160(signer)) << SIGNER) | number);
    }

    function _topUpBalance(address account, bytes32 key, ILedgerManager.TopUp memory refill) private {
        address token = address(uint160(uint256(key)));
        _requireDue(account, key, token, _balancesIn(token)[account], refill);

        _credit(token, account, refill.amount);
        if (token == ETHER) emit Deposited(account, address(LEDGER), refill.amount);
        else emit TokenDeposited(account, token, address(LEDGER), refill.amount);
    }

    function _topUpChannel(address account, bytes32 key, ILedgerManager.TopUp memory refill) private {
        (address signer, uint256 number) =
            (address(uint160(uint256(key) >> SIGNER)), uint256(uint96(uint256(key))));
        require(number != 0 && number <= _offering.length, UnknownTopUp(key));
        Offering memory offering = _offering[number - 1];
        _requireFundable(account, signer, _sessions[signer]);
        (address provider, address token) = (offering.provider, offering.token);
        uint256 word = Channels.slotOf(Channels.CHANNELS, provider, token, signer).load();
        require(word.closeWindowOf() != 0, ChannelNotOpen(signer, provider));
        _requireDue(account, key, token, word.leftOf(), refill);

        _fund(Channels.CHANNELS, account, provider, token, signer, refill.amount);
        emit ChannelFunded(account, signer, provider, token, refill.amount, 0);
    }

    function _requireDue(
        address account,
        bytes32 key,
        address token,
        uint256 left,
        ILedgerManager.TopUp memory refill
    ) private pure {
        require(token == refill.token, OtherToken(token, refill.token));
        require(left < refill.threshold, TopUpNotDue(account, key, left, refill.threshold));
    }
}
