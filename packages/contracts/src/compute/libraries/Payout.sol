// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";

/// @notice How money leaves: to the one who asked, in the call; to anyone else, and to a wallet that refuses, as credit.
library Payout {
    /// @dev Never reverts on what `to` does, so no receiver can block another. Warning: hands control to the caller.
    function pay(ILedgerManager ledger, address to, uint256 amount) internal {
        if (amount == 0) return;
        if (to == msg.sender && SafeTransferLib.trySafeTransferETH(to, amount, gasleft())) return;
        ledger.depositFor{value: amount}(to);
    }
}
