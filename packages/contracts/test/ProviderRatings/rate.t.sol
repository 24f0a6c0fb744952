// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRatings} from "../../src/compute/interfaces/IProviderRatings.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice A reputation registry as others may have it: it refuses, or eats all gas.
contract HostileReputation {
    bool private immutable EATS;

    constructor(bool eats) {
        EATS = eats;
    }

    fallback() external {
        while (EATS) {}
        revert("no");
    }
}

contract RateTest is ComputeTest {
    uint256 private sessionId;

    function setUp() public override {
        super.setUp();
        sessionId = _run(24);
        vm.prank(renter);
        staking.stake{value: 0.01 ether}();
    }

    function _rate(address who, uint256 session, uint8 score) private {
        vm.prank(who);
        rental.rate(session, score);
    }

    /// RENT-53, RENT-54: the latest rating counts, with what was paid when it was given.
    function test_latestCounts(uint8 first, uint8 second) external {
        first = uint8(bound(first, 1, 5));
        second = uint8(bound(second, 1, 5));
        skip(2 hours);
        _rate(renter, sessionId, first);
        skip(3 hours);
        vm.expectEmit(address(ratings));
        emit IProviderRatings.Rated(1, renter, sessionId, second, address(0), 5 * PRICE);
        _rate(renter, sessionId, second);

        IProviderRatings.Rating memory rating = ratings.ratingOf(1, renter);
        vm.assertEq(rating.score, second, "score");
        vm.assertEq(rating.paid, 5 * PRICE, "paid");
        IProviderRatings.Summary memory summary = ratings.summaryOf(1);
        vm.assertEq(summary.count, 1, "one renter");
        vm.assertEq(summary.sum, second, "one score");
        vm.assertEq(summary.weighted, second * 5 * PRICE, "weighted");
        vm.assertEq(summary.paid, 5 * PRICE, "paid in all");
    }

    /// RENT-53: exploit: an owner names an angry renter its operator, who then may not rate it.
    function test_exploit_operatorNamedToStopARating() external {
        skip(2 hours);
        vm.prank(provider);
        registry.setOperator(renter);
        _rate(renter, sessionId, 1);
        vm.assertEq(ratings.ratingOf(1, renter).score, 1, "rated");
    }

    /// RENT-53: exploit: wash ratings. They need another's session that ran, a stake, and weigh what was paid.
    function test_exploit_washRatings() external {
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.NotRenter.selector, sessionId, stranger));
        _rate(stranger, sessionId, 5);

        uint256 own = _rentAs(provider, 1, 1);
        vm.prank(provider);
        rental.activateSession(own, "");
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.NotRenter.selector, own, provider));
        _rate(provider, own, 5);

        uint256 pending = _rentAs(stranger, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.SessionNeverRan.selector, pending));
        _rate(stranger, pending, 5);
        vm.prank(provider);
        rental.activateSession(pending, "");
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.UserStakeNeeded.selector, stranger));
        _rate(stranger, pending, 5);

        vm.prank(stranger);
        staking.stake{value: 0.01 ether}();
        _rate(stranger, pending, 5);
        skip(10 hours);
        _rate(renter, sessionId, 1);
        IProviderRatings.Summary memory summary = ratings.summaryOf(1);
        vm.assertEq(summary.weighted, summary.paid, "weighs what was paid");
    }

    /// RENT-53: a score is 1 to 5, and comes through the rental contract.
    function test_revertsWhen_scoreIsOutOfRange(uint8 score) external {
        vm.assume(score == 0 || score > 5);
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.ScoreOutOfRange.selector, score));
        _rate(renter, sessionId, score);
        vm.expectRevert(abi.encodeWithSelector(IProviderRatings.NotRental.selector, stranger));
        vm.prank(stranger);
        ratings.rate(sessionId, renter, 5);
    }

    /// RENT-55: a reputation registry that refuses, or eats all the gas it is given, changes nothing here.
    function test_reputationMayRefuse() external {
        _rateDespite(new HostileReputation(false));
        _rateDespite(new HostileReputation(true));
    }

    function _rateDespite(HostileReputation hostile) private {
        _useWith(address(identity), address(hostile));
        sessionId = _run(1);
        vm.prank(renter);
        staking.stake{value: 0.01 ether}();
        vm.expectEmit(address(ratings));
        emit IProviderRatings.ReputationRefused(sessionId);
        _rate(renter, sessionId, 4);
        vm.assertEq(ratings.ratingOf(1, renter).score, 4, "counts");
    }

    /// RENT-55: too little gas for reputation is told, so that an estimate of gas is enough for it.
    function test_revertsWhen_gasIsTooLow() external {
        vm.expectPartialRevert(IProviderRatings.GasTooLow.selector);
        vm.prank(renter);
        rental.rate{gas: 500_000}(sessionId, 4);
    }
}
