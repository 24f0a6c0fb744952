// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract RecordUsageTest is InferenceTest {
    /// INF-17: it charges the posted price, rounded down, and counts the tokens.
    function test_chargesThePostedPrice(uint32 input, uint32 output) external {
        _openMeter(PURSE);
        uint256 cost = (uint256(input) * 0.001 ether + uint256(output) * 0.002 ether) / 1_000_000;

        vm.expectEmit(address(serving));
        emit IInferenceRecords.UsageRecorded(user, provider, MODEL, input, output, cost);
        vm.prank(provider);
        serving.recordUsage(user, input, output, MODEL);

        vm.assertEq(serving.getBalance(provider), cost, "provider's");
        vm.assertEq(_meter().claimed, cost, "claimed");
        vm.assertEq(_meter().tokens, uint256(input) + output, "tokens");
        (uint256 tokens, uint256 spent) = serving.getUsage(user);
        vm.assertEq(tokens, uint256(input) + output, "usage in tokens");
        vm.assertEq(spent, cost, "usage in wei");
    }

    /// INF-17: what costs less than a wei costs nothing.
    function test_roundsDown() external {
        _openMeter(1 ether);
        vm.startPrank(provider);
        serving.setModel("cheap", 999_999, 1);
        serving.recordUsage(user, 1, 0, "cheap");
        vm.assertEq(serving.getBalance(provider), 0, "less than a wei");
        serving.recordUsage(user, 1, 1, "cheap");
        vm.assertEq(serving.getBalance(provider), 1, "a wei");
    }

    /// INF-17: nobody is charged who opened no meter, and the error says so.
    function test_revertsWhen_thereIsNoMeter() external {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NoMeter.selector, user, provider));
        _record(1, 1, MODEL);
    }

    /// INF-17: a balance and a channel are no meter.
    function test_attack_chargeWithoutConsent() external {
        _open(10 ether);
        vm.prank(user);
        serving.deposit{value: 10 ether}();

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NoMeter.selector, user, provider));
        _record(1, 1, MODEL);
    }

    /// INF-17: a model without a price cannot be charged.
    function test_revertsWhen_modelIsUnknown() external {
        _openMeter(1 ether);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.UnknownModel.selector, provider, "gpt"));
        _record(1, 1, "gpt");
    }

    /// INF-17: never more than what is left on the meter.
    function test_revertsWhen_meterIsExhausted() external {
        _openMeter(0.001 ether);
        _record(400_000, 0, MODEL);

        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceRecords.MeterExhausted.selector, user, provider, 0.0006 ether, 0.000_601 ether
            )
        );
        _record(601_000, 0, MODEL);
        _record(600_000, 0, MODEL);
        vm.assertEq(serving.getBalance(provider), 0.001 ether, "provider's");
        vm.assertEq(_meter().tokens, 1_000_000, "tokens of both");
    }

    /// INF-17: a meter counts no more than 2^40 - 1 tokens, and says so rather than wrapping.
    function test_revertsWhen_tokensAreTooMany(uint256 input, uint256 output) external {
        vm.prank(provider);
        serving.setModel("free", 0, 0);
        _openMeter(1 ether);
        _record(1, 0, "free");
        bool fits = input < 2 ** 40 - 1 && output < 2 ** 40 - 1 && input + output < 2 ** 40 - 1;

        if (!fits) {
            vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.UsageTooLarge.selector, input, output));
        }
        _record(input, output, "free");
    }

    /// INF-15: what was used before a rise, and is recorded within the hour, costs the old price.
    function test_attack_raiseThePriceBeforeRecording() external {
        _openMeter(10 ether);
        vm.prank(provider);
        serving.setModel(MODEL, 5 ether, 5 ether);

        _record(1_000_000, 0, MODEL);

        vm.assertEq(serving.getBalance(provider), 0.001 ether, "provider's");
    }

    /// INF-19: the provider's operator records for it, and nobody else.
    function test_operatorRecords(address caller) external {
        vm.assume(caller != provider && caller != operator);
        _openMeter(1 ether);

        vm.prank(operator);
        serving.recordUsageFor(provider, user, 1_000_000, 0, MODEL);
        vm.assertEq(serving.getBalance(provider), 0.001 ether, "provider's");
        vm.assertEq(serving.getBalance(operator), 0, "operator's");

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.NotProviderOrOperator.selector, provider, caller)
        );
        vm.prank(caller);
        serving.recordUsageFor(provider, user, 1, 1, MODEL);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NoMeter.selector, user, caller));
        vm.prank(caller);
        serving.recordUsage(user, 1, 1, MODEL);
    }

    /// INF-18: usage counts until the notice is over, and then no more.
    function test_countsUntilTheNoticeIsOver(uint256 elapsed) external {
        _openMeter(1 ether);
        vm.prank(user);
        serving.closeMeter(provider, ETHER);
        uint256 closeAt = block.timestamp + 1 hours;
        skip(bound(elapsed, 0, 1 hours - 1));
        _record(1_000_000, 0, MODEL);

        vm.warp(closeAt);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.MeterClosed.selector, user, provider, closeAt)
        );
        _record(1, 0, MODEL);
    }

    /// INF-18: after it the rest is the user's, who may open the meter again.
    function test_finalizeRefunds(uint256 amount) external {
        amount = bound(amount, 0.001 ether, PURSE / 2);
        _openMeter(amount);
        _record(1_000_000, 0, MODEL);
        vm.startPrank(user);
        serving.closeMeter(provider, ETHER);
        skip(1 hours);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.MeterClosedOut(user, provider, ETHER, amount - 0.001 ether);
        serving.finalizeMeter(provider, ETHER);
        vm.stopPrank();

        vm.assertEq(serving.getBalance(user), amount - 0.001 ether, "user's");
        _openMeter(1 ether);
        vm.assertEq(_meter().deposit - _meter().claimed, 1 ether, "opened again");
        vm.assertEq(_meter().tokens, 1_000_000, "tokens of its life");
    }

    /// INF-18: not before, not unasked, not twice, and it takes no money meanwhile.
    function test_revertsWhen_closingIsOff() external {
        bytes memory none = abi.encodeWithSelector(IInferenceRecords.NoMeter.selector, user, provider);
        vm.startPrank(user);
        vm.expectRevert(none);
        serving.closeMeter(provider, ETHER);
        vm.expectRevert(none);
        serving.finalizeMeter(provider, ETHER);

        serving.openMeter{value: 1 ether}(provider, ETHER, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.CloseNotRequested.selector, user, provider));
        serving.finalizeMeter(provider, ETHER);

        serving.closeMeter(provider, ETHER);
        uint256 closeAt = block.timestamp + 1 hours;
        bytes memory closing =
            abi.encodeWithSelector(IInferenceRecords.ChannelClosing.selector, user, provider, closeAt);
        vm.expectRevert(closing);
        serving.closeMeter(provider, ETHER);
        vm.expectRevert(closing);
        serving.openMeter{value: 1 ether}(provider, ETHER, 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.CloseWindowOpen.selector, closeAt, block.timestamp)
        );
        serving.finalizeMeter(provider, ETHER);
    }

    /// INF-8: a voucher signed by the user's own key does not reach his meter.
    function test_attack_voucherAgainstMeter() external {
        (address owner, uint256 secret) = makeAddrAndKey("owner");
        vm.deal(owner, 1 ether);
        vm.prank(owner);
        serving.openMeter{value: 1 ether}(provider, ETHER, 1 ether);

        vm.assertEq(_settle(_voucherFor(secret, provider, _tally(0, 1 ether, 1))), 0, "nothing");
    }

    function _openMeter(uint256 amount) private {
        vm.prank(user);
        serving.openMeter{value: amount}(provider, ETHER, amount);
    }

    function _record(uint256 input, uint256 output, string memory model) private {
        vm.prank(provider);
        serving.recordUsage(user, input, output, model);
    }

    function _meter() private view returns (IInferenceRecords.Channel memory) {
        return serving.meterOf(user, provider, ETHER);
    }
}
