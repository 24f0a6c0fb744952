// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {IComputeStaking} from "../../src/compute/interfaces/IComputeStaking.sol";

contract AttesterTest is Test {
    IComputeStaking.Role private constant ATTESTER = IComputeStaking.Role.Attester;
    IComputeStaking.Role private constant GUARDIAN = IComputeStaking.Role.Guardian;

    address private attester = makeAddr("attester");
    address private slasher = makeAddr("slasher");
    address private refuter = makeAddr("refuter");
    ComputeStaking private staking;

    function setUp() external {
        staking = new ComputeStaking(address(this), slasher, refuter);
        vm.deal(attester, 10 ether);
    }

    function _become(uint256 amount) private {
        vm.startPrank(attester);
        staking.stake{value: amount}();
        staking.becomeAttester();
        vm.stopPrank();
    }

    /// STK-15: an attester becomes and resigns by its own call, with 1 ETH that backs nothing else.
    function test_needsItsOwnStake() external {
        _become(1 ether);
        vm.assertTrue(staking.isStaked(attester, ATTESTER), "an attester");
        vm.assertFalse(staking.isStaked(attester, GUARDIAN), "no guardian");
        vm.assertEq(staking.required(attester), 1 ether, "the minimum");
        vm.startPrank(attester);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 1 ether, 2 ether));
        staking.becomeGuardian();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.RoleHeld.selector, attester, ATTESTER));
        staking.becomeAttester();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.RoleHoldsStake.selector, ATTESTER, 1, 0));
        staking.initiateUnstake(1);
        staking.resignAttester();
        vm.assertFalse(staking.isStaked(attester, ATTESTER), "resigned");
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.RoleNotHeld.selector, attester, ATTESTER));
        staking.resignAttester();
        staking.initiateUnstake(1);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 1 ether - 1, 1 ether));
        staking.becomeAttester();
    }

    /// STK-15: below its minimum there is no attester.
    function test_revertsWhen_stakeIsShort() external {
        vm.startPrank(attester);
        staking.stake{value: 1 ether - 1}();
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.StakeTooLow.selector, 1 ether - 1, 1 ether));
        staking.becomeAttester();
    }

    /// STK-16: whoever resigns and takes its stake out at once can be slashed for 7 days to the second.
    function test_staysSlashableForSevenDays() external {
        _become(1 ether);
        vm.startPrank(attester);
        staking.resignAttester();
        staking.initiateUnstake(1 ether);
        skip(7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeStaking.UnstakeNotReady.selector, block.timestamp + 1));
        staking.completeUnstake();
        vm.stopPrank();
        vm.prank(refuter);
        vm.assertEq(staking.slash(attester, 1 ether), 1 ether, "burnt");
        vm.assertEq(staking.stakeOf(attester), 0, "nothing left");
    }

    /// STK-16: the refuter slashes, and an attester that its stake no longer covers is none; a guardian's role goes after it.
    function test_losesTheRoleFirst() external {
        _become(2 ether);
        vm.prank(attester);
        staking.becomeGuardian();
        vm.prank(refuter);
        staking.slash(attester, 1 ether);
        vm.assertFalse(staking.isStaked(attester, ATTESTER), "no attester");
        vm.assertTrue(staking.isStaked(attester, GUARDIAN), "still a guardian");
        vm.prank(refuter);
        staking.slash(attester, 1 ether);
        vm.assertFalse(staking.isStaked(attester, GUARDIAN), "no guardian");
    }

    /// STK-16: a provider that is slashed as an attester stays a provider while the rest covers it.
    function test_leavesTheProviderItsStake() external {
        staking.bindProvider{value: 0.1 ether}(attester);
        _become(1 ether);
        vm.prank(refuter);
        staking.slash(attester, 1 ether);
        vm.assertTrue(staking.isStaked(attester, IComputeStaking.Role.Provider), "a provider");
        vm.assertFalse(staking.isStaked(attester, ATTESTER), "no attester");
    }

    function setStaked(address, bool) external {}
}
