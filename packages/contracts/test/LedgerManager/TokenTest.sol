// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice A renter with 1,000 dollars, all approved to the ledger.
abstract contract TokenTest is ComputeTest {
    TestToken internal token;

    function setUp() public virtual override {
        super.setUp();
        token = new TestToken();
        token.mint(renter, 1000e6);
        vm.prank(renter);
        token.approve(address(ledger), type(uint256).max);
    }

    function _depositToken(uint256 amount) internal {
        vm.prank(renter);
        ledger.depositToken(address(token), amount);
    }

    function _balance(address account) internal view returns (uint256) {
        return ledger.getTokenBalance(account, address(token));
    }
}
