// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {TriggerRegistry} from "../../src/compute/TriggerRegistry.sol";
import {TriggerHandler} from "./TriggerHandler.sol";

contract TriggerInvariants is Test {
    TriggerHandler private handler;
    TriggerRegistry private triggers;

    function setUp() external {
        handler = new TriggerHandler();
        triggers = handler.triggers();
        handler.sponsor(0, 0, 0);
        handler.wait(10 minutes);
        handler.executeDue(0, 0);
        vm.assertEq(handler.executions(), 1, "what is due runs");
        vm.assertGt(handler.paid(), 0, "and is paid from the ledger");
        handler.sponsor(3, 1, 0);
        handler.executeLog(3, 1, 0, false);
        vm.assertEq(handler.executions(), 2, "so does an attested log");
        targetContract(address(handler));
        // not one of the contracts, to which the fuzzer would refund gas that nobody paid
        targetSender(makeAddr("fuzzer"));
    }

    /// TRG-27, TRG-31, TRG-32, TRG-33, TRG-42, in one campaign, so that each state is judged by all of them.
    function invariant_holdsWhatItOwes() external view {
        _assertHoldsWhatIsOwed();
        _assertNothingRunsTwice();
        _assertNobodyPaysForNothing();
        _assertBalancesAreCapped();
        _assertNothingIsLost();
    }

    /// TRG-31: the registry holds the sum of all balances and credits, to the wei.
    function _assertHoldsWhatIsOwed() private view {
        uint256 owed = 0;
        for (uint256 id = 1; id <= triggers.triggerCount(); ++id) {
            owed += triggers.triggerDetails(id).balance;
        }
        for (uint256 i = 0; i < handler.EXECUTORS(); ++i) {
            owed += triggers.creditOf(handler.executorAt(i));
        }
        vm.assertEq(address(triggers).balance, owed, "owed");
    }

    /// TRG-32: a tick, a delivery and a log run at most once, whoever tries how often.
    function _assertNothingRunsTwice() private view {
        vm.assertFalse(handler.ranTwice(), "twice");
    }

    /// TRG-33: no sponsor is charged for what was not due.
    function _assertNobodyPaysForNothing() private view {
        vm.assertFalse(handler.chargedForNothing(), "for nothing");
        vm.assertFalse(handler.chargedAnother(), "for another's trigger");
    }

    /// TRG-27: a balance is at most its cap.
    function _assertBalancesAreCapped() private view {
        for (uint256 id = 1; id <= triggers.triggerCount(); ++id) {
            vm.assertLe(triggers.triggerDetails(id).balance, handler.CAP(), "cap");
        }
    }

    /// TRG-33, TRG-42: what sponsors lost is what executions that were due paid, to the wei; executors have it, and a stranger nothing.
    function _assertNothingIsLost() private view {
        LedgerManager ledger = handler.ledger();
        uint256 sponsors = 0;
        for (uint256 i = 0; i < handler.SPONSORS(); ++i) {
            sponsors += handler.sponsorAt(i).balance + ledger.getBalance(handler.sponsorAt(i));
        }
        for (uint256 id = 1; id <= triggers.triggerCount(); ++id) {
            sponsors += triggers.triggerDetails(id).balance;
        }
        uint256 executors = 0;
        for (uint256 i = 0; i < handler.EXECUTORS(); ++i) {
            executors += handler.executorAt(i).balance + triggers.creditOf(handler.executorAt(i));
        }
        vm.assertEq(executors, handler.paid(), "executors have what was paid");
        vm.assertEq(sponsors + executors, handler.SPONSORS() * handler.PURSE(), "nothing is lost");
        address stranger = handler.stranger();
        vm.assertEq(stranger.balance + ledger.getBalance(stranger), 0, "the stranger");
    }
}
