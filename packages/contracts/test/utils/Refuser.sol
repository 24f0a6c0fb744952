// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A wallet that refuses ether, burns what gas it is given, or calls back, as told.
contract Refuser {
    enum Mood {
        Revert,
        BurnGas,
        CallBack,
        Accept
    }

    Mood public mood;
    address private _target;
    bytes private _data;
    bool public callBackSucceeded;

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @dev What to call when ether comes in.
    function callBack(address target, bytes calldata data) external {
        mood = Mood.CallBack;
        _target = target;
        _data = data;
    }

    function act(address target, uint256 value, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    receive() external payable {
        if (mood == Mood.Revert) revert("no thanks");
        if (mood == Mood.BurnGas) {
            while (true) {}
        }
        if (mood == Mood.CallBack) (callBackSucceeded,) = _target.call(_data);
    }
}
