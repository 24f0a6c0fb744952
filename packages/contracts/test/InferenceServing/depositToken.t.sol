// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {TokenChannelTest} from "./TokenChannelTest.sol";

contract DepositTokenTest is TokenChannelTest {
    address internal stranger = makeAddr("stranger");

    /// INF-22: what arrives is counted to the wei, and leaves to its account alone, to where it says.
    function test_comesAndLeaves(uint256 amount, uint256 part) external {
        amount = bound(amount, 2, 1000e6);
        part = bound(part, 1, amount - 1);
        _depositToken(amount);
        vm.assertEq(_balance(user), amount, "deposited");

        vm.startPrank(user);
        annex.withdrawToken(address(token), part);
        annex.withdrawTokenTo(address(token), amount - part, stranger);

        vm.assertEq(token.balanceOf(user), 1000e6 - amount + part, "user's wallet");
        vm.assertEq(token.balanceOf(stranger), amount - part, "where the user said");
        vm.assertEq(_held(), 0, "nothing is left");
    }

    /// INF-22: anybody pays in for an account, and nobody else takes it out.
    function test_depositFor() external {
        vm.prank(user);
        annex.depositTokenFor(stranger, address(token), 5e6);
        vm.assertEq(_balance(stranger), 5e6, "stranger's");

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InsufficientBalance.selector, user, 0, 1));
        vm.prank(user);
        annex.withdrawToken(address(token), 1);
    }

    /// INF-22: a token that takes a fee, of receiver or sender, is refused.
    function test_revertsWhen_tokenTakesAFee() external {
        token.setFees(1, 0);
        vm.expectRevert(abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, 10e6, 10e6 - 1));
        _depositToken(10e6);

        token.setFees(0, 0);
        _depositToken(10e6);
        token.setFees(0, 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, 5e6, 5e6 + 1));
        vm.prank(user);
        annex.withdrawToken(address(token), 5e6);
    }

    /// INF-22: a token that refuses, or says no, moves no balance; once it is well again, all is there.
    function test_revertsWhen_tokenRefuses(bool isSilent) external {
        _depositToken(10e6);
        token.setSilent(isSilent);
        token.setPaused(true);

        vm.expectRevert(SafeTransferLib.TransferFailed.selector);
        vm.prank(user);
        annex.withdrawToken(address(token), 10e6);
        vm.assertEq(_balance(user), 10e6, "user's balance");

        token.setPaused(false);
        vm.prank(user);
        annex.withdrawToken(address(token), 10e6);
    }

    /// INF-22: nothing, ether, and what is no token are no deposit.
    function test_revertsWhen_itIsNoToken() external {
        vm.startPrank(user);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotAToken.selector, ETHER));
        annex.depositToken(ETHER, 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotAToken.selector, ETHER));
        annex.withdrawToken(ETHER, 1);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        annex.depositToken(stranger, 1);
        vm.expectRevert(IInferenceRecords.ZeroAmount.selector);
        annex.depositToken(address(token), 0);
        vm.expectRevert(IInferenceRecords.ZeroAddress.selector);
        annex.depositTokenFor(address(0), address(token), 1);
    }

    /// INF-22: what comes in while a deposit is under way is not counted twice, whatever the token calls.
    function test_attack_reentrantToken(uint8 which) external {
        bytes[3] memory calls = [
            abi.encodeCall(annex.depositToken, (address(token), 1)),
            abi.encodeCall(annex.withdrawToken, (address(token), 1)),
            abi.encodeCall(serving.topUp, (user, bytes32(uint256(uint160(address(token))))))
        ];
        token.setHook(address(serving), address(serving), calls[which % 3]);

        _depositToken(10e6);

        vm.assertFalse(token.hookSucceeded(), "the call back failed");
        vm.assertEq(_held(), 10e6, "held");
        vm.assertEq(_balance(user), 10e6, "user's balance");
    }

    /// INF-23: a permit is used; one that was used before, by whomever, does no harm.
    function test_attack_permitFrontRun(bool isFrontRun) external {
        vm.prank(user);
        token.approve(address(serving), 0);
        ITokenPayments.Permit memory permit = _permit(userKey, 7e6);
        if (isFrontRun) {
            vm.prank(stranger);
            token.permit(user, address(serving), 7e6, permit.deadline, permit.v, permit.r, permit.s);
        }

        vm.prank(user);
        annex.depositTokenWithPermit(address(token), 7e6, permit);

        vm.assertEq(_balance(user), 7e6, "deposited");
    }

    /// INF-23: anyone submits an authorization, and it does what its signer said, once.
    function test_authorizationCreditsItsSigner() external {
        bytes32 nonce = keccak256(abi.encode("depositToken", user, token, 8e6));
        ITokenPayments.Authorization memory auth = _authorize(userKey, 8e6, nonce);

        vm.prank(stranger);
        annex.depositTokenWithAuthorization(user, address(token), 8e6, auth);

        vm.assertEq(_balance(user), 8e6, "signer's");
        vm.assertEq(_balance(stranger), 0, "submitter's");
        vm.expectRevert(bytes("used"));
        annex.depositTokenWithAuthorization(user, address(token), 8e6, auth);
    }

    /// INF-23: an EIP-3009 authorization submitted with other parameters is worthless.
    function test_attack_authorizationWithOtherParameters() external {
        bytes32 nonce = keccak256(abi.encode("depositToken", user, token, 8e6));
        ITokenPayments.Authorization memory auth = _authorize(userKey, 8e6, nonce);

        vm.startPrank(stranger);
        vm.expectRevert(bytes("invalid signature"));
        annex.depositTokenWithAuthorization(stranger, address(token), 8e6, auth);
        vm.expectRevert(bytes("invalid signature"));
        annex.depositTokenWithAuthorization(user, address(token), 8e6 - 1, auth);
        // Straight to the token, it pays nobody: only its receiver may submit it there.
        vm.expectRevert(bytes("caller must be the payee"));
        token.receiveWithAuthorization(
            user, address(serving), 8e6, 0, auth.validBefore, nonce, auth.v, auth.r, auth.s
        );
    }

    /// INF-29: where the annex stands it takes no money and makes no offers.
    function test_annexAloneTakesNothing() external {
        address alone = serving.ANNEX();
        (bool done,) = alone.call(abi.encodeCall(annex.depositToken, (address(token), 1)));
        vm.assertFalse(done, "depositToken");
        vm.prank(provider);
        (done,) = alone.call(abi.encodeCall(annex.setTokenModel, (address(token), MODEL, 1, 1)));
        vm.assertFalse(done, "setTokenModel");
        vm.prank(provider);
        (done,) = alone.call(abi.encodeCall(annex.setTokenCloseWindow, (address(token), 1)));
        vm.assertFalse(done, "setTokenCloseWindow");
        (done,) = alone.call(abi.encodeCall(serving.topUp, (user, 0)));
        vm.assertFalse(done, "topUp");
        (done,) = alone.call{value: 1}("");
        vm.assertFalse(done, "ether");
    }

    /// INF-29: a function that is nobody's reverts, and ether comes in by the functions that count it alone.
    function test_unknownCallsRevert() external {
        vm.prank(user);
        (bool done,) = address(serving).call{value: 1}("");
        vm.assertFalse(done, "ether alone");
        vm.prank(user);
        (done,) = address(serving).call{value: 1}(abi.encodeCall(annex.depositToken, (address(token), 1)));
        vm.assertFalse(done, "ether to a function for tokens");
        (done,) = address(serving).call(abi.encodePacked(bytes4(keccak256("nobody's()"))));
        vm.assertFalse(done, "nobody's");
    }
}
