// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {CredulousToken} from "../utils/CredulousToken.sol";
import {TokenRentalTest} from "./TokenRentalTest.sol";

/// @notice Sessions by permit and by authorization.
contract CreateSessionWithTest is TokenRentalTest {
    /// RENT-35: an authorization makes its signer a session, whoever submits it, once.
    function test_authorizationMakesItsSignersSession() external {
        ITokenPayments.Authorization memory auth = _authorize(_order());
        vm.prank(stranger);
        uint256 sessionId = rental.createSessionWithAuthorization(auth, signer, _order());
        vm.assertEq(rental.getSession(sessionId).renter, signer, "renter");
        vm.assertEq(token.balanceOf(signer), 100e6 - 2 * TOKEN_PRICE, "paid");
        vm.expectRevert(bytes("used"));
        rental.createSessionWithAuthorization(auth, signer, _order());
    }

    /// RENT-35: exploit: an authorization submitted with any other parameter is worthless.
    function test_exploit_authorizationWithOtherParameters() external {
        ITokenPayments.Authorization memory auth = _authorize(_order());
        IComputeRental.SessionOrder memory order = _order();
        order.sshPublicKey = string.concat(ED25519_KEY, " thief");
        _refused(auth, signer, order);
        order = _order();
        order.durationHours = 1;
        _refused(auth, signer, order);
        order = _order();
        order.image = "docker.io/thief/image";
        _refused(auth, signer, order);
        order = _order();
        order.maxTotal++;
        _refused(auth, signer, order);
        auth.validBefore++;
        _refused(auth, signer, _order());
    }

    /// RENT-35: exploit: what was signed for a deposit into the ledger makes no session.
    function test_exploit_authorizationOfAnotherContract() external {
        ITokenPayments.Authorization memory auth;
        auth.validBefore = block.timestamp + 1 hours;
        bytes32 nonce = keccak256(
            abi.encode("depositToken", signer, address(token), 2 * TOKEN_PRICE, 0, auth.validBefore)
        );
        bytes32 digest =
            token.authorizationDigest(signer, address(ledger), 2 * TOKEN_PRICE, 0, auth.validBefore, nonce);
        (auth.v, auth.r, auth.s) = vm.sign(key, digest);
        _refused(auth, signer, _order());
    }

    /// RENT-35: exploit: a stranger's token that takes any signature makes sessions in the name of others.
    function test_exploit_tokenThatMakesOthersRent() external {
        CredulousToken credulous = new CredulousToken();
        vm.prank(provider);
        rental.setTokenPrice(address(credulous), 1);
        IComputeRental.SessionOrder memory order = _order();
        order.token = address(credulous);

        vm.expectRevert(
            abi.encodeWithSelector(ITokenPayments.AuthorizationNotSigned.selector, address(credulous), renter)
        );
        vm.prank(stranger);
        rental.createSessionWithAuthorization(ITokenPayments.Authorization(0, 0, 27, "r", "s"), renter, order);
    }

    /// RENT-36: exploit: a permit that was used first does no harm.
    function test_exploit_permitFrontRun(bool isFrontRun) external {
        uint256 deadline = block.timestamp + 1;
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typehash, signer, address(rental), 50e6, 0, deadline));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), hash)));
        if (isFrontRun) {
            vm.prank(stranger);
            token.permit(signer, address(rental), 50e6, deadline, v, r, s);
        }
        vm.prank(signer);
        rental.createSessionWithPermit(_order(), ITokenPayments.Permit(50e6, deadline, v, r, s));
        vm.assertEq(token.balanceOf(address(rental)), 2 * TOKEN_PRICE, "escrow");
    }

    function _refused(
        ITokenPayments.Authorization memory auth,
        address who,
        IComputeRental.SessionOrder memory order
    ) private {
        vm.expectRevert();
        vm.prank(stranger);
        rental.createSessionWithAuthorization(auth, who, order);
    }
}
