// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

contract ListProvidersTest is ComputeTest {
    function setUp() public override {
        super.setUp();
        for (uint160 i = 1; i <= 5; i++) {
            address owner = address(0xbeef0000 + i);
            vm.deal(owner, 1 ether);
            vm.startPrank(owner);
            registry.register{value: 0.1 ether}(ENDPOINT, "", PRICE);
            if (i == 2) registry.unregister();
            vm.stopPrank();
        }
    }

    /// REG-12: providers are listed in pages, oldest first, without those that left.
    function test_pages() external view {
        (uint256[] memory ids, uint256 next) = registry.listProviders(0, 3);
        vm.assertEq(ids.length, 2, "two of three are left");
        vm.assertEq(ids[0], 1, "oldest");
        vm.assertEq(ids[1], 3, "2 left");
        vm.assertEq(next, 4, "goes on");
        (ids, next) = registry.listProviders(next, type(uint256).max);
        vm.assertEq(ids.length, 2, "rest");
        vm.assertEq(ids[1], 5, "newest");
        vm.assertEq(next, 0, "the end");
        vm.assertEq(registry.providerCount(), 5, "ever");
    }

    /// REG-12: a page of nothing is no error.
    function test_isEmptyBeyondTheEnd() external view {
        (uint256[] memory ids, uint256 next) = registry.listProviders(type(uint256).max, 10);
        vm.assertEq(ids.length, 0, "nothing");
        vm.assertEq(next, 0, "the end");
        (ids, next) = registry.listProviders(2, 0);
        vm.assertEq(ids.length, 0, "nothing looked at");
        vm.assertEq(next, 2, "still there");
    }
}
