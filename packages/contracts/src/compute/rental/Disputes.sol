// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {Escrow} from "../libraries/Escrow.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Orders} from "./Orders.sol";

/// @notice How pay in question goes to the guardians.
abstract contract Disputes is Orders {
    using Escrow for Escrow.Rental;
    using Escrow for Escrow.Terms;
    using Tokens for address;

    /// @inheritdoc IComputeRental
    function dispute(uint256 sessionId) external payable nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        bool wasRunning = terms.status == Status.Running;
        require(msg.sender == _rentals[sessionId].renter, NotParty(sessionId, msg.sender));
        require(terms.marks & Escrow.DISPUTED == 0, AlreadyDisputed(sessionId));
        require(wasRunning || terms.status == Status.Ended, SessionNotActive(sessionId, terms.status));
        if (wasRunning) terms.close(Status.Ended, false);
        (uint256 matured, uint256 held) = terms.owed();
        require(held != 0, NothingToDispute(sessionId));

        uint256 refund = wasRunning ? terms.deposit() - terms.payOf(terms.earnedSeconds()) : 0;
        uint256 bond = (held + 4) / 5;

        terms.takeMatured();
        terms.marks |= Escrow.DISPUTED;
        _rentals[sessionId].write(terms);
        _release(terms.providerId, 1);
        emit SessionDisputed(sessionId, terms.providerId, held, bond, refund);

        address token = _tokenOf(sessionId, terms);
        _pay(token, _ownerOf(terms.providerId), matured);
        _hand(sessionId, terms.providerId, token, held, bond);
        if (token == ETHER) refund += msg.value - bond;
        _pay(token, msg.sender, refund);
    }

    /// @dev Gives pay and bond to the guardians.
    function _hand(uint256 sessionId, uint256 providerId, address token, uint256 held, uint256 bond) private {
        address owner = _ownerOf(providerId);
        uint256 value = 0;
        if (token == ETHER) {
            require(msg.value >= bond, BondTooLow(msg.value, bond));
            value = held + bond;
        } else {
            _take(token, bond);
            token.push(address(PANEL), held + bond);
        }
        PANEL.open{value: value}(sessionId, providerId, msg.sender, owner, token, held, bond);
    }
}
