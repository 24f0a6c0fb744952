// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract SessionsOfTest is ComputeTest {
    /// RENT-24: a renter's and a provider's sessions are listed newest first, in pages.
    function test_pagesThroughARentersSessions() external {
        uint256 providerId = _register();
        for (uint256 i = 0; i < 6; i++) {
            _rentAs(i % 2 == 0 ? renter : stranger, providerId, 1);
        }
        (uint256[] memory ids, uint256 next) = rental.sessionsOf(renter, 0, 2);
        vm.assertEq(ids.length, 2, "first page");
        vm.assertEq(ids[0], 5, "newest");
        vm.assertEq(ids[1], 3, "then older");
        vm.assertEq(next, 1, "goes on");

        (ids, next) = rental.sessionsOf(renter, next, type(uint256).max);
        vm.assertEq(ids.length, 1, "last page");
        vm.assertEq(ids[0], 1, "oldest");
        vm.assertEq(next, 0, "the end");
    }

    /// RENT-24: a renter's and a provider's sessions are listed newest first, in pages.
    function test_pagesThroughAProvidersSessions() external {
        uint256 providerId = _register();
        vm.prank(stranger);
        uint256 other = registry.register{value: 0.1 ether}(ENDPOINT, "", PRICE);
        for (uint256 i = 0; i < 6; i++) {
            _rent(i % 3 == 0 ? other : providerId, 1);
        }
        (uint256[] memory ids, uint256 next) = rental.sessionsAt(providerId, 0, 3);
        vm.assertEq(ids.length, 3, "first page");
        vm.assertEq(ids[0], 6, "newest");
        vm.assertEq(ids[1], 5, "then older");
        vm.assertEq(ids[2], 3, "then older");
        (ids, next) = rental.sessionsAt(providerId, next, 3);
        vm.assertEq(ids.length, 1, "last page");
        vm.assertEq(ids[0], 2, "oldest");
        vm.assertEq(next, 0, "the end");
    }

    /// RENT-24: a page of nothing is no error.
    function test_isEmptyForNobody() external view {
        (uint256[] memory ids, uint256 next) = rental.sessionsOf(address(1), 0, 10);
        vm.assertEq(ids.length, 0, "no sessions");
        vm.assertEq(next, 0, "the end");
        (ids, next) = rental.sessionsAt(1, 0, 10);
        vm.assertEq(ids.length, 0, "no sessions");
    }

    /// RENT-24: a cursor of another list is refused rather than followed.
    function test_revertsWhen_cursorIsOfAnother() external {
        uint256 sessionId = _rent(_register(), 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.CursorUnknown.selector, sessionId));
        rental.sessionsOf(stranger, sessionId, 10);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.CursorUnknown.selector, sessionId));
        rental.sessionsAt(2, sessionId, 10);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.CursorUnknown.selector, 77));
        rental.sessionsOf(renter, 77, 10);
    }
}
