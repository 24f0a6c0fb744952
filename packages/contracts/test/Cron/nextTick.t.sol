// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Cron} from "../../src/compute/libraries/Cron.sol";
import {CronTest} from "./CronTest.sol";

contract CronNextTickTest is CronTest {
    /// TRG-8: the answer is croner's, in each of the 21,000 cases that `scripts/cronFixture.ts` wrote.
    function test_isCroners() external view {
        bytes memory cases = vm.readFileBinary("test/Cron/croner.bin");
        uint256 count = 0;
        for (uint256 at = 0; at < cases.length;) {
            uint256 length = _number(cases, at, 1);
            bytes memory expression = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                expression[i] = cases[at + 1 + i];
            }
            at += 1 + length;
            uint256 spec = Cron.parse(expression, int8(uint8(_number(cases, at, 1))));
            ++at;
            for (uint256 i = 0; i < 10; ++i) {
                uint256 time = _number(cases, at, 4);
                uint256 next = _number(cases, at + 4, 4) * 60;
                vm.assertEq(Cron.nextTick(spec, time), next, string(expression));
                if (next != 0) vm.assertTrue(Cron.matches(spec, next), string(expression));
                at += 8;
                ++count;
            }
        }
        vm.assertEq(count, 21_000, "all cases");
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

    function _number(bytes memory data, uint256 at, uint256 size) private pure returns (uint256 value) {
        for (uint256 i = 0; i < size; ++i) {
            value = (value << 8) | uint8(data[at + i]);
        }
    }
}
