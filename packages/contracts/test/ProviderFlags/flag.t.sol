// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderFlags} from "../../src/compute/ProviderFlags.sol";
import {IProviderFlags} from "../../src/compute/interfaces/IProviderFlags.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract FlagTest is ComputeTest {
    string private constant REASON = "serves another model than it sells";

    ProviderFlags private flags;
    address[] private guardians;
    uint256 private providerId;

    function setUp() public override {
        super.setUp();
        flags = ProviderFlags(system.providerFlags);
        for (uint256 i = 0; i < 4; i++) {
            guardians.push(makeAddr(string.concat("guardian", vm.toString(i))));
            _becomeGuardian(guardians[i]);
        }
        skip(7 days);
        providerId = _register();
    }

    function _becomeGuardian(address who) private {
        vm.deal(who, 2 ether);
        vm.startPrank(who);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.stopPrank();
    }

    function _open(address who) private {
        vm.prank(who);
        flags.open(providerId, REASON);
    }

    function _vote(uint256 guardian, bool inFavour) private {
        vm.prank(guardians[guardian]);
        flags.vote(providerId, inFavour);
    }

    /// @dev Changes the flag by three votes.
    function _change() private {
        _open(guardians[0]);
        _vote(1, true);
        _vote(2, true);
        skip(3 days);
        flags.resolve(providerId);
    }

    /// MOD-1: three votes, more in favour than against, flag a provider with a reason, and take the flag away again.
    function test_flagsAndTakesBack() external {
        vm.expectEmit(address(flags));
        emit IProviderFlags.MotionOpened(providerId, guardians[0], true, REASON, block.timestamp + 3 days);
        _open(guardians[0]);
        _vote(1, true);
        _vote(2, false);
        vm.assertFalse(flags.isFlagged(providerId), "not before the vote is over");
        skip(3 days);
        vm.expectEmit(address(flags));
        emit IProviderFlags.MotionResolved(providerId, true, true);
        vm.prank(stranger);
        flags.resolve(providerId);
        vm.assertTrue(flags.isFlagged(providerId), "flagged");
        vm.assertEq(flags.reasonOf(providerId), REASON, "reason");

        _change();
        vm.assertFalse(flags.isFlagged(providerId), "taken back");
        vm.assertEq(flags.reasonOf(providerId), "", "no reason");
    }

    /// MOD-1: fewer than three votes, or as many against as in favour, change nothing, whichever way.
    function test_leavesWhatIsNotCarried() external {
        _open(guardians[0]);
        _vote(1, true);
        skip(3 days);
        flags.resolve(providerId);
        vm.assertFalse(flags.isFlagged(providerId), "two votes");
        _open(guardians[0]);
        _vote(1, true);
        _vote(2, false);
        _vote(3, false);
        skip(3 days);
        flags.resolve(providerId);
        vm.assertFalse(flags.isFlagged(providerId), "two against two");

        _change();
        _open(guardians[3]);
        _vote(0, false);
        _vote(1, false);
        skip(3 days);
        vm.expectEmit(address(flags));
        emit IProviderFlags.MotionResolved(providerId, false, true);
        flags.resolve(providerId);
        vm.assertTrue(flags.isFlagged(providerId), "still flagged");
    }

    /// MOD-2: those vote who were guardians for 7 days when the vote began, and are no side of it; once each.
    function test_revertsWhen_notEligible() external {
        _becomeGuardian(stranger);
        bytes memory refusal =
            abi.encodeWithSelector(IProviderFlags.NotEligible.selector, providerId, stranger);
        vm.expectRevert(refusal);
        _open(stranger);
        _open(guardians[0]);
        skip(1 days);
        vm.expectRevert(refusal);
        vm.prank(stranger);
        flags.vote(providerId, true);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderFlags.AlreadyVoted.selector, providerId, guardians[0])
        );
        _vote(0, true);

        vm.prank(guardians[1]);
        staking.resignGuardian();
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.NotEligible.selector, providerId, guardians[1]));
        _vote(1, true);
    }

    /// MOD-2: exploit: an owner names a guardian its operator, who then may not vote.
    function test_exploit_operatorNamedToStopAFlag() external {
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(provider);
            registry.setOperator(guardians[i]);
            if (i == 0) _open(guardians[0]);
            else _vote(i, true);
        }
        skip(3 days);
        flags.resolve(providerId);
        vm.assertTrue(flags.isFlagged(providerId), "flagged");
    }

    /// MOD-3: a vote takes 3 days, and a provider has one at a time.
    function test_takesItsTime() external {
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.NoVote.selector, providerId));
        flags.resolve(providerId);
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.NoVote.selector, providerId));
        _vote(1, true);
        _open(guardians[0]);
        uint256 endsAt = block.timestamp + 3 days;
        bytes memory goesOn = abi.encodeWithSelector(IProviderFlags.VoteGoesOn.selector, providerId, endsAt);
        vm.expectRevert(goesOn);
        _open(guardians[1]);
        skip(3 days - 1);
        vm.expectRevert(goesOn);
        flags.resolve(providerId);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.NoVote.selector, providerId));
        _vote(1, true);
        flags.resolve(providerId);
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.NoVote.selector, providerId));
        flags.resolve(providerId);
        vm.assertFalse(flags.hasVoted(providerId, guardians[1]), "a late vote is none");
    }

    /// MOD-3: a reason has 1 to 256 bytes, and a vote is about a provider there is.
    function test_revertsWhen_reasonIsOutOfRange() external {
        vm.startPrank(guardians[0]);
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.ReasonOutOfRange.selector, 0, 256));
        flags.open(providerId, "");
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.ReasonOutOfRange.selector, 257, 256));
        flags.open(providerId, string(new bytes(257)));
        flags.open(providerId, string(new bytes(256)));
        vm.expectRevert(abi.encodeWithSelector(IProviderFlags.ProviderUnknown.selector, 99));
        flags.open(99, REASON);
    }

    /// MOD-4: the flag is the owner's: registering again does not shed it. It stops nothing and costs nobody a wei.
    function test_isTheOwners() external {
        _change();
        uint256 sessionId = _rent(providerId, 1);
        vm.startPrank(provider);
        rental.declineSession(sessionId, "");
        registry.unregister();
        uint256 next = registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE);
        vm.assertTrue(flags.isFlagged(next), "flagged under its next id");
        vm.assertEq(staking.stakeOf(provider), 0.2 ether, "nothing is slashed");
        vm.assertEq(address(flags).balance, 0, "no money");
    }

    /// MOD-2: exploit: one guardian alone, however often it opens votes, flags nobody and freezes nothing.
    function test_exploit_oneGuardian() external {
        for (uint256 i = 0; i < 3; i++) {
            _open(guardians[0]);
            vm.expectRevert(
                abi.encodeWithSelector(IProviderFlags.AlreadyVoted.selector, providerId, guardians[0])
            );
            _vote(0, true);
            skip(3 days);
            flags.resolve(providerId);
        }
        vm.assertFalse(flags.isFlagged(providerId), "one vote each time");
        vm.startPrank(provider);
        registry.unregister();
        staking.initiateUnstake(0.1 ether);
        skip(7 days);
        staking.completeUnstake();
        vm.assertEq(provider.balance, PURSE, "the stake left");
    }
}
