// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {TestToken} from "../utils/TestToken.sol";
import {TokenChannelTest} from "./TokenChannelTest.sol";

contract TokenChannelsTest is TokenChannelTest {
    /// INF-13: in a token the free balance is spent first, and the rest is taken from the wallet.
    function test_takesTheRestFromTheWallet(uint256 before, uint256 amount) external {
        before = bound(before, 1, 400e6);
        amount = bound(amount, 1, 600e6);
        _depositToken(before);
        uint256 fromBalance = amount < before ? amount : before;

        bytes memory consent = _consent(signerKey, user, signer);
        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelFunded(user, signer, provider, address(token), amount, fromBalance);
        vm.prank(user);
        serving.openChannel(provider, address(token), amount, signer, CAP, expiry, consent);

        vm.assertEq(_channel().deposit, amount, "deposit");
        vm.assertEq(_balance(user), before - fromBalance, "free balance");
        vm.assertEq(_held(), before > amount ? before : amount, "held");
    }

    /// INF-13: ether sent along with a token's channel would be lost, and is refused.
    function test_revertsWhen_etherIsSent() external {
        bytes memory consent = _consent(signerKey, user, signer);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.EtherNotWanted.selector, 1));
        vm.prank(user);
        serving.openChannel{value: 1}(provider, address(token), 1e6, signer, CAP, expiry, consent);
    }

    /// INF-24: a channel in a token needs an offer in that token.
    function test_revertsWhen_providerDoesNotTakeTheToken() external {
        address other = address(new TestToken());
        bytes memory consent = _consent(signerKey, user, signer);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NothingOffered.selector, provider, other));
        vm.prank(user);
        serving.openChannel(provider, other, 1e6, signer, CAP, expiry, consent);
    }

    /// INF-5: vouchers credit the provider in the token, which it takes out.
    function test_settlesAndPaysOut() external {
        _open(100e6);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.TokenSettled(provider, address(token), 30e6);
        vm.assertEq(_settle(_voucher(_tally(0, 30e6, 500))), 30e6, "credited");
        vm.prank(provider);
        annex.withdrawToken(address(token), 30e6);

        vm.assertEq(token.balanceOf(provider), 30e6, "provider's wallet");
        vm.assertEq(serving.getBalance(provider), 0, "provider's ether");
    }

    /// INF-28: the provider has what vouchers bring paid out in the same call, to where it says.
    function test_settleAndWithdraw(uint256 amount) external {
        amount = bound(amount, 1, 100e6);
        _open(100e6);
        address to = makeAddr("cold wallet");
        bytes memory packed = _voucher(_tally(0, amount, 500));

        // Somebody else has no channel there, so nothing is paid.
        vm.assertEq(serving.settleAndWithdraw(address(token), packed, to), 0, "a stranger's");
        vm.startPrank(provider);
        vm.assertEq(serving.settleAndWithdraw(address(token), packed, to), amount, "paid");
        vm.assertEq(serving.settleAndWithdraw(address(token), packed, to), 0, "again");

        vm.assertEq(token.balanceOf(to), amount, "where it said");
        vm.assertEq(_balance(provider), 0, "past the balance");
        vm.assertEq(_held(), 100e6 - amount, "held");
    }

    /// INF-28: a payout that the token refuses settles nothing; settling alone does, and then the money waits.
    function test_payoutThatIsRefused() external {
        _open(100e6);
        token.setBlocked(provider, true);
        bytes memory packed = _voucher(_tally(0, 30e6, 500));

        vm.expectRevert();
        vm.prank(provider);
        serving.settleAndWithdraw(address(token), packed, provider);

        vm.assertEq(_settle(packed), 30e6, "credited");
        vm.assertEq(_balance(provider), 30e6, "provider's balance");
    }

    /// INF-8: a voucher in ether settled on a channel in a token is worth nothing, nor the other way round.
    function test_attack_etherVoucherOnATokenChannel() external {
        _open(100e6);
        currency = ETHER;
        _open(10 ether);
        bytes memory inEther = _voucher(_tally(0, 50e6, 1));
        currency = address(token);
        bytes memory inToken = _voucher(_tally(0, 60e6, 1));

        vm.assertEq(serving.settle(provider, address(token), inEther), 0, "ether's on the token's");
        vm.assertEq(serving.settle(provider, ETHER, inToken), 0, "the token's on ether's");
        vm.assertEq(serving.settle(provider, address(token), inToken), 60e6, "the token's");
        vm.assertEq(serving.settle(provider, ETHER, inEther), 50e6, "ether's");
    }

    /// INF-8: a voucher in one token is worth nothing in another, and so is an agreement to close.
    function test_attack_replayInAnotherToken() external {
        TestToken other = _secondToken();
        _open(100e6);
        bytes memory packed = _voucher(_tally(0, 50e6, 1));
        uint128 tally = _tally(0, 10e6, 1);
        bytes memory agreed = _closeSignature(providerKey, tally, block.timestamp);
        currency = address(other);
        _open(100e6);

        vm.assertEq(serving.settle(provider, address(other), packed), 0, "the voucher");
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidProviderSignature.selector, provider));
        vm.prank(user);
        serving.closeChannel(provider, address(other), signer, tally, block.timestamp, agreed);
    }

    /// INF-11: a close refunds in the token, and calls no token, so none can block it.
    function test_closesWhileTheTokenIsPaused() external {
        _open(100e6);
        uint128 tally = _tally(0, 40e6, 100);
        token.setPaused(true);

        bytes memory signature = _closeSignature(operatorKey, tally, block.timestamp);
        vm.prank(user);
        serving.closeChannel(provider, address(token), signer, tally, block.timestamp, signature);

        vm.assertEq(_balance(user), 60e6, "user's");
        vm.assertEq(_balance(provider), 40e6, "provider's");
    }

    /// INF-10: without the provider too.
    function test_closesUnilaterally() external {
        _open(100e6);
        _settle(_voucher(_tally(0, 10e6, 10)));
        token.setPaused(true);
        _closeUnilaterally();
        vm.assertEq(_balance(user), 90e6, "user's");
    }

    /// INF-1: a token that loses what was deposited harms its own balances, and neither another token nor ether.
    function test_attack_aTokensFaultStaysItsOwn() external {
        TestToken other = _secondToken();
        _depositToken(100e6);
        vm.startPrank(user);
        annex.depositToken(address(other), 100e6);
        serving.deposit{value: 1 ether}();
        token.drain(address(serving), 100e6);

        vm.expectRevert();
        annex.withdrawToken(address(token), 1);
        annex.withdrawToken(address(other), 100e6);
        serving.withdraw(1 ether);

        vm.assertEq(other.balanceOf(user), 1000e6, "the other token");
        vm.assertEq(user.balance, PURSE, "ether");
    }

    /// INF-17: a meter in a token is charged at the prices posted in it, and closed with what is left.
    function test_metersInATokenChargeItsPrices() external {
        vm.prank(user);
        serving.openMeter(provider, address(token), 100e6);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NoMeter.selector, user, provider));
        vm.prank(provider);
        serving.recordUsage(user, 1, 1, MODEL);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.TokenUsageRecorded(
            user, provider, address(token), MODEL, 2_000_000, 500_000, 3e6
        );
        vm.prank(operator);
        serving.recordTokenUsage(provider, address(token), user, 2_000_000, 500_000, MODEL);
        vm.assertEq(_balance(provider), 3e6, "provider's");

        vm.startPrank(user);
        serving.closeMeter(provider, address(token));
        skip(1 hours);
        serving.finalizeMeter(provider, address(token));
        vm.assertEq(_balance(user), 97e6, "user's");
    }

    /// INF-19: nobody else records usage of a meter in a token.
    function test_revertsWhen_aStrangerRecords() external {
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.NotProviderOrOperator.selector, provider, user)
        );
        vm.prank(user);
        serving.recordTokenUsage(provider, address(token), user, 1, 1, MODEL);
    }

    /// INF-14: usage is counted by currency, and each channel is listed with its own.
    function test_usageByCurrency() external {
        _open(100e6);
        _settle(_voucher(_tally(0, 30e6, 500)));
        currency = ETHER;
        _open(1 ether);
        _settle(_voucher(_tally(0, 0.1 ether, 70)));

        (uint256 tokens, uint256 cost) = serving.getTokenUsage(user, address(token));
        vm.assertEq(tokens, 500, "tokens for dollars");
        vm.assertEq(cost, 30e6, "dollars");
        (tokens, cost) = serving.getUsage(user);
        vm.assertEq(tokens, 70, "tokens for ether");
        vm.assertEq(cost, 0.1 ether, "ether");
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, 10);
        vm.assertEq(entries.length, 2, "channels");
        vm.assertEq(entries[0].token, ETHER, "the newest is in ether");
        vm.assertEq(entries[1].token, address(token), "the first in dollars");
        vm.assertEq(entries[1].channel.claimed, 30e6, "its claimed");
    }

    /// INF-24: a provider's prices and windows in a token are of their own, by the same rules as in ether.
    function test_pricesInATokenAreOfTheirOwn() external {
        vm.startPrank(provider);
        annex.setTokenModel(address(token), MODEL, 3e6, 1e6);
        annex.setTokenCloseWindow(address(token), 12);
        vm.stopPrank();

        (IInferenceRecords.ModelEntry memory entry, bool exists) =
            annex.tokenModelOf(provider, address(token), MODEL);
        vm.assertTrue(exists, "exists");
        vm.assertEq(entry.inputPrice, 1e6, "input, not yet risen");
        vm.assertEq(entry.nextInputPrice, 3e6, "next input");
        vm.assertEq(entry.outputPrice, 1e6, "output, fallen");
        vm.assertEq(entry.effectiveAt, block.timestamp + 1 hours, "effective");
        (uint256 inputPrice,,,,,) = serving.modelOf(provider, MODEL);
        vm.assertEq(inputPrice, 0.001 ether, "in ether as before");
        (IInferenceRecords.ModelEntry[] memory models,) = annex.tokenModelsOf(provider, address(token), 0, 10);
        vm.assertEq(models.length, 1, "one model");
        _open(1e6);
        vm.assertEq(_channel().closeWindow, 12, "window");
    }

    function _secondToken() private returns (TestToken other) {
        other = new TestToken();
        other.mint(user, 1000e6);
        _offerIn(provider, address(other));
        vm.prank(user);
        other.approve(address(serving), type(uint256).max);
    }
}
