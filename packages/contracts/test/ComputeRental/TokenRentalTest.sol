// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice A provider that takes dollars, and a renter who has some.
abstract contract TokenRentalTest is ComputeTest {
    uint256 internal constant TOKEN_PRICE = 5e6;
    string internal constant IMAGE = "docker.io/library/debian:13";

    TestToken internal token;
    uint256 internal providerId;
    /// @dev Who has dollars and no ether.
    address internal signer;
    uint256 internal key;

    function setUp() public virtual override {
        super.setUp();
        token = new TestToken();
        token.mint(renter, 1000e6);
        (signer, key) = makeAddrAndKey("signer");
        token.mint(signer, 100e6);
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

    /// @dev Of two hours, by `signer`.
    function _authorize(IComputeRental.SessionOrder memory order)
        internal
        view
        returns (ITokenPayments.Authorization memory auth)
    {
        auth.validBefore = block.timestamp + 1 hours;
        bytes memory data = abi.encodeCall(rental.createSessionWithAuthorization, (auth, signer, order));
        bytes memory signed = new bytes(data.length - 164);
        for (uint256 i = 0; i < signed.length; i++) {
            signed[i] = data[i + 164];
        }
        bytes32 digest = token.authorizationDigest(
            signer, address(rental), 2 * TOKEN_PRICE, 0, auth.validBefore, keccak256(signed)
        );
        (auth.v, auth.r, auth.s) = vm.sign(key, digest);
    }
}
