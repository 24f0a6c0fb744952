// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract SetModelTest is InferenceTest {
    /// INF-15: the first price of a model counts at once.
    function test_firstPriceCountsAtOnce(uint104 input, uint104 output) external {
        vm.expectEmit(address(serving));
        emit IInferenceRecords.ModelSet(provider, keccak256("new"), "new", input, output, 0);
        _post("new", input, output);

        _assertPrices("new", input, output, input, output, 0);
    }

    /// INF-15: a fall counts at once, a rise after an hour, each of the two by itself.
    function test_fallsAtOnceAndRisesLater(uint104 input, uint104 output) external {
        uint256 later = block.timestamp + 1 hours;
        (uint256 lowInput, uint256 lowOutput) = (_least(input, 0.001 ether), _least(output, 0.002 ether));
        bool rises = input > 0.001 ether || output > 0.002 ether;

        _post(MODEL, input, output);

        _assertPrices(MODEL, lowInput, lowOutput, input, output, rises ? later : 0);
        skip(1 hours - 1);
        _assertPrices(MODEL, lowInput, lowOutput, input, output, rises ? later : 0);
        skip(1);
        _assertPrices(MODEL, input, output, input, output, 0);
    }

    /// INF-15: posting again and again brings no rise forward.
    function test_attack_raiseThePendingRise(uint256 elapsed) external {
        _post(MODEL, 0.0011 ether, 0.002 ether);
        elapsed = bound(elapsed, 1, 1 hours - 1);
        skip(elapsed);
        _post(MODEL, 1 ether, 0.002 ether);
        uint256 later = block.timestamp + 1 hours;

        skip(1 hours - elapsed);

        _assertPrices(MODEL, 0.001 ether, 0.002 ether, 1 ether, 0.002 ether, later);
    }

    /// INF-15: a rise that is posted again, or lowered, keeps its time, whatever happens to the other price.
    function test_keepsTheTimeOfARise(uint256 elapsed, uint256 input) external {
        uint256 later = block.timestamp + 1 hours;
        _post(MODEL, 0.009 ether, 0.002 ether);
        skip(bound(elapsed, 0, 1 hours - 1));
        input = bound(input, 0.001 ether + 1, 0.009 ether);

        _post(MODEL, input, 0);

        _assertPrices(MODEL, 0.001 ether, 0, input, 0, later);
        vm.warp(later);
        _assertPrices(MODEL, input, 0, input, 0, 0);
    }

    /// INF-15: a fall takes a pending rise back.
    function test_fallTakesTheRiseBack() external {
        _post(MODEL, 1 ether, 1 ether);
        _post(MODEL, 0, 0);
        skip(2 hours);

        _assertPrices(MODEL, 0, 0, 0, 0, 0);
    }

    /// INF-15: falling first and rising then waits all the same.
    function test_attack_fallThenRise() external {
        _post(MODEL, 0, 0);
        _post(MODEL, 0.001 ether, 0.002 ether);

        _assertPrices(MODEL, 0, 0, 0.001 ether, 0.002 ether, block.timestamp + 1 hours);
    }

    /// INF-15: whatever is posted when, a price at a time is at most what was known an hour before.
    function test_neverRisesUnannounced(uint64[6] memory prices, uint16[6] memory gaps) external {
        uint256[7] memory times;
        uint256[7] memory posted;
        (times[0], posted[0]) = (0, 0.001 ether);
        for (uint256 i = 0; i < 6; ++i) {
            skip(uint256(gaps[i]) % 5400);
            _post(MODEL, prices[i], 0);
            (times[i + 1], posted[i + 1]) = (block.timestamp, prices[i]);
            (uint256 price,,,,,) = serving.modelOf(provider, MODEL);
            uint256 known = prices[i];
            for (uint256 j = 0; j <= i; ++j) {
                bool counts = times[j] + 1 hours <= block.timestamp;
                if (counts && posted[j] > known) known = posted[j];
            }
            vm.assertLe(price, known, "price");
        }
    }

    /// INF-16: only registered providers post, names of 1 to 128 bytes, prices below 2^104.
    function test_revertsWhen_outOfBounds() external {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotProvider.selector, user));
        vm.prank(user);
        serving.setModel(MODEL, 1, 1);

        string memory long = string(new bytes(129));
        vm.startPrank(provider);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidModel.selector, ""));
        serving.setModel("", 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidModel.selector, long));
        serving.setModel(long, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.PriceTooLarge.selector, 2 ** 104));
        serving.setModel(MODEL, 2 ** 104, 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.PriceTooLarge.selector, 2 ** 104));
        serving.setModel(MODEL, 1, 2 ** 104);
    }

    /// INF-16: a provider's models are listed in the order of posting, each once.
    function test_listsModels(uint256 count, uint256 limit) external {
        count = bound(count, 1, 8);
        limit = bound(limit, 1, 9);
        for (uint256 i = 1; i < count; ++i) {
            _post(vm.toString(i), i, i);
            _post(vm.toString(i), i + 1, 0);
        }

        uint256 seen = 0;
        uint256 cursor = 0;
        do {
            IInferenceRecords.ModelEntry[] memory page;
            (page, cursor) = serving.modelsOf(provider, cursor, limit);
            for (uint256 i = 0; i < page.length; ++i) {
                vm.assertEq(page[i].model, seen == 0 ? MODEL : vm.toString(seen), "name");
                vm.assertEq(page[i].inputPrice, seen == 0 ? 0.001 ether : seen, "price");
                vm.assertEq(page[i].nextInputPrice, seen == 0 ? 0.001 ether : seen + 1, "next price");
                ++seen;
            }
        } while (cursor != 0);
        vm.assertEq(seen, count, "all of them");
        (IInferenceRecords.ModelEntry[] memory none,) = serving.modelsOf(provider, count, type(uint256).max);
        vm.assertEq(none.length, 0, "behind the end");
    }

    function _post(string memory model, uint256 input, uint256 output) private {
        vm.prank(provider);
        serving.setModel(model, input, output);
    }

    function _assertPrices(
        string memory model,
        uint256 input,
        uint256 output,
        uint256 nextInput,
        uint256 nextOutput,
        uint256 effectiveAt
    ) private view {
        (uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, bool exists) =
            serving.modelOf(provider, model);
        vm.assertEq(a, input, "input price");
        vm.assertEq(b, output, "output price");
        vm.assertEq(c, nextInput, "next input price");
        vm.assertEq(d, nextOutput, "next output price");
        vm.assertEq(e, effectiveAt, "effective at");
        vm.assertTrue(exists, "exists");
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
