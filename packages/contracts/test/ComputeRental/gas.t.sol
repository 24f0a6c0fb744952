// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice What calls cost, as whole transactions from cold storage, where renter and provider have sessions already.
/// forge-config: default.isolate = true
contract RentalGasTest is ComputeTest {
    uint256 private providerId;

    function setUp() public override {
        super.setUp();
        providerId = _register();
        _rent(providerId, 24);
    }

    /// RENT-27: renting costs at most 118,000 gas with a bare ed25519 key, 24,000 more with a short comment.
    function test_createSession() external {
        _rent(providerId, 24);
        _assertGas(118_000, "createSession, bare ed25519 key");
        vm.prank(renter);
        rental.createSession{value: PRICE}(providerId, 1, string.concat(ED25519_KEY, " renter@example.com"));
        _assertGas(118_000 + 24_000, "createSession, key with a comment");
    }

    /// RENT-27: ending a session with a refund costs at most 43,000 gas.
    function test_terminateSession() external {
        vm.prank(provider);
        rental.activateSession(1, "access");
        _assertGas(80_000, "activateSession");
        skip(5 hours);
        vm.prank(renter);
        rental.terminateSession(1);
        _assertGas(43_000, "terminateSession, with a refund");
    }

    /// RENT-27: collecting costs at most 43,000 gas for one session and 8,600 for each more.
    function test_collect() external {
        uint256[] memory many = new uint256[](11);
        for (uint256 i = 0; i < 11; i++) {
            many[i] = i == 0 ? 1 : _rent(providerId, 24);
            vm.prank(provider);
            rental.activateSession(many[i], "access");
        }
        uint256[] memory one = new uint256[](1);
        one[0] = 1;
        vm.startPrank(provider);
        skip(2 hours);
        rental.collect(many);
        skip(1 hours);
        rental.collect(one);
        uint256 single = _assertGas(43_000, "collect, 1 session");
        skip(1 hours);
        rental.collect(many);
        _assertGas(single + 10 * 8600, "collect, 11 sessions");
    }

    /// RENT-27: a top-up of a session costs at most 72,500 gas: the ledger's draw, and the registry's word on the provider.
    function test_topUp() external {
        vm.prank(provider);
        rental.activateSession(1, "access");
        vm.startPrank(renter);
        ledger.deposit{value: 1 ether}();
        ledger.setTopUp(address(rental), bytes32(uint256(1)), 2 * PRICE, PRICE, 24 * PRICE);
        vm.stopPrank();
        skip(22 hours + 1);
        vm.prank(stranger);
        rental.topUp(renter, bytes32(uint256(1)));
        _assertGas(72_500, "topUp");
    }

    /// @dev Writes the figure where `scripts/gas.ts` finds it.
    function _assertGas(uint256 limit, string memory what) private returns (uint256 used) {
        vm.snapshotGasLastCall("ComputeRental", what);
        used = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(used, limit, what);
    }
}
