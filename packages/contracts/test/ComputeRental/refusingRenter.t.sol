// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";
import {Refuser} from "../utils/Refuser.sol";

contract RefusingRenterTest is ComputeTest {
    Refuser private wallet;
    uint256 private sessionId;

    function setUp() public override {
        super.setUp();
        wallet = new Refuser();
        vm.deal(address(wallet), 1 ether);
        _register();
        wallet.act(address(rental), 0.24 ether, abi.encodeCall(rental.createSession, (1, 24, ED25519_KEY)));
        sessionId = rental.sessionCount();
    }

    function _terminate() private {
        wallet.act{gas: 30_000_000}(address(rental), 0, abi.encodeCall(rental.terminateSession, (sessionId)));
    }

    /// RENT-22: a wallet that refuses ether, or burns the gas it is given, is credited instead and blocks nobody.
    function test_isCreditedWhenItTerminates() external {
        _terminate();
        vm.assertEq(ledger.getBalance(address(wallet)), 0.24 ether, "credit");
        wallet.act(address(ledger), 0, abi.encodeCall(ledger.withdrawTo, (0.24 ether, stranger)));
        vm.assertEq(stranger.balance, PURSE + 0.24 ether, "and can be taken elsewhere");
    }

    /// RENT-22: a wallet that refuses ether, or burns the gas it is given, is credited instead and blocks nobody.
    function test_isCreditedWhenItBurnsGas() external {
        wallet.setMood(Refuser.Mood.BurnGas);
        _terminate();
        vm.assertEq(ledger.getBalance(address(wallet)), 0.24 ether, "credit");
    }

    /// RENT-22: a wallet that refuses ether, or burns the gas it is given, is credited instead and blocks nobody.
    function test_cannotKeepTheProviderFromDeclining() external {
        vm.prank(provider);
        rental.declineSession(sessionId, "");
        vm.assertEq(ledger.getBalance(address(wallet)), 0.24 ether, "credit");
    }

    /// RENT-22: a wallet that refuses ether, or burns the gas it is given, is credited instead and blocks nobody.
    function test_cannotKeepTheProviderFromEnding() external {
        vm.startPrank(provider);
        rental.activateSession(sessionId, 0);
        skip(2 hours);
        rental.terminateSession(sessionId);
        vm.assertEq(ledger.getBalance(address(wallet)), 0.23 ether, "credit");
    }

    /// RENT-23: no function that pays can be entered again from within a payment.
    function test_cannotTerminateTwiceFromWithin() external {
        wallet.callBack(address(rental), abi.encodeCall(rental.terminateSession, (sessionId)));
        _terminate();
        vm.assertFalse(wallet.callBackSucceeded(), "the call back failed");
        vm.assertEq(address(wallet).balance, 1 ether, "paid back once");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }
}
