// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {Tokens} from "./Tokens.sol";

/// @notice How money leaves: to the one who asked, in the call; to anyone else, and to a wallet that refuses, as credit.
library Payout {
    using Tokens for address;

    /// @dev Never reverts on what `to` does, so no receiver can block another. Warning: hands control to the caller.
    function pay(ILedgerManager ledger, address to, uint256 amount) internal {
        if (amount == 0) return;
        if (to == msg.sender && SafeTransferLib.trySafeTransferETH(to, amount, gasleft())) return;
        ledger.depositFor{value: amount}(to);
    }

    /// @dev Reverts where the token lets neither receiver nor ledger have exactly this. Only who asked is paid `directly`. Warning:
    /// hands control to the token.
    function payToken(ILedgerManager ledger, address token, address to, uint256 amount, bool directly)
        internal
    {
        if (directly && token.tryPush(to, amount)) return;
        uint256 before = token.balanceHere();
        // Whatever comes of it, the ledger takes no more than it is asked to.
        token.tryApprove(address(ledger), amount);
        ledger.depositTokenFor(to, token, amount);
        token.requireLeft(before, amount);
    }
}
