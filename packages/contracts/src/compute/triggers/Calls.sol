// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TriggerCall} from "../libraries/TriggerCall.sol";
import {TriggerConfig} from "../libraries/TriggerConfig.sol";
import {TriggerWord} from "../libraries/TriggerWord.sol";
import {TriggerStore} from "./TriggerStore.sol";

/// @notice Whom triggers call, and with what.
abstract contract Calls is TriggerStore {
    using TriggerWord for uint256;

    struct Call {
        address callee;
        /// With what a forwarder uses on the way; 0 for no call.
        uint256 gas;
        bytes data;
    }

    /// @param key what the trigger is due with, and `payload`.
    function _callOf(uint256 triggerId, uint256 hot, uint256 cold, uint256 key, bytes memory payload)
        internal
        view
        returns (Call memory made)
    {
        address agent = address(uint160(cold));
        uint256 gas = hot.gasLimit();
        (made.callee, made.gas) = (agent, gas);
        if (!hot.has(TriggerWord.CUSTOM)) {
            made.data = TriggerCall.encode(triggerId, key, payload);
            return made;
        }
        bytes memory config = _storedConfig(triggerId);
        bytes memory data = TriggerConfig.dataOf(config);
        if (data.length == 0) data = TriggerCall.encode(triggerId, key, payload);
        address target = _targetIn(config, agent);
        if (target != agent) {
            data = TriggerCall.forward(target, gas, data);
            (made.gas, made.callee) = (TriggerCall.forwarderGas(gas, data.length), forwarderOf(agent));
        }
        made.data = data;
    }

    function _targetOf(uint256 triggerId, uint256 hot, address agent) internal view returns (address) {
        return hot.has(TriggerWord.CUSTOM) ? _targetIn(_storedConfig(triggerId), agent) : agent;
    }

    function _targetIn(bytes memory config, address agent) private pure returns (address target) {
        target = TriggerConfig.targetOf(config);
        if (target == address(0)) target = agent;
    }
}
