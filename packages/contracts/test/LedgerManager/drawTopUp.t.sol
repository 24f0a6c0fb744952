// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {Refuser} from "../utils/Refuser.sol";
import {TokenTest} from "./TokenTest.sol";

contract DrawTopUpTest is TokenTest {
    Refuser private service;

    function setUp() public override {
        super.setUp();
        service = new Refuser();
        service.setMood(Refuser.Mood.Accept);
        vm.startPrank(renter);
        ledger.deposit{value: 100 ether}();
        ledger.setTopUp(address(service), "key", 1 ether, 2 ether, 10 ether);
        vm.stopPrank();
    }

    function _draw(uint256 amount) private {
        vm.prank(address(service));
        ledger.drawTopUp(renter, "key", amount);
    }

    function _left() private view returns (uint256) {
        return ledger.topUpOf(renter, address(service), "key").left;
    }

    /// LED-12: a service draws by the account's top-up, within what is left of the day; it fills up steadily.
    function test_refillsSteadily(uint256 time) external {
        time = bound(time, 0, 3 days);
        _draw(10 ether);
        vm.assertEq(address(service).balance, 10 ether, "drawn");
        vm.assertEq(ledger.spentOn(renter, address(service), address(0)), 0, "not by allowance");
        vm.assertEq(_left(), 0, "nothing is left");
        skip(time);
        uint256 left = time > 1 days ? 10 ether : 10 ether * time / 1 days;
        vm.assertEq(_left(), left, "a part of the day");

        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpExhausted.selector, renter, service, bytes32("key"), left, left + 1
            )
        );
        _draw(left + 1);
    }

    /// LED-12: over any time, no more than a day's amount and its share of that time is drawn.
    function test_neverExceedsItsRate(uint256[16] memory waits) external {
        uint256 start = block.timestamp;
        uint256 drawn = 0;
        for (uint256 i = 0; i < waits.length; i++) {
            skip(waits[i] % 6 hours);
            uint256 left = _left();
            if (left == 0) continue;
            _draw(left);
            drawn += left;
        }
        vm.assertLe(drawn, 10 ether + 10 ether * (block.timestamp - start) / 1 days, "drawn in all");
    }

    /// LED-13: top-up is off unless set, for one key of one service, and goes off at once.
    function test_isOffUnlessSet() external {
        vm.expectRevert();
        vm.prank(stranger);
        ledger.drawTopUp(renter, "key", 1);
        vm.expectRevert();
        vm.prank(address(service));
        ledger.drawTopUp(renter, "other", 1);

        vm.prank(renter);
        ledger.setTopUp(address(service), "key", 0, 0, 0);
        vm.expectRevert();
        _draw(1);
    }

    /// LED-13: what was set is given back to the unit, whatever was set before it.
    function test_keepsItsFigures(uint96[3] memory before, uint96[3] memory figures, uint8 tokens) external {
        address[2] memory coins = [address(0), address(token)];
        vm.startPrank(renter);
        for (uint256 i = 0; i < 2; i++) {
            (uint256 threshold, uint256 perDay) = (figures[0], figures[2]);
            uint256 amount = perDay == 0 ? figures[1] : bound(figures[1], 1, perDay);
            ledger.setTopUpToken(address(service), "key", coins[tokens >> i & 1], threshold, amount, perDay);
            ILedgerManager.TopUp memory topUp = ledger.topUpOf(renter, address(service), "key");
            vm.assertEq(topUp.token, coins[tokens >> i & 1], "token");
            vm.assertEq(topUp.threshold, threshold, "threshold");
            vm.assertEq(topUp.amount, amount, "amount");
            vm.assertEq(topUp.perDay, perDay, "perDay");
            vm.assertEq(topUp.left, perDay, "left");
            figures = before;
        }
    }

    /// LED-17: by one call a service draws the amount that was set, where what it has is below the threshold.
    function test_drawsWhenDue() external {
        vm.prank(address(service));
        vm.assertEq(ledger.drawDue(renter, "key", address(0), 1 ether - 1), 2 ether, "amount");
        vm.assertEq(address(service).balance, 2 ether, "drawn");
        vm.assertEq(ledger.getBalance(renter), 98 ether, "balance");
        vm.assertEq(_left(), 8 ether, "left");

        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpNotDue.selector, renter, service, bytes32("key"), 1 ether, 1 ether
            )
        );
        vm.prank(address(service));
        ledger.drawDue(renter, "key", address(0), 1 ether);
    }

    /// LED-17: another than the service that was named draws nothing, whatever it says is left; nor does that one more than the day.
    function test_attack_saysThatItIsDue() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpNotDue.selector, renter, stranger, bytes32("key"), 0, 0
            )
        );
        vm.prank(stranger);
        ledger.drawDue(renter, "key", address(0), 0);

        vm.startPrank(address(service));
        for (uint256 i = 0; i < 5; ++i) {
            ledger.drawDue(renter, "key", address(0), 0);
        }
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpExhausted.selector, renter, service, bytes32("key"), 0, 2 ether
            )
        );
        ledger.drawDue(renter, "key", address(0), 0);
        vm.assertEq(ledger.getBalance(renter), 90 ether, "no more than the day");
    }

    /// LED-17: a token that is asked for what is short draws nothing more meanwhile.
    function test_attack_entersWhileItIsDue() external {
        vm.prank(renter);
        ledger.setTopUpToken(address(token), "key", address(token), 1, 5e6, 10e6);
        bytes memory again = abi.encodeCall(ledger.drawDue, (renter, "key", address(token), 0));
        token.setHook(address(ledger), address(ledger), again);

        vm.prank(address(token));
        ledger.drawDue(renter, "key", address(token), 0);

        vm.assertFalse(token.hookSucceeded(), "the call back failed");
        vm.assertEq(token.balanceOf(renter), 995e6, "drawn once");
        vm.assertEq(ledger.topUpOf(renter, address(token), "key").left, 5e6, "left of the day");
    }

    /// LED-17: a service that would fill a place in another currency draws nothing.
    function test_revertsWhen_dueInAnotherCurrency() external {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpInOtherToken.selector, renter, service, bytes32("key"), address(0)
            )
        );
        vm.prank(address(service));
        ledger.drawDue(renter, "key", address(token), 0);
    }

    /// LED-13: a top-up draws the currency it was set for.
    function test_drawsItsToken() external {
        _depositToken(50e6);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.TopUpSet(renter, address(service), "key", address(token), 1e6, 2e6, 3e6);
        vm.prank(renter);
        ledger.setTopUpToken(address(service), "key", address(token), 1e6, 2e6, 3e6);
        _draw(3e6);
        vm.assertEq(token.balanceOf(address(service)), 3e6, "tokens");
        vm.assertEq(address(service).balance, 0, "no ether");
    }

    /// LED-15: what a balance in a token is short of comes out of the wallet, as far as it approved, and no more than the day has.
    function test_takesTheRestFromTheWallet() external {
        _depositToken(2e6);
        vm.startPrank(renter);
        ledger.setTopUpToken(address(service), "key", address(token), 1e6, 5e6, 5e6);
        token.approve(address(ledger), 4e6);
        vm.stopPrank();
        uint256 wallet = token.balanceOf(renter);
        vm.expectEmit(address(ledger));
        emit ILedgerManager.Deposited(renter, address(token), renter, 3e6);
        _draw(5e6);
        vm.assertEq(token.balanceOf(address(service)), 5e6, "drawn");
        vm.assertEq(token.balanceOf(renter), wallet - 3e6, "from the wallet");
        vm.assertEq(_balance(renter), 0, "balance");

        skip(1 days);
        vm.expectRevert(SafeTransferLib.TransferFromFailed.selector);
        _draw(5e6);
    }

    /// LED-15: a wallet that set no top-up, or one in ether, gives nothing, whatever it approved.
    function test_takesNothingFromOtherWallets() external {
        vm.startPrank(renter);
        ledger.withdraw(100 ether);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.BalanceTooLow.selector, renter, 0, 1));
        _draw(1);
        vm.prank(stranger);
        vm.expectRevert();
        ledger.drawTopUp(renter, "key", 1);
    }

    /// LED-13: figures that do not fit, or a day that has no room for one top-up, are refused.
    function test_revertsWhen_figuresMakeNoSense() external {
        vm.startPrank(renter);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.TopUpOutOfRange.selector, 1, 3, 2));
        ledger.setTopUp(address(service), "key", 1, 3, 2);
        vm.expectRevert(abi.encodeWithSelector(ILedgerManager.TopUpOutOfRange.selector, 1 << 96, 1, 2));
        ledger.setTopUp(address(service), "key", 1 << 96, 1, 2);
    }
}
