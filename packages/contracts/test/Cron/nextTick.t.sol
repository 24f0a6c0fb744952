// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cron} from "../../src/compute/libraries/Cron.sol";
import {CronTest} from "./CronTest.sol";

contract CronNextTickTest is CronTest {
    /// TRG-8: the answer is croner's. Each line of croner.txt is what croner 11.0.1 says for one expression, time and offset:
    /// `time|next|offset in quarter hours|expression`, next being 0 for never.
    function test_isCroners() external view {
        uint256 count = 0;
        string memory line = vm.readLine("test/Cron/croner.txt");
        while (bytes(line).length != 0) {
            string[] memory parts = vm.split(line, "|");
            uint256 spec = Cron.parse(bytes(parts[3]), int8(vm.parseInt(parts[2])));
            uint256 tick = Cron.nextTick(spec, vm.parseUint(parts[0]));
            vm.assertEq(tick, vm.parseUint(parts[1]), line);
            ++count;
            line = vm.readLine("test/Cron/croner.txt");
        }
        vm.assertEq(count, 1600, "all lines");
    }

    /// TRG-8: the next tick matches, and no minute between matches.
    function test_isTheFirstMatch(uint256 seed, uint256 time, int8 quarterHours) external pure {
        time = bound(time, 1 days, 4_000_000_000);
        uint256 spec = Cron.parse(bytes(_expression(seed)), int8(bound(quarterHours, -56, 56)));

        uint256 tick = Cron.nextTick(spec, time);
        vm.assume(tick != 0);

        vm.assertGt(tick, time, "after");
        vm.assertTrue(Cron.matches(spec, tick), "matches");
        uint256 minute = (time / 60 + 1) * 60;
        for (uint256 i = 0; i < 300 && minute < tick; ++i) {
            vm.assertFalse(Cron.matches(spec, minute), "a minute after the time");
            minute += 60;
        }
        minute = tick - 60;
        for (uint256 i = 0; i < 300 && minute > time; ++i) {
            vm.assertFalse(Cron.matches(spec, minute), "a minute before the tick");
            minute -= 60;
        }
    }

    /// TRG-8: no day between matches either, at the tick's own time of day.
    function test_skipsNoDay(uint256 seed, uint256 time) external pure {
        time = bound(time, 1 days, 4_000_000_000);
        uint256 spec = Cron.parse(bytes(_expression(seed)), 0);

        uint256 tick = Cron.nextTick(spec, time);
        vm.assume(tick > 1 days);

        for (uint256 i = 0; tick - 1 days > time && i < 3000; ++i) {
            tick -= 1 days;
            vm.assertFalse(Cron.matches(spec, tick), "an earlier day");
        }
    }

    /// TRG-3: never means that no day of eight years is named.
    function test_neverIsNever(uint256 seed, uint256 time) external pure {
        time = bound(time, 1 days, 4_000_000_000);
        string[4] memory dates = ["30 2", "31 2,4,6,9,11", "30,31 2", "31 4-6/2"];
        string memory text = string.concat("0 0 ", dates[seed % 4], " *");

        vm.assertEq(Cron.nextTick(Cron.parse(bytes(text), 0), time), 0, text);
    }

    /// TRG-8: the century without its leap day is skipped.
    function test_knowsCenturies() external pure {
        uint256 spec = Cron.parse("0 0 29 2 *", 0);

        // 1 March 2096 to 29 February 2104
        vm.assertEq(Cron.nextTick(spec, 3_981_312_000), 4_233_686_400, "eight years");
    }

    /// TRG-30: matching costs little, and so does finding the next tick.
    function test_gas() external view {
        string[4] memory texts = ["* * * * *", "30 12 * * 1-5", "0 0 29 2 *", "59 23 31 12 *"];
        for (uint256 i = 0; i < 4; ++i) {
            uint256 spec = Cron.parse(bytes(texts[i]), 0);
            uint256 before = gasleft();
            Cron.matches(spec, 1_800_000_000);
            uint256 matched = gasleft();
            Cron.nextTick(spec, 1_800_000_000);
            uint256 afterwards = gasleft();
            vm.assertLt(before - matched, 1000, texts[i]);
            vm.assertLt(matched - afterwards, 4000, texts[i]);
        }
    }
}
