// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
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

    /// LED-14: the ledger's part of a top-up costs at most 44,000 gas, as a transaction of its own.
    function test_drawTopUp() external {
        address service = makeAddr("service");
        vm.deal(service, 1);
        vm.startPrank(renter);
        ledger.deposit{value: 2 ether}();
        ledger.setTopUp(service, "key", 1 ether, 1 ether, 1 ether);
        _assertGas(100_000, "setTopUp, first");
        vm.stopPrank();
        vm.prank(service);
        ledger.drawTopUp(renter, "key", 1 ether);
        _assertGas(44_000, "drawTopUp");
    }

    /// LED-14: what the other verbs cost is in the table too.
    function test_otherVerbs() external {
        address service = makeAddr("service");
        vm.deal(service, 1);
        vm.startPrank(renter);
        ledger.depositFor{value: 1 ether}(provider);
        _row("depositFor, first");
        ledger.deposit{value: 1 ether}();
        ledger.withdrawTo(1, stranger);
        _row("withdrawTo");
        ledger.depositTokenFor(stranger, address(token), 1e6);
        _row("depositTokenFor, first");
        ledger.depositTokenWithPermit(address(token), 1e6, ITokenPayments.Permit(0, 0, 27, 0, 0));
        _row("depositTokenWithPermit, first");
        ledger.depositTokenWithAuthorization(signer, address(token), 1e6, _authorize(1e6));
        _row("depositTokenWithAuthorization, first");
        ledger.withdrawTokenTo(address(token), 1, provider);
        _row("withdrawTokenTo");
        ledger.allow(service, address(0), 1 ether);
        _row("allow, first");
        ledger.setTopUpToken(service, "token", address(token), 3e6, 3e6, 3e6);
        _row("setTopUpToken, first");
        vm.startPrank(service);
        ledger.draw(renter, address(0), 0.5 ether);
        _row("draw, first");
        ledger.drawTopUp(renter, "token", 2e6);
        _row("drawTopUp, token, half of it out of the wallet");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("LedgerManager", what);
    }

    function _assertGas(uint256 limit, string memory what) private {
        vm.snapshotGasLastCall("LedgerManager", what);
        vm.assertLe(vm.lastCallGas().gasTotalUsed, limit, what);
    }
}
