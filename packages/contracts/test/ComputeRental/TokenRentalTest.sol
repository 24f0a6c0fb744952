// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice A provider that takes dollars, and a renter who has some.
abstract contract TokenRentalTest is ComputeTest {
    uint256 internal constant TOKEN_PRICE = 5e6;
    string internal constant IMAGE = "docker.io/library/debian:13";

    TestToken internal token;
    uint256 internal providerId;

    function setUp() public virtual override {
        super.setUp();
        token = new TestToken();
        token.mint(renter, 1000e6);
        vm.prank(renter);
        token.approve(address(rental), type(uint256).max);
        providerId = _register();
        vm.prank(provider);
        rental.setTokenPrice(address(token), TOKEN_PRICE);
    }

    function _rentInToken(uint256 durationHours) internal returns (uint256) {
        vm.prank(renter);
        return rental.createSessionFor(
            providerId, durationHours, ED25519_KEY, address(token), IMAGE, "data", durationHours * TOKEN_PRICE
        );
    }

    function _runInToken(uint256 durationHours) internal returns (uint256 sessionId) {
        sessionId = _rentInToken(durationHours);
        vm.prank(provider);
        rental.activateSession(sessionId, "access");
    }

    function _order() internal view returns (IComputeRental.SessionOrder memory) {
        return IComputeRental.SessionOrder({
            providerId: providerId,
            durationHours: 2,
            sshPublicKey: ED25519_KEY,
            token: address(token),
            image: IMAGE,
            dataHash: "data",
            maxTotal: 100e6
        });
    }
}
