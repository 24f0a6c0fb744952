// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base64} from "solady/utils/Base64.sol";

import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TokenRentalTest} from "./TokenRentalTest.sol";

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
        vm.prank(renter);
        rental.createSession{value: PRICE}(providerId, 1, _rsaKey());
        _row("createSession, RSA key of 3,072 bits");
    }

    /// @dev As long as one: base64 of 407 bytes and a name.
    function _rsaKey() private pure returns (string memory) {
        bytes memory blob = new bytes(407);
        for (uint256 i = 0; i < blob.length; i++) {
            blob[i] = bytes1(uint8(uint256(keccak256(abi.encode(i)))));
        }
        return string.concat("ssh-rsa ", Base64.encode(blob), " renter@example.com");
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

    /// RENT-27: a top-up of a session costs at most 69,500 gas: the ledger's draw, and the registry's word on the provider.
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
        _assertGas(69_500, "topUp");
    }

    /// RENT-27: what the other verbs cost is in the table too.
    function test_otherVerbs() external {
        uint256 sessionId = _rent(providerId, 1);
        vm.prank(provider);
        rental.declineSession(sessionId, "full");
        _row("declineSession");
        sessionId = _rent(providerId, 1);
        vm.prank(renter);
        rental.terminateSession(sessionId);
        _row("terminateSession, pending");
        sessionId = _rent(providerId, 1);
        skip(10 minutes + 1);
        vm.prank(renter);
        rental.cancelSession(sessionId);
        _row("cancelSession");
    }

    /// RENT-27: what the other verbs cost is in the table too.
    function test_runningSession() external {
        vm.prank(provider);
        rental.activateSession(1, "access");
        vm.startPrank(renter);
        rental.extendSession{value: PRICE}(1, 1);
        _row("extendSession");
        staking.stake{value: 0.01 ether}();
        rental.rate(1, 5);
        _row("rate, first");
        rental.rate(1, 4);
        _row("rate, again");
        rental.createSessionFor{value: PRICE}(providerId, 1, ED25519_KEY, address(0), "debian:13", 0, PRICE);
        _row("createSessionFor, ether and an image");
        vm.stopPrank();
        skip(3 hours);
        vm.prank(provider);
        rental.terminateSession(1);
        _row("terminateSession, by the provider");
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ComputeRental", what);
    }

    /// @dev Writes the figure where `scripts/gas.ts` finds it.
    function _assertGas(uint256 limit, string memory what) private returns (uint256 used) {
        vm.snapshotGasLastCall("ComputeRental", what);
        used = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(used, limit, what);
    }
}

/// @notice What sessions in a token cost, the token's own part included.
/// forge-config: default.isolate = true
contract TokenRentalGasTest is TokenRentalTest {
    /// RENT-27: what sessions in tokens cost is in the table too.
    function test_tokenSession() external {
        _rentInToken(1);
        _rentInToken(1);
        _row("createSessionFor, token and an image");
        uint256 sessionId = _rentWithPermit();
        _row("createSessionWithPermit");
        ITokenPayments.Authorization memory auth = _authorize(_order());
        rental.createSessionWithAuthorization(auth, signer, _order());
        _row("createSessionWithAuthorization");
        vm.startPrank(provider);
        rental.setTokenPrice(address(token), TOKEN_PRICE);
        rental.activateSession(sessionId, "access");
        vm.startPrank(renter);
        rental.extendSession(sessionId, 2);
        _row("extendSession, token");
        skip(1 hours);
        rental.terminateSession(sessionId);
        _row("terminateSession, token, with a refund");
        skip(1 hours);
        token.setPaused(true);
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = sessionId;
        vm.startPrank(provider);
        rental.collect(sessionIds);
        _row("collect, token that lets nothing move");
        token.setPaused(false);
        rental.claimUnpaid(address(token), provider);
        _row("claimUnpaid");
        rental.setTokenPrice(address(0x1234), 1);
        _row("setTokenPrice");
    }

    function _rentWithPermit() private returns (uint256) {
        vm.prank(renter);
        return rental.createSessionWithPermit(_order(), ITokenPayments.Permit(0, 0, 27, 0, 0));
    }

    function _row(string memory what) private {
        vm.snapshotGasLastCall("ComputeRental", what);
    }
}
