// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedgerManager} from "../../src/compute/interfaces/ILedgerManager.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {TokenChannelTest} from "./TokenChannelTest.sol";

contract TopUpTest is TokenChannelTest {
    bytes32 internal constant ETHER_KEY = bytes32(0);

    function setUp() public override {
        super.setUp();
        currency = ETHER;
        vm.startPrank(user);
        ledger.deposit{value: 50 ether}();
        token.approve(address(ledger), type(uint256).max);
        ledger.depositToken(address(token), 500e6);
        vm.stopPrank();
    }

    /// INF-26: anyone pokes; credit below the threshold is topped up from the ledger, by what its owner set.
    function test_topsUpCredit() external {
        _setTopUp(ETHER_KEY, 1 ether, 3 ether, 10 ether);

        vm.expectEmit(address(ledger));
        emit ILedgerManager.Drawn(user, address(serving), ETHER, 3 ether);
        vm.prank(makeAddr("anyone"));
        serving.topUp(user, ETHER_KEY);

        vm.assertEq(serving.getBalance(user), 3 ether, "credit");
        vm.assertEq(ledger.getBalance(user), 47 ether, "ledger");
        _expectNotDue(user, ETHER_KEY, 3 ether, 1 ether);
        serving.topUp(user, ETHER_KEY);
    }

    /// INF-26: in a token likewise.
    function test_topsUpCreditInAToken() external {
        bytes32 key = bytes32(uint256(uint160(address(token))));
        vm.prank(user);
        ledger.setTopUpToken(address(serving), key, address(token), 10e6, 30e6, 100e6);

        serving.topUp(user, key);

        vm.assertEq(_balance(user), 30e6, "credit");
        vm.assertEq(_held(), 30e6, "held");
    }

    /// INF-26: a channel is topped up when little is left in it.
    function test_topsUpAChannel() external {
        _open(1 ether);
        bytes32 key = annex.topUpKeyOf(provider, ETHER, signer);
        _setTopUp(key, 0.5 ether, 2 ether, 10 ether);
        _expectNotDue(user, key, 1 ether, 0.5 ether);
        serving.topUp(user, key);

        _settle(_voucher(_tally(0, 0.6 ether, 10)));
        serving.topUp(user, key);

        vm.assertEq(_channel().deposit, 3 ether, "deposit");
    }

    /// INF-26: a channel in a token from the ledger's tokens.
    function test_topsUpAChannelInAToken() external {
        currency = address(token);
        _open(1e6);
        bytes32 key = annex.topUpKeyOf(provider, address(token), signer);
        vm.prank(user);
        ledger.setTopUpToken(address(serving), key, address(token), 10e6, 30e6, 100e6);

        serving.topUp(user, key);

        vm.assertEq(_channel().deposit, 31e6, "deposit");
    }

    /// INF-26: nothing is drawn that the account did not set, and never more than its day has left.
    function test_attack_drawsWhatNobodySet() external {
        _expectNotDue(user, ETHER_KEY, 0, 0);
        serving.topUp(user, ETHER_KEY);

        _setTopUp(ETHER_KEY, 100 ether, 3 ether, 4 ether);
        serving.topUp(user, ETHER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpExhausted.selector, user, serving, ETHER_KEY, 1 ether, 3 ether
            )
        );
        serving.topUp(user, ETHER_KEY);
    }

    /// INF-26: a top-up set for another account's channel, or in another currency, draws nothing.
    function test_attack_topUpOfAnothersChannel() external {
        _open(1 ether);
        bytes32 key = annex.topUpKeyOf(provider, ETHER, signer);
        address thief = makeAddr("thief");
        vm.prank(thief);
        ledger.setTopUp(address(serving), key, 5 ether, 1 ether, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SignerTaken.selector, signer, user));
        serving.topUp(thief, key);

        vm.prank(user);
        ledger.setTopUpToken(address(serving), key, address(token), 5e18, 1e6, 1e6);
        vm.expectRevert(
            abi.encodeWithSelector(ILedgerManager.TopUpInOtherToken.selector, user, serving, key, token)
        );
        serving.topUp(user, key);
    }

    /// INF-26: what a token settles while it pays for a top-up, of a balance or of a channel, is counted beside it.
    function test_attack_settlesWhileItTopsUp() external {
        currency = address(token);
        _open(100e6);
        bytes32[2] memory keys =
            [bytes32(uint256(uint160(currency))), annex.topUpKeyOf(provider, currency, signer)];
        token.mint(provider, 30e6);
        vm.startPrank(provider);
        token.approve(address(ledger), 30e6);
        ledger.setTopUpToken(address(serving), keys[0], currency, 10e6, 30e6, 30e6);
        vm.stopPrank();
        vm.prank(user);
        ledger.setTopUpToken(address(serving), keys[1], currency, 100e6, 50e6, 50e6);

        _enterBySettling(40e6);
        serving.topUp(provider, keys[0]);
        vm.assertEq(_balance(provider), 70e6, "settled and topped up");

        _enterBySettling(60e6);
        serving.topUp(user, keys[1]);
        vm.assertEq(_balance(provider), 90e6, "settled");
        vm.assertEq(_channel().deposit, 150e6, "topped up");
        vm.assertEq(_channel().claimed, 60e6, "claimed");
        vm.assertEq(_held(), 180e6, "held");
    }

    /// INF-26: a channel that is closed, or being closed, or whose key expired, takes none.
    function test_revertsWhen_theChannelTakesNoMoney() external {
        _open(1 ether);
        bytes32 key = annex.topUpKeyOf(provider, ETHER, signer);
        _setTopUp(key, 5 ether, 1 ether, 10 ether);
        _requestClose();
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRecords.ChannelClosing.selector, signer, provider, block.timestamp + 1 hours
            )
        );
        serving.topUp(user, key);

        skip(1 hours);
        serving.finalizeClose(provider, ETHER, signer);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.ChannelNotOpen.selector, signer, provider));
        serving.topUp(user, key);
        _open(1 ether);
        vm.warp(expiry);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SessionExpired.selector, signer, expiry));
        serving.topUp(user, key);
    }

    /// INF-26: a key that names nothing is refused.
    function test_revertsWhen_theKeyNamesNothing(uint96 number) external {
        vm.assume(number == 0 || number > 2);
        bytes32 key = bytes32((uint256(uint160(signer)) << 96) | number);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.UnknownTopUp.selector, key));
        serving.topUp(user, key);
    }

    function _setTopUp(bytes32 key, uint256 threshold, uint256 amount, uint256 perDay) private {
        vm.prank(user);
        ledger.setTopUp(address(serving), key, threshold, amount, perDay);
    }

    function _enterBySettling(uint256 amount) private {
        bytes memory packed = _voucher(_tally(0, amount, 10));
        token.setHook(
            address(serving), address(serving), abi.encodeCall(serving.settle, (provider, currency, packed))
        );
    }

    function _expectNotDue(address account, bytes32 key, uint256 left, uint256 threshold) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ILedgerManager.TopUpNotDue.selector, account, serving, key, left, threshold
            )
        );
    }
}
