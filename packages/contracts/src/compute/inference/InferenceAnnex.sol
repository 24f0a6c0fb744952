// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {FreeBalance} from "./FreeBalance.sol";
import {Offers} from "./Offers.sol";
import {Receipts} from "./Receipts.sol";

/// @notice The part of InferenceServing's code that one contract has no room for.
/// @dev InferenceServing creates it, and hands to it, for ever, each call that it does not know itself. It acts on storage and
///      money of InferenceServing alone, which both lay out by the same base contracts: what it inherits beyond those has no
///      storage. It has no money, and no function that would take some for itself.
contract InferenceAnnex is Receipts {
    constructor(address registry, ILedgerManager ledger) FreeBalance(ledger) Offers(registry) {}
}
