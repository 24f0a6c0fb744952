// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract NextTickTest is TriggerTest {
    /// TRG-8: the next tick is the first one after now, in the trigger's own time zone.
    function test_isAfterNow() external {
        // Friday 15 January 2027, 08:00 UTC
        vm.warp(1_800_000_000);

        vm.assertEq(triggers.nextTick(_create(CRON, _cron("0 8 * * *"))), 1_800_086_400, "tomorrow");
        vm.assertEq(triggers.nextTick(_create(CRON, _cron("* * * * *"))), 1_800_000_060, "next minute");
        bytes memory india = abi.encodePacked(_header(), uint8(0), int8(22), "0 14 * * *");
        vm.assertEq(triggers.nextTick(_create(CRON, india)), 1_800_000_000 + 30 minutes, "14:00 in India");
        bytes memory newYork = abi.encodePacked(_header(), uint8(0), int8(-20), "30 12 * * 1-5");
        uint256 tick = 1_800_000_000 + 9.5 hours;
        vm.assertEq(triggers.nextTick(_create(CRON, newYork)), tick, "12:30 in New York");
    }

    /// TRG-8: it can be asked for any time of this aeon.
    function test_afterAnyTime(uint256 time) external {
        uint256 triggerId = _create(CRON, _cron("0 0 29 2 *"));
        bool inside = time >= 1 days && time < 1 << 40;

        if (!inside) vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidTime.selector, time));
        uint256 tick = triggers.nextTickAfter(triggerId, time);

        if (inside) vm.assertGt(tick, time, "tick");
    }

    /// TRG-8: only cron triggers have ticks.
    function test_revertsWhen_itIsNoCron() external {
        uint256 triggerId = _create(EVENT, _event(agent, 0, ""));

        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NotCron.selector, triggerId));
        triggers.nextTick(triggerId);
    }
}
