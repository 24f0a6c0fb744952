// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {TokenRentalTest} from "./TokenRentalTest.sol";

contract TopUpTest is TokenRentalTest {
    uint256 private sessionId;

    function setUp() public override {
        super.setUp();
        sessionId = _rent(providerId, 3);
        vm.prank(provider);
        rental.activateSession(sessionId, "access");
        vm.startPrank(renter);
        ledger.deposit{value: 1 ether}();
        // Below an hour ahead, two hours more, at most four a day.
        ledger.setTopUp(address(rental), bytes32(sessionId), PRICE, 2 * PRICE + 1, 5 * PRICE);
        vm.stopPrank();
    }

    function _topUp() private {
        vm.prank(stranger);
        rental.topUp(renter, bytes32(sessionId));
    }

    /// RENT-39: once what is ahead is worth less than the threshold, anyone has whole hours added from the renter's ledger.
    function test_addsWholeHours() external {
        skip(2 hours);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.TopUpNotDue.selector, sessionId, PRICE, PRICE));
        _topUp();
        skip(1);
        _topUp();
        vm.assertEq(rental.getSession(sessionId).deposit, 5 * PRICE, "two hours more");
        vm.assertEq(ledger.getBalance(renter), 1 ether - 2 * PRICE, "drawn");
        vm.assertEq(address(rental).balance, 5 * PRICE, "escrow");
    }

    /// RENT-39: a top-up draws no more a day than its account said.
    function test_revertsWhen_theDayIsSpent() external {
        vm.prank(renter);
        ledger.setTopUp(address(rental), bytes32(sessionId), 2 * PRICE, 2 * PRICE, 2 * PRICE);
        skip(2 hours);
        _topUp();
        skip(2 hours);
        uint256 left = 2 * PRICE * 2 / 24;
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpExhausted.selector, renter, rental, bytes32(sessionId), left, 2 * PRICE
            )
        );
        _topUp();
    }

    /// RENT-39: exploit: a session is topped up by its own renter's money alone, and not once it is over.
    function test_exploit_topUpOfAnother() external {
        skip(2 hours + 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, stranger));
        rental.topUp(stranger, bytes32(sessionId));
        skip(1 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Ended
            )
        );
        _topUp();
    }

    /// RENT-39: a session in a token is topped up in it, not in ether.
    function test_topsUpInItsToken() external {
        sessionId = _runInToken(1);
        vm.startPrank(renter);
        ledger.setTopUp(address(rental), bytes32(sessionId), 100e6, TOKEN_PRICE, TOKEN_PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.OtherToken.selector, sessionId, token, address(0))
        );
        rental.topUp(renter, bytes32(sessionId));

        token.approve(address(ledger), 10e6);
        ledger.depositToken(address(token), 10e6);
        bytes32 key = bytes32(sessionId);
        ledger.setTopUpToken(address(rental), key, address(token), 100e6, TOKEN_PRICE, TOKEN_PRICE);
        vm.stopPrank();
        _topUp();
        vm.assertEq(token.balanceOf(address(rental)), 2 * TOKEN_PRICE, "escrow");
    }
}
