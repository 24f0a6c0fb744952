// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract CreateTriggerTest is TriggerTest {
    uint256 internal constant P256_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296;
    uint256 internal constant P256_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5;

    /// TRG-1: the caller is the agent, ids run from 1, and the event tells everything.
    function test_createsForTheCaller(address caller) external {
        vm.assume(caller != address(0));
        bytes memory config = _cron("*/5 * * * *");

        vm.expectEmit(address(triggers));
        emit ITriggerRegistry.TriggerCreated(1, caller, CRON, config);
        vm.prank(caller);
        uint256 triggerId = triggers.createTrigger(CRON, config);

        vm.assertEq(triggerId, 1, "id");
        vm.assertEq(triggers.triggerCount(), 1, "count");
        vm.assertEq(triggers.getTrigger(1).agent, caller, "agent");
        vm.assertTrue(triggers.getTrigger(1).active, "active");
        vm.assertEq(_create(CRON, config), 2, "second id");
    }

    /// TRG-2: the config is given back byte for byte, whatever is in it.
    function test_givesTheConfigBack(
        uint8 maxFailures,
        uint16 maxDelay,
        uint16 gasLimit,
        bool backfill,
        int8 offset,
        uint8 which
    ) external {
        string[9] memory expressions = [
            "* * * * *",
            "30 12 * * 1-5",
            "0 0 29 2 *",
            "*/15 8,20 1-31 * */2",
            "0,30 12 * * *",
            "05 12 * * 7",
            "0,15,30,45 8-18/2 1,15 */3 0-7",
            "1,2,3,4,5,6,7,8 1,2,3 1,2 1,2 1",
            "1,2,3,4,5,6,7,8 1,2,3 1,2 1,2 1,2,3,4,5"
        ];
        bytes memory config = abi.encodePacked(
            uint8(1),
            maxFailures,
            uint16(bound(maxDelay, 1, type(uint16).max)),
            uint16(bound(gasLimit, 0, 10_000)),
            address(0),
            uint16(0),
            uint8(backfill ? 1 : 0),
            int8(bound(offset, -56, 56)),
            expressions[which % 9]
        );

        uint256 triggerId = _create(CRON, config);

        vm.assertEq(triggers.getTrigger(triggerId).config, config, "config");
        vm.assertEq(uint8(triggers.getTrigger(triggerId).triggerType), uint8(CRON), "type");
    }

    /// TRG-2: so it is for a cron trigger with a target and data of its own.
    function test_givesTheCallBack(address target, bytes memory data) external {
        vm.assume(data.length <= 4096);
        bytes memory config =
            abi.encodePacked(_headerWith(10_000, target, data), uint8(1), int8(-4), "0 0 29 2 *");

        uint256 triggerId = _create(CRON, config);

        vm.assertEq(triggers.getTrigger(triggerId).config, config, "config");
    }

    /// TRG-2: and for webhook and event triggers.
    function test_givesOtherKindsBack(address key, address emitter, bytes32[4] memory topics) external {
        vm.assume(key != address(0) && emitter != address(0));
        bytes[7] memory configs = [
            _webhook(0, abi.encodePacked(key)),
            _webhook(1, abi.encode(P256_X, P256_Y)),
            _webhook(2, abi.encodePacked(key)),
            _event(emitter, 0, ""),
            _event(emitter, 1, abi.encode(topics[0])),
            _event(emitter, 8, abi.encode(topics[3])),
            _event(emitter, 15, abi.encode(topics))
        ];

        for (uint256 i = 0; i < 7; ++i) {
            ITriggerRegistry.TriggerType kind = i < 3 ? WEBHOOK : EVENT;
            ITriggerRegistry.Trigger memory made = triggers.getTrigger(_create(kind, configs[i]));
            vm.assertEq(made.config, configs[i], "config");
            vm.assertEq(uint8(made.triggerType), uint8(kind), "type");
        }
    }

    /// TRG-3: a cron trigger that could never fire is refused.
    function test_revertsWhen_noSuchDay() external {
        string[4] memory expressions = ["0 0 30 2 *", "0 0 31 4 *", "0 0 31 2,4,6,9,11 *", "0 0 30,31 2 *"];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.NeverDue.selector, expressions[i]));
            _create(CRON, _cron(expressions[i]));
        }
    }

    /// TRG-3: a webhook key that cannot sign is refused.
    function test_revertsWhen_keyCannotSign() external {
        _expectInvalid("key", 0);
        _create(WEBHOOK, _webhook(0, abi.encodePacked(address(0))));
        _expectInvalid("key", 0);
        _create(WEBHOOK, _webhook(2, abi.encodePacked(address(0))));
        _expectInvalid("key", P256_X);
        _create(WEBHOOK, _webhook(1, abi.encode(P256_X, P256_Y + 1)));
        _expectInvalid("key", type(uint256).max);
        _create(WEBHOOK, _webhook(1, abi.encode(type(uint256).max, P256_Y)));
    }

    /// TRG-4: another version is refused by its number.
    function test_revertsWhen_versionIsUnknown(uint8 version) external {
        vm.assume(version != 1);
        bytes memory config = _cron("* * * * *");
        config[0] = bytes1(version);

        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.UnknownConfigVersion.selector, version));
        _create(CRON, config);
    }

    /// TRG-4: a config that is too short for what it says is refused, wherever it is cut.
    function test_revertsWhen_configIsCut(uint256 length) external {
        bytes memory config = abi.encodePacked(_headerWith(1, stranger, "data"), uint8(0), uint8(0), stranger);
        length = bound(length, 0, config.length - 1);
        assembly ("memory-safe") {
            mstore(config, length)
        }

        vm.expectPartialRevert(ITriggerRegistry.InvalidConfigLength.selector);
        _create(WEBHOOK, config);
    }

    /// TRG-4: so is one that goes on after its end.
    function test_revertsWhen_configIsTooLong() external {
        bytes memory long = abi.encodePacked(_webhook(0, abi.encodePacked(agent)), "!");
        vm.expectRevert(
            abi.encodeWithSelector(
                ITriggerRegistry.InvalidConfigLength.selector, long.length, long.length - 1
            )
        );
        _create(WEBHOOK, long);

        long = abi.encodePacked(_event(agent, 1, abi.encode(1)), "!");
        vm.expectRevert(
            abi.encodeWithSelector(
                ITriggerRegistry.InvalidConfigLength.selector, long.length, long.length - 1
            )
        );
        _create(EVENT, long);
    }

    /// TRG-4: a field out of its bounds is named.
    function test_revertsWhen_aFieldIsOutOfBounds() external {
        _expectInvalid("maxDelay", 0);
        _create(CRON, abi.encodePacked(hex"0100000000c8", address(0), hex"00000000", "* * * * *"));
        _expectInvalid("gasLimit", 10_001);
        _create(CRON, abi.encodePacked(_headerWith(10_001, agent, ""), hex"0000", "* * * * *"));
        _expectInvalid("dataLength", 4097);
        _create(CRON, abi.encodePacked(_headerWith(1, agent, new bytes(4097)), hex"0000", "* * * * *"));
        _expectInvalid("target", uint160(agent));
        _create(CRON, abi.encodePacked(_headerWith(0, agent, ""), hex"0000", "* * * * *"));
        _expectInvalid("dataLength", 1);
        _create(CRON, abi.encodePacked(_headerWith(0, address(0), "x"), hex"0000", "* * * * *"));
        _expectInvalid("policy", 2);
        _create(CRON, abi.encodePacked(_header(), hex"0200", "* * * * *"));
        _expectInvalid("offset", 57);
        _create(CRON, abi.encodePacked(_header(), hex"0039", "* * * * *"));
        _expectInvalid("payload", 2);
        _create(WEBHOOK, abi.encodePacked(_header(), hex"0200", agent));
        _expectInvalid("key", 3);
        _create(WEBHOOK, abi.encodePacked(_header(), hex"0003", agent));
        _expectInvalid("emitter", 0);
        _create(EVENT, _event(address(0), 0, ""));
        _expectInvalid("topics", 32);
        _create(EVENT, _event(agent, 32, ""));
    }

    /// TRG-5: with an expression that does not parse, the field and the byte are named.
    function test_revertsWhen_expressionDoesNotParse() external {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidCron.selector, 1, 2));
        _create(CRON, _cron("0 24 * * *"));
    }

    function _expectInvalid(string memory field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(ITriggerRegistry.InvalidConfig.selector, field, value));
    }
}
