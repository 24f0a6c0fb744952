// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract ExtendSessionTest is ComputeTest {
    uint256 private sessionId;
    uint256 private startedAt;

    function setUp() public override {
        super.setUp();
        sessionId = _run(24);
        startedAt = block.timestamp;
    }

    function _extend(address caller, uint256 value, uint256 additionalHours) private {
        vm.prank(caller);
        rental.extendSession{value: value}(sessionId, additionalHours);
    }

    /// RENT-14: the renter adds hours to a running session at the session's own price.
    function test_addsHours() external {
        skip(23 hours);
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionExtended(sessionId, 1, 2, startedAt + 26 hours);
        _extend(renter, 0.02 ether, 2);

        vm.assertEq(rental.getSession(sessionId).endTime, startedAt + 26 hours, "end");
        vm.assertEq(rental.getSession(sessionId).deposit, 0.26 ether, "deposit");
        vm.assertEq(address(rental).balance, 0.26 ether, "escrow");
    }

    /// RENT-14: the renter adds hours to a running session at the session's own price.
    function test_keepsTheOldPriceWhenItFell() external {
        vm.prank(provider);
        registry.updatePricing(1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.WrongValue.selector, 1, PRICE));
        _extend(renter, 1, 1);
        _extend(renter, PRICE, 1);
        vm.assertEq(rental.getSession(sessionId).deposit, 0.25 ether, "deposit");
    }

    /// RENT-14: a session can be extended again and again, and pays for all of its time.
    function test_lastsForYears() external {
        uint256 total = 24;
        for (uint256 i = 0; i < 20; i++) {
            uint256 room =
                2160 - (rental.getSession(sessionId).endTime - block.timestamp + 1 hours - 1) / 1 hours;
            _extend(renter, PRICE * room, room);
            total += room;
            vm.warp(rental.getSession(sessionId).endTime - 1);
        }
        vm.assertGt(total, 43_000, "five years");
        skip(2 hours);
        vm.assertEq(_collect(provider, sessionId), PRICE * total, "all of it");
        vm.assertEq(address(rental).balance, 0, "escrow");
    }

    /// RENT-15: a session never reaches more than 2,160 hours ahead.
    function test_revertsWhen_tooFarAhead() external {
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.DurationOutOfRange.selector, 2137, 2136));
        _extend(renter, PRICE * 2137, 2137);
        _extend(renter, PRICE * 2136, 2136);
    }

    /// RENT-15: a session never reaches more than 2,160 hours ahead.
    function test_revertsWhen_hoursOverflow() external {
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.DurationOutOfRange.selector, type(uint256).max, 2136)
        );
        _extend(renter, 0, type(uint256).max);
    }

    /// RENT-15: an extension adds at least an hour.
    function test_revertsWhen_hoursAreZero() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.DurationOutOfRange.selector, 0, 2136));
        _extend(renter, 0, 0);
    }

    /// RENT-14: an extension costs exactly price × hours.
    function test_revertsWhen_valueIsNotThePrice() external {
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.WrongValue.selector, 0.02 ether - 1, 0.02 ether)
        );
        _extend(renter, 0.02 ether - 1, 2);
    }

    /// RENT-14: only the renter adds hours.
    function test_revertsWhen_callerIsNotTheRenter() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.NotParty.selector, sessionId, stranger));
        _extend(stranger, PRICE, 1);
    }

    /// RENT-14: hours are added before the end.
    function test_revertsWhen_over() external {
        skip(24 hours);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Ended
            )
        );
        _extend(renter, PRICE, 1);
    }

    /// RENT-14: hours are added while the session runs.
    function test_revertsWhen_pending() external {
        sessionId = _rent(1, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComputeRental.SessionNotActive.selector, sessionId, IComputeRental.Status.Pending
            )
        );
        _extend(renter, PRICE, 1);
    }

    /// RENT-16: a provider that closed, or asks more by now, is not bound to more hours.
    function test_revertsWhen_providerIsInactive() external {
        vm.prank(provider);
        registry.setActive(false);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderInactive.selector, 1));
        _extend(renter, PRICE, 1);
    }

    /// RENT-16: a provider that closed, or asks more by now, is not bound to more hours.
    function test_revertsWhen_priceRose() external {
        vm.prank(provider);
        registry.updatePricing(PRICE + 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.PriceRose.selector, PRICE, PRICE + 1));
        _extend(renter, PRICE, 1);
    }
}
