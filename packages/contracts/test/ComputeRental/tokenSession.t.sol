// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {IPayer} from "../../src/compute/interfaces/IPayer.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {TokenRentalTest} from "./TokenRentalTest.sol";

/// @notice What a session in a token pays and gives back.
contract TokenSessionTest is TokenRentalTest {
    function _credit(address account) private view returns (uint256) {
        return ledger.getTokenBalance(account, address(token));
    }

    /// RENT-32: exploit: pay in token, refund in ether. Refund and pay are of the session's token, and add up.
    function test_exploit_payInTokenRefundInEther(uint256 time) external {
        time = bound(time, 0, 24 hours);
        _rent(providerId, 24);
        uint256 sessionId = _runInToken(24);
        uint256 etherBefore = renter.balance;
        skip(time);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        skip(2 hours);
        uint256 paid = _collect(provider, sessionId);

        vm.assertEq(token.balanceOf(renter) + paid, 1000e6, "refund and pay");
        vm.assertEq(token.balanceOf(provider), paid, "provider's");
        vm.assertEq(renter.balance, etherBefore, "no ether");
        vm.assertEq(address(rental).balance, 24 * PRICE, "ether escrow");
        vm.assertEq(token.balanceOf(address(rental)), 0, "token escrow");
    }

    /// RENT-32: sessions in two tokens are not collected in one call.
    function test_revertsWhen_collectingTwoTokens() external {
        uint256[] memory sessionIds = new uint256[](2);
        sessionIds[0] = _runInToken(1);
        sessionIds[1] = _rent(providerId, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.OtherToken.selector, sessionIds[1], address(0), token)
        );
        rental.collect(sessionIds);
    }

    /// RENT-32: others than the caller are credited in the ledger, in the session's token.
    function test_creditsOthers() external {
        uint256 sessionId = _rentInToken(2);
        vm.prank(provider);
        rental.declineSession(sessionId, "full");
        vm.assertEq(_credit(renter), 2 * TOKEN_PRICE, "renter's credit");
        sessionId = _runInToken(2);
        skip(4 hours);
        _collect(stranger, sessionId);
        vm.assertEq(_credit(provider), 2 * TOKEN_PRICE, "provider's credit");
    }

    /// RENT-37: a receiver that the token blocks, by revert or by false, is credited in the ledger instead.
    function test_creditsABlockedReceiver(bool isSilent) external {
        uint256 sessionId = _runInToken(2);
        token.setBlocked(renter, true);
        token.setSilent(isSilent);
        skip(1 hours);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        vm.assertEq(_credit(renter), TOKEN_PRICE, "credit");
        vm.assertEq(rental.unpaidOf(renter, address(token)), 0, "nothing waits");
    }

    /// RENT-37: exploit: a token that lets nothing move blocks nobody's exit. What is due waits, and is paid once.
    function test_exploit_tokenThatRevertsBlocksExit(bool isSilent) external {
        uint256 sessionId = _runInToken(2);
        token.setPaused(true);
        token.setSilent(isSilent);
        skip(1 hours);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        skip(2 hours);
        _collect(stranger, sessionId);
        _assertWaits();
        vm.prank(provider);
        registry.unregister();

        token.setPaused(false);
        vm.startPrank(provider);
        rental.claimUnpaid(address(token), operator);
        vm.assertEq(token.balanceOf(operator), TOKEN_PRICE, "paid");
        vm.expectRevert(abi.encodeWithSelector(IPayer.NothingUnpaid.selector, provider, token));
        rental.claimUnpaid(address(token), operator);
        vm.stopPrank();
        vm.prank(renter);
        rental.claimUnpaid(address(token), renter);
        vm.assertEq(token.balanceOf(address(rental)), 0, "escrow");
    }

    /// RENT-37: a token that takes more than it is asked to harms nobody else's tokens, and blocks nobody's exit.
    function test_exploit_tokenThatTakesMore() external {
        _rentInToken(2);
        uint256 sessionId = _runInToken(2);
        token.setFees(0, 1);
        skip(1 hours);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        skip(1 hours);
        _collect(stranger, sessionId);
        _assertWaits();
        vm.assertEq(token.balanceOf(address(rental)), 4 * TOKEN_PRICE, "escrow");

        vm.expectRevert(
            abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, TOKEN_PRICE, TOKEN_PRICE + 1)
        );
        vm.prank(renter);
        rental.claimUnpaid(address(token), renter);
    }

    /// RENT-37: exploit: a token that burns all gas, or is no more, blocks nobody's exit.
    function test_exploit_tokenThatBurnsGasOrIsGone(bool isGone) external {
        uint256 sessionId = _runInToken(2);
        if (isGone) vm.etch(address(token), "");
        else token.setBurnsGas(true);
        skip(1 hours);
        vm.prank(renter);
        rental.terminateSession{gas: 16_000_000}(sessionId);
        skip(1 hours);
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = sessionId;
        rental.collect{gas: 16_000_000}(sessionIds);
        _assertWaits();
        vm.prank(provider);
        registry.unregister();
    }

    /// RENT-37: exploit: a token's answer of a megabyte costs its receiver the token's gas, and is not copied.
    function test_exploit_tokenThatAnswersMuch() external {
        uint256 sessionId = _runInToken(2);
        token.setAnswerLength(1 << 20);
        skip(1 hours);
        vm.prank(renter);
        rental.terminateSession{gas: 3_000_000}(sessionId);
        vm.assertEq(_credit(renter), TOKEN_PRICE, "credit");
    }

    /// RENT-37: only the contract itself pays out.
    function test_revertsWhen_anotherPaysOut() external {
        _rentInToken(2);
        vm.expectRevert(abi.encodeWithSelector(IPayer.OnlyItself.selector, stranger));
        vm.prank(stranger);
        rental.payOut(address(token), stranger, 1, true);
    }

    function _assertWaits() private view {
        vm.assertEq(rental.unpaidOf(renter, address(token)), TOKEN_PRICE, "renter's");
        vm.assertEq(rental.unpaidOf(provider, address(token)), TOKEN_PRICE, "provider's");
    }

    /// RENT-37: what the ledger was let take and did not is not paid twice.
    function test_exploit_allowanceThatRemains() external {
        uint256 sessionId = _runInToken(3);
        skip(2 hours);
        token.setBlocked(address(ledger), true);
        _collect(stranger, sessionId);
        vm.assertEq(rental.unpaidOf(provider, address(token)), TOKEN_PRICE, "waits");
        token.setBlocked(address(ledger), false);
        token.setApproveOnce(true);
        skip(1 hours);
        _collect(stranger, sessionId);
        vm.assertEq(_credit(provider), TOKEN_PRICE, "credit");
        vm.assertEq(rental.unpaidOf(provider, address(token)), TOKEN_PRICE, "and what waited");
        vm.assertEq(token.balanceOf(address(rental)), 2 * TOKEN_PRICE, "escrow");
    }

    /// RENT-23: a token that calls back cannot enter what pays.
    function test_exploit_reentrantToken() external {
        uint256 first = _runInToken(2);
        _runInToken(2);
        skip(4 hours);
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = first;
        token.setHook(provider, address(rental), abi.encodeCall(rental.collect, (sessionIds)));
        vm.assertEq(_collect(provider, first), 2 * TOKEN_PRICE, "paid");
        vm.assertFalse(token.hookSucceeded(), "the call back failed");
        vm.assertEq(token.balanceOf(address(rental)), 2 * TOKEN_PRICE, "the other session's");
    }

    /// RENT-38: a session in a token is extended in it, at its own price, while the provider takes it.
    function test_extendsInItsToken() external {
        uint256 sessionId = _runInToken(2);
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.WrongValue.selector, 1, 0));
        rental.extendSession{value: 1}(sessionId, 1);
        rental.extendSession(sessionId, 3);
        vm.stopPrank();
        vm.assertEq(rental.getSession(sessionId).deposit, 5 * TOKEN_PRICE, "deposit");
        vm.assertEq(token.balanceOf(address(rental)), 5 * TOKEN_PRICE, "escrow");

        vm.prank(provider);
        rental.setTokenPrice(address(token), TOKEN_PRICE + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.PriceRose.selector, TOKEN_PRICE, TOKEN_PRICE + 1)
        );
        vm.prank(renter);
        rental.extendSession(sessionId, 1);
    }

    /// RENT-31: nobody but the ledger sends ether without a call.
    function test_revertsWhen_etherComesUnasked() external {
        vm.prank(stranger);
        (bool ok, bytes memory answer) = address(rental).call{value: 1}("");
        vm.assertFalse(ok, "refused");
        vm.assertEq(
            answer, abi.encodeWithSelector(IComputeRental.EtherUnasked.selector, stranger), "with a reason"
        );
    }
}
