// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {TokenTest} from "./TokenTest.sol";

contract DepositTokenTest is TokenTest {
    /// LED-7: tokens deposited are the depositor's balance, or that of the account it names, apart from ether.
    function test_addsToTheBalance(uint256 amount) external {
        amount = bound(amount, 1, 500e6);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Deposited(renter, address(token), renter, amount);
        _depositToken(amount);
        vm.prank(renter);
        ledger.depositTokenFor(stranger, address(token), 1);

        vm.assertEq(_balance(renter), amount, "balance");
        vm.assertEq(_balance(stranger), 1, "the other's");
        vm.assertEq(token.balanceOf(address(ledger)), amount + 1, "held");
        vm.assertEq(ledger.getBalance(renter), 0, "no ether");
    }

    /// LED-8: a token that takes a fee, of what is sent or on top, is refused with the figures.
    function test_revertsWhen_tokenTakesAFee() external {
        token.setFees(1, 0);
        vm.expectRevert(abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, 10e6, 10e6 - 1));
        _depositToken(10e6);

        token.setFees(0, 0);
        _depositToken(10e6);
        token.setFees(0, 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, 5e6, 5e6 + 1));
        vm.prank(renter);
        ledger.withdrawToken(address(token), 5e6);
    }

    /// LED-8: what is no token is refused.
    function test_revertsWhen_thereIsNoToken() external {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.NotAToken.selector, address(0)));
        ledger.depositToken(address(0), 1);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        ledger.depositToken(stranger, 1);
        vm.expectRevert(ILedgerManager.NothingMoved.selector);
        ledger.depositToken(address(token), 0);
        vm.expectRevert(ILedgerManager.BalanceOfNobody.selector);
        ledger.depositTokenFor(address(0), address(token), 1);
    }

    /// LED-8: what comes in while a deposit is under way is not counted twice.
    function test_cannotBeReentered() external {
        bytes memory call = abi.encodeCall(ledger.depositToken, (address(token), 1));
        token.setHook(address(ledger), address(ledger), call);
        _depositToken(10e6);
        vm.assertFalse(token.hookSucceeded(), "the call back failed");
        vm.assertEq(token.balanceOf(address(ledger)), 10e6, "held");
    }

    /// LED-9: a permit is used; one that was used before, by whom it may, does no harm.
    function test_permitMayBeFrontRun(bool isFrontRun) external {
        uint256 deadline = block.timestamp + 1;
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                ),
                signer,
                address(ledger),
                7e6,
                0,
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), hash)));
        if (isFrontRun) {
            vm.prank(stranger);
            token.permit(signer, address(ledger), 7e6, deadline, v, r, s);
        }
        vm.prank(signer);
        ledger.depositTokenWithPermit(address(token), 7e6, ITokenPayments.Permit(7e6, deadline, v, r, s));
        vm.assertEq(_balance(signer), 7e6, "deposited");
    }

    /// LED-9: without an allowance a permit that fails is not enough.
    function test_revertsWhen_permitIsForged() external {
        vm.expectRevert();
        vm.prank(signer);
        ledger.depositTokenWithPermit(
            address(token), 7e6, ITokenPayments.Permit(7e6, block.timestamp, 27, 0, 0)
        );
    }

    /// LED-10: anyone submits an authorization, and it does what its signer said, once.
    function test_authorizationCreditsItsSigner() external {
        ITokenPayments.Authorization memory auth = _authorize(8e6);
        vm.prank(stranger);
        ledger.depositTokenWithAuthorization(signer, address(token), 8e6, auth);
        vm.assertEq(_balance(signer), 8e6, "the signer's");
        vm.assertEq(_balance(stranger), 0, "not the sender's");

        vm.expectRevert(bytes("used"));
        ledger.depositTokenWithAuthorization(signer, address(token), 8e6, auth);
    }

    /// LED-10: an authorization submitted with other parameters is worthless.
    function test_revertsWhen_authorizationIsForSomethingElse() external {
        ITokenPayments.Authorization memory auth = _authorize(8e6);
        vm.expectRevert(bytes("invalid signature"));
        ledger.depositTokenWithAuthorization(signer, address(token), 7e6, auth);
        vm.expectRevert(bytes("invalid signature"));
        ledger.depositTokenWithAuthorization(renter, address(token), 8e6, auth);
        auth.validBefore++;
        vm.expectRevert(bytes("invalid signature"));
        ledger.depositTokenWithAuthorization(signer, address(token), 8e6, auth);
    }
}
