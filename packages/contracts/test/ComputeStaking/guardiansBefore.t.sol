// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

contract GuardiansBeforeTest is ComputeTest {
    function _guard(address account) private {
        vm.deal(account, 2 ether);
        vm.startPrank(account);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.stopPrank();
    }

    /// STK-13: guardians are listed in the order of their becoming; who resigned is not, whoever it was.
    function test_listsInOrder(uint256 gone) external {
        gone = bound(gone, 1, 4);
        uint256 start = block.timestamp;
        for (uint160 i = 1; i <= 4; i++) {
            _guard(address(i));
            skip(1);
        }
        vm.prank(address(uint160(gone)));
        staking.resignGuardian();
        address[] memory listed = staking.guardiansBefore(block.timestamp, 10);
        vm.assertEq(listed.length, 3, "three are left");
        uint160 expected = 0;
        for (uint256 i = 0; i < 3; i++) {
            if (++expected == gone) expected++;
            vm.assertEq(listed[i], address(expected), "in order");
        }
        vm.assertEq(staking.guardiansBefore(start + 1, 10).length, gone <= 2 ? 1 : 2, "of age");
        vm.assertEq(staking.guardiansBefore(block.timestamp, 2).length, 2, "a limit");
    }

    /// STK-14: a guardian whose stake no longer covers its roles after slashing loses that role, and keeps the other.
    function test_slashedGuardianLosesItsRole() external {
        _register();
        vm.startPrank(provider);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.stopPrank();
        vm.prank(address(panel));
        staking.slash(provider, 1);
        vm.assertEq(staking.guardianSince(provider), 0, "no guardian");
        vm.assertEq(staking.guardiansBefore(block.timestamp, 9).length, 0, "not listed");
        vm.assertEq(staking.required(provider), 0.1 ether, "provider");
        (,, bool rentable) = registry.rentalTerms(1);
        vm.assertTrue(rentable, "still rentable");
    }
}
