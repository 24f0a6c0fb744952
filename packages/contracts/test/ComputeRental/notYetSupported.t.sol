// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INotYetSupported} from "../../src/compute/interfaces/INotYetSupported.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract NotYetSupportedTest is ComputeTest {
    function _expect(string memory feature) private {
        vm.expectRevert(abi.encodeWithSelector(INotYetSupported.NotYetSupported.selector, feature));
    }

    /// REG-15: what this version does not offer reverts and names itself, and keeps no ether.
    function test_names_itself() external {
        _expect("ERC-8004 agents");
        registry.registerWithAgent{value: 1}(0, ENDPOINT, "", 1);
    }
}
