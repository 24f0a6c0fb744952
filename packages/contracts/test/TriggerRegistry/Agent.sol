// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../../src/compute/interfaces/ITriggerRegistry.sol";
import {ITriggered} from "../../src/compute/interfaces/ITriggered.sol";

/// @notice An agent that counts its runs and remembers the last, or misbehaves as told.
contract Agent is ITriggered {
    enum Mood {
        Count,
        Revert,
        BurnGas,
        ReturnBomb,
        CallBack
    }

    Mood public mood;
    uint256 public runs = 1;
    uint256 public lastTriggerId;
    uint256 public lastKey;
    bytes public lastPayload;
    address public lastCaller;
    uint256 public gasGot;
    bool public callBackSucceeded;
    mapping(uint256 triggerId => mapping(uint256 key => uint256)) public runsOf;

    address private _target;
    bytes private _data;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function callBack(address target, bytes calldata data) external {
        mood = Mood.CallBack;
        _target = target;
        _data = data;
    }

    function create(
        ITriggerRegistry registry,
        ITriggerRegistry.TriggerType triggerType,
        bytes calldata config
    ) external returns (uint256) {
        return registry.createTrigger(triggerType, config);
    }

    function act(address target, bytes calldata data) external returns (bool ok, bytes memory answer) {
        return target.call(data);
    }

    function onTrigger(uint256 triggerId, uint256 key, bytes calldata payload) external {
        gasGot = gasleft();
        if (mood == Mood.Revert) revert("no thanks");
        if (mood == Mood.BurnGas) {
            while (true) {}
        }
        if (mood == Mood.ReturnBomb) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
        ++runs;
        ++runsOf[triggerId][key];
        (lastTriggerId, lastKey, lastPayload, lastCaller) = (triggerId, key, payload, msg.sender);
        if (mood == Mood.CallBack) (callBackSucceeded,) = _target.call(_data);
    }

    /// @dev For calls with data of their own.
    function poke(uint256 value) external {
        ++runs;
        (lastKey, lastCaller) = (value, msg.sender);
    }

    receive() external payable {}
}
