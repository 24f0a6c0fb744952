// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

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
        targetContract(address(handler));
        // not one of the contracts, to which the fuzzer would refund gas that nobody paid
        targetSender(makeAddr("fuzzer"));
    }

    /// TRG-27, TRG-31, TRG-32, TRG-33, in one campaign, so that each state is judged by all of them.
    function invariant_holdsWhatItOwes() external view {
        _assertHoldsWhatIsOwed();
        _assertNothingRunsTwice();
        _assertNobodyPaysForNothing();
        _assertBalancesAreCapped();
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

    /// TRG-32: a tick and a delivery run at most once, whoever tries how often.
    function _assertNothingRunsTwice() private view {
        vm.assertFalse(handler.ranTwice(), "twice");
    }

    /// TRG-33: no sponsor is charged for what was not due.
    function _assertNobodyPaysForNothing() private view {
        vm.assertFalse(handler.chargedForNothing(), "for nothing");
    }

    /// TRG-27: a balance is at most its cap.
    function _assertBalancesAreCapped() private view {
        for (uint256 id = 1; id <= triggers.triggerCount(); ++id) {
            vm.assertLe(triggers.triggerDetails(id).balance, handler.CAP(), "cap");
        }
    }
}
