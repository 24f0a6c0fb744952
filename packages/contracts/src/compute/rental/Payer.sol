// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {IPayer} from "../interfaces/IPayer.sol";
import {NonReentrant} from "../libraries/NonReentrant.sol";
import {Payout} from "../libraries/Payout.sol";
import {Tokens} from "../libraries/Tokens.sol";

/// @notice Pays the caller; credits anyone else, and whoever cannot be paid.
abstract contract Payer is IPayer, NonReentrant {
    using Payout for ILedgerManager;
    using Tokens for address;

    address internal constant ETHER = address(0);

    ILedgerManager public immutable LEDGER;

    /// @inheritdoc IPayer
    mapping(address account => mapping(address token => uint256)) public unpaidOf;

    constructor(ILedgerManager ledger) {
        LEDGER = ledger;
    }

    /// @inheritdoc IPayer
    function claimUnpaid(address token, address to) external nonReentrant {
        uint256 amount = unpaidOf[msg.sender][token];
        require(amount != 0, NothingUnpaid(msg.sender, token));

        unpaidOf[msg.sender][token] = 0;
        emit UnpaidClaimed(msg.sender, token, to, amount);

        token.push(to, amount);
    }

    /// @inheritdoc IPayer
    function payOut(address token, address to, uint256 amount, bool directly) external {
        require(msg.sender == address(this), OnlyItself(msg.sender));

        LEDGER.payToken(token, to, amount, directly);
    }

    function _pay(address token, address to, uint256 amount) internal {
        if (token == ETHER) return LEDGER.pay(to, amount);
        _payToken(gasleft(), token, to, amount);
    }

    /// @dev The token has at most so much gas: one that burns all it is given would leave too little for a payment that follows.
    function _payToken(uint256 gasLimit, address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        // A call of its own, so that what a token did is undone where it was not what it was told.
        try this.payOut{gas: gasLimit}(token, to, amount, to == msg.sender) {}
        catch {
            unpaidOf[to][token] += amount;
            emit Unpaid(to, token, amount);
        }
    }
}
