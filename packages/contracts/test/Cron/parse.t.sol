// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibString} from "solady/utils/LibString.sol";

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {Cron} from "../../src/compute/libraries/Cron.sol";
import {CronTest} from "./CronTest.sol";

contract CronParseTest is CronTest {
    uint256 internal constant FULL_HOURS = (1 << 24) - 1;

    /// TRG-5: lists, ranges and steps set the bits that they name.
    function test_setsTheBits() external view {
        vm.assertEq(_minutes("0"), 1, "0");
        vm.assertEq(_minutes("59"), 1 << 59, "59");
        vm.assertEq(_minutes("05"), 1 << 5, "05");
        vm.assertEq(_minutes("1,3,5"), 0x2a, "a list");
        vm.assertEq(_minutes("2-5"), 0x3c, "a range");
        vm.assertEq(_minutes("0-10/5"), 0x421, "a range with a step");
        vm.assertEq(_minutes("*/30"), 1 | (1 << 30), "a step");
        vm.assertEq(_minutes("*/60"), 1, "a step over all");
        vm.assertEq(_minutes("*"), (1 << 60) - 1, "all");
        vm.assertEq(_minutes("0,0,0-1"), 3, "the same twice");
    }

    /// TRG-5: Sunday is 0 and 7.
    function test_sundayIsBoth() external view {
        vm.assertEq(parse("* * * * 0", 0), parse("* * * * 7", 0), "0 and 7");
        vm.assertEq(parse("* * * * 5-7", 0), parse("* * * * 0,5,6", 0), "5-7");
    }

    /// TRG-5: any random expression of the known forms parses.
    function test_parsesWhatThereIs(uint256 seed) external view {
        parse(_expression(seed), 0);
    }

    /// TRG-5: what croner refuses, or what is not understood here, is refused with its place.
    function test_revertsWhen_notUnderstood() external {
        _expectRefused("", 0, 0);
        _expectRefused("*", 0, 1);
        _expectRefused("* * * *", 3, 7);
        _expectRefused("* * * * * *", 4, 9);
        _expectRefused("* * * * * ", 4, 9);
        _expectRefused(" * * * * *", 0, 0);
        _expectRefused("*  * * * *", 1, 2);
        _expectRefused("60 * * * *", 0, 0);
        _expectRefused("* 24 * * *", 1, 2);
        _expectRefused("* * 0 * *", 2, 4);
        _expectRefused("* * 32 * *", 2, 4);
        _expectRefused("* * * 0 *", 3, 6);
        _expectRefused("* * * 13 *", 3, 6);
        _expectRefused("* * * * 8", 4, 8);
        _expectRefused("5/10 * * * *", 0, 1);
        _expectRefused("*/0 * * * *", 0, 2);
        _expectRefused("*/61 * * * *", 0, 2);
        _expectRefused("* * * * */8", 4, 10);
        _expectRefused("5-1 * * * *", 0, 3);
        _expectRefused("1, * * * *", 0, 2);
        _expectRefused(",1 * * * *", 0, 0);
        _expectRefused("1- * * * *", 0, 2);
        _expectRefused("100 * * * *", 0, 2);
        _expectRefused("-1 * * * *", 0, 0);
        _expectRefused("@daily", 0, 0);
        _expectRefused("* * L * *", 2, 4);
        _expectRefused("* * * JAN *", 3, 6);
        _expectRefused("*\t* * * *", 0, 1);
    }

    /// TRG-5: whatever the bytes, it parses or refuses, and never fails in another way.
    function test_neverPanics(bytes memory text) external view {
        try this.parse(string(text), 0) {}
        catch (bytes memory reason) {
            vm.assertEq(bytes4(reason), ITriggerRegistry.InvalidCron.selector, "reason");
        }
    }

    /// TRG-5: so it is with bytes that expressions are made of.
    function test_neverPanicsOnItsAlphabet(uint256 seed, uint8 length) external view {
        bytes memory alphabet = "0123456789*,-/ ";
        bytes memory text = new bytes(length % 20);
        for (uint256 i = 0; i < text.length; ++i) {
            text[i] = alphabet[(seed >> (i * 8)) % alphabet.length];
        }
        try this.parse(string(text), 0) {}
        catch (bytes memory reason) {
            vm.assertEq(bytes4(reason), ITriggerRegistry.InvalidCron.selector, "reason");
        }
    }

    /// TRG-5: what is written for compiled bits, if it is short enough, compiles to the same.
    function test_writesWhatItReads(uint256 seed) external view {
        uint256 spec = this.parse(_expression(seed), 0);
        string memory text = LibString.unpackOne(Cron.textOf(spec));
        if (bytes(text).length == 0) return;
        bool sameDays = (spec & this.parse(text, 0)) << 122 == spec << 122;
        vm.assertTrue(sameDays, "minutes, hours, dates and weekdays");
    }

    /// TRG-5: and it is what most would write.
    function test_writesAsMostDo() external view {
        string[9] memory texts = [
            "* * * * *",
            "*/5 * * * *",
            "0 0 * * *",
            "30 12 * * 1-5",
            "0 9-17 * * 1-5",
            "0 0 1,15 * *",
            "0 8,12,18 * * 0",
            "59 23 31 12 *",
            "0 0 1 */3 *"
        ];
        for (uint256 i = 0; i < texts.length; ++i) {
            bytes32 text = Cron.textOf(this.parse(texts[i], 0));
            vm.assertEq(LibString.unpackOne(text), texts[i], "text");
        }
    }

    function _minutes(string memory field) private view returns (uint256) {
        return this.parse(string.concat(field, " * * * *"), 0) & ((1 << 60) - 1);
    }

    function _expectRefused(string memory text, uint256 field, uint256 position) private {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidCron.selector, field, position));
        this.parse(text, 0);
    }
}
