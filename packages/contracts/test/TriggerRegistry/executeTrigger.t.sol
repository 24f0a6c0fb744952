// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INotYetSupported} from "../../src/compute/interfaces/INotYetSupported.sol";
import {TriggerTest} from "./TriggerTest.sol";

contract ExecuteTriggerTest is TriggerTest {
    /// TRG-9: nothing runs yet, and the error says so.
    function test_revertsWhen_called(uint256 triggerId, bytes memory input) external {
        vm.expectRevert(abi.encodeWithSelector(INotYetSupported.NotYetSupported.selector, "executeTrigger"));
        triggers.executeTrigger(triggerId, input);
    }
}
