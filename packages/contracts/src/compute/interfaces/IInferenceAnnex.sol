// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IInferenceTokens} from "./IInferenceTokens.sol";
import {IReceipts} from "./IReceipts.sol";
import {IReservations} from "./IReservations.sol";

/// @notice What InferenceServing does besides `IInferenceServing`, at the same address: tokens, reservations, top-up, receipts.
interface IInferenceAnnex is IInferenceTokens, IReservations, IReceipts {}
