// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenTest} from "./TokenTest.sol";

/// @notice What calls cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract LedgerGasTest is TokenTest {
    /// LED-14: a deposit costs at most 46,000 gas.
    function test_deposit() external {
        vm.startPrank(renter);
        ledger.deposit{value: 1 ether}();
        _assertGas(46_000, "deposit, first");
        ledger.deposit{value: 1 ether}();
        _assertGas(32_000, "deposit, again");
        ledger.withdraw(1);
        _assertGas(40_000, "withdraw");
        ledger.depositToken(address(token), 1e6);
        _assertGas(100_000, "depositToken, first");
        ledger.depositToken(address(token), 1e6);
        _assertGas(70_000, "depositToken, again");
        ledger.withdrawToken(address(token), 1);
        _assertGas(65_000, "withdrawToken");
    }

    function _assertGas(uint256 limit, string memory what) private {
        vm.snapshotGasLastCall("LedgerManager", what);
        vm.assertLe(vm.lastCallGas().gasTotalUsed, limit, what);
    }
}
