// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {TokenRentalTest} from "./TokenRentalTest.sol";

contract CreateSessionForTest is TokenRentalTest {
    /// RENT-30: all choices of an order are on record.
    function test_keepsTheOrder() external {
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionOrdered(1, address(token), IMAGE, "data");
        uint256 sessionId = _rentInToken(24);
        IComputeRental.Order memory order = rental.orderOf(sessionId);
        vm.assertEq(order.token, address(token), "token");
        vm.assertEq(order.image, IMAGE, "image");
        vm.assertEq(order.dataHash, "data", "data");
        IComputeRental.Session memory session = rental.getSession(sessionId);
        vm.assertEq(session.renter, renter, "renter");
        vm.assertEq(session.deposit, 24 * TOKEN_PRICE, "deposit");
        vm.assertEq(session.sshPublicKey, ED25519_KEY, "key");
    }

    /// RENT-30: a long image or a price above the order's limit is refused.
    function test_revertsWhen_orderIsOutOfBounds() external {
        string memory long = string(new bytes(257));
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ImageTooLong.selector, 257, 256));
        rental.createSessionFor(providerId, 1, ED25519_KEY, address(token), long, 0, 5e6);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.PriceAboveLimit.selector, 5e6, 5e6 - 1));
        rental.createSessionFor(providerId, 1, ED25519_KEY, address(token), "", 0, 5e6 - 1);
    }

    /// RENT-31: ether comes from the value sent and then from the caller's own ledger balance.
    function test_drawsEtherFromTheLedger(uint256 sent) external {
        sent = bound(sent, 0, PRICE);
        vm.startPrank(renter);
        ledger.deposit{value: 1 ether}();
        ledger.allow(address(rental), address(0), 1 ether);
        rental.createSessionFor{value: sent}(providerId, 1, ED25519_KEY, address(0), "", 0, PRICE);
        vm.assertEq(ledger.getBalance(renter), 1 ether - (PRICE - sent), "drawn");
        vm.assertEq(address(rental).balance, PRICE, "escrow");

        vm.expectRevert(abi.encodeWithSelector(IComputeRental.WrongValue.selector, PRICE + 1, PRICE));
        rental.createSessionFor{value: PRICE + 1}(providerId, 1, ED25519_KEY, address(0), "", 0, PRICE);
    }

    /// RENT-31: exploit: nobody spends another's ledger allowance through a session.
    function test_exploit_strangerSpendsAnothersAllowance() external {
        vm.startPrank(renter);
        ledger.deposit{value: 1 ether}();
        ledger.allow(address(rental), address(0), 1 ether);
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(ILedgerManager.AllowanceTooLow.selector, stranger, rental, 0, PRICE)
        );
        vm.prank(stranger);
        rental.createSessionFor(providerId, 1, ED25519_KEY, address(0), "", 0, PRICE);
    }

    /// RENT-31: tokens come from what the ledger holds and was allowed, then from the wallet.
    function test_takesTokensFromLedgerThenWallet(uint256 inLedger, uint256 allowed) external {
        inLedger = bound(inLedger, 1, 10e6);
        allowed = bound(allowed, 0, 10e6);
        vm.startPrank(renter);
        token.approve(address(ledger), inLedger);
        ledger.depositToken(address(token), inLedger);
        ledger.allow(address(rental), address(token), allowed);
        vm.stopPrank();
        _rentInToken(1);
        uint256 drawn = allowed < inLedger ? allowed : inLedger;
        if (drawn > TOKEN_PRICE) drawn = TOKEN_PRICE;
        vm.assertEq(ledger.getTokenBalance(renter, address(token)), inLedger - drawn, "ledger");
        vm.assertEq(token.balanceOf(renter), 1000e6 - inLedger - (TOKEN_PRICE - drawn), "wallet");
        vm.assertEq(token.balanceOf(address(rental)), TOKEN_PRICE, "escrow");
    }

    /// RENT-32: exploit: ether sent with a token session is refused, and a token without a price too.
    function test_exploit_mixingCurrencies() external {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.WrongValue.selector, 1, 0));
        rental.createSessionFor{value: 1}(providerId, 1, ED25519_KEY, address(token), "", 0, 5e6);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.TokenNotAccepted.selector, providerId, stranger)
        );
        rental.createSessionFor(providerId, 1, ED25519_KEY, stranger, "", 0, 5e6);
    }

    /// RENT-33: a token that takes a fee is refused, from the wallet and from the ledger.
    function test_revertsWhen_tokenTakesAFee() external {
        token.setFees(1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ITokenPayments.TokenNotExact.selector, token, TOKEN_PRICE, TOKEN_PRICE - 1)
        );
        _rentInToken(1);
    }

    /// RENT-34: only its owner prices a provider in tokens; 0 takes the price away, and sessions keep theirs.
    function test_tokenPriceIsTheOwners() external {
        uint256 sessionId = _rentInToken(1);
        vm.expectEmit(address(rental));
        emit IComputeRental.TokenPriceSet(providerId, address(token), 0);
        vm.prank(provider);
        rental.setTokenPrice(address(token), 0);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.TokenNotAccepted.selector, providerId, token));
        _rentInToken(1);
        vm.assertEq(rental.sessionDetails(sessionId).pricePerHour, TOKEN_PRICE, "its own price");

        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotAProvider.selector, stranger));
        vm.prank(stranger);
        rental.setTokenPrice(address(token), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.PriceOutOfRange.selector, 1 << 80, type(uint80).max)
        );
        vm.prank(provider);
        rental.setTokenPrice(address(token), 1 << 80);
    }
}
