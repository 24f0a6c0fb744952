// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {CredulousToken} from "../utils/CredulousToken.sol";
import {TokenChannelTest} from "./TokenChannelTest.sol";

contract OpenChannelWithTest is TokenChannelTest {
    /// INF-23: a permit opens a channel in one transaction, used before or not.
    function test_attack_permitFrontRun(bool isFrontRun) external {
        vm.prank(user);
        token.approve(address(serving), 0);
        ITokenPayments.Permit memory permit = _permit(userKey, 7e6);
        if (isFrontRun) {
            token.permit(user, address(serving), 7e6, permit.deadline, permit.v, permit.r, permit.s);
        }

        bytes memory consent = _consent(signerKey, user, signer);
        vm.prank(user);
        annex.openChannelWithPermit(_opening(7e6), consent, permit);

        vm.assertEq(_channel().deposit, 7e6, "deposit");
    }

    /// INF-23: an authorization opens the channel it names, for its signer, whoever submits it.
    function test_anyoneSubmitsAnAuthorization() external {
        IInferenceRecords.Opening memory opening = _opening(9e6);
        bytes memory consent = _consent(signerKey, user, signer);
        ITokenPayments.Authorization memory auth = _authorizeOpening(opening, consent);

        vm.prank(makeAddr("relayer"));
        annex.openChannelWithAuthorization(user, opening, consent, auth);

        vm.assertEq(_channel().deposit, 9e6, "deposit");
        (address owner,,) = serving.sessionOf(signer);
        vm.assertEq(owner, user, "owner");
        vm.assertEq(annex.capOf(signer, address(token)), CAP, "cap");
        vm.assertEq(token.balanceOf(user), 991e6, "user's wallet");
    }

    /// INF-23: an EIP-3009 authorization submitted with other parameters opens nothing.
    function test_attack_authorizationWithOtherParameters(uint8 which) external {
        IInferenceRecords.Opening memory opening = _opening(9e6);
        bytes memory consent = _consent(signerKey, user, signer);
        ITokenPayments.Authorization memory auth = _authorizeOpening(opening, consent);
        address owner = user;
        if (which % 4 == 0) {
            opening.provider = makeAddr("thief");
            _offer(opening.provider);
            _offerIn(opening.provider, address(token));
        } else if (which % 4 == 1) {
            uint256 thiefKey;
            (opening.signer, thiefKey) = makeAddrAndKey("thief's signer");
            consent = _consent(thiefKey, user, opening.signer);
        } else if (which % 4 == 2) {
            opening.amount++;
        } else {
            owner = makeAddr("thief");
            consent = _consent(signerKey, owner, signer);
        }

        vm.expectRevert(
            abi.encodeWithSelector(ITokenPayments.AuthorizationNotSigned.selector, opening.token, owner)
        );
        annex.openChannelWithAuthorization(owner, opening, consent, auth);
        // Nor is it good for a deposit.
        vm.expectRevert(bytes("invalid signature"));
        annex.depositTokenWithAuthorization(user, address(token), 9e6, auth);
    }

    /// INF-23: exploit: a stranger's token that takes any signature gives others session keys, takes their keys' caps by being
    /// the first to register them, and fills their lists.
    function test_exploit_tokenThatTakesAnySignature(bool isOwn) external {
        CredulousToken credulous = new CredulousToken();
        address thief = makeAddr("thief");
        _offer(thief);
        _offerIn(thief, address(credulous));
        (address key, uint256 secret) = isOwn ? (signer, signerKey) : makeAddrAndKey("thief's signer");
        IInferenceRecords.Opening memory opening =
            IInferenceRecords.Opening(thief, address(credulous), 1, key, CAP, expiry);
        ITokenPayments.Authorization memory none = ITokenPayments.Authorization(0, 0, 27, "r", "s");
        bytes memory consent = _consent(secret, user, key);

        vm.expectRevert(
            abi.encodeWithSelector(ITokenPayments.AuthorizationNotSigned.selector, address(credulous), user)
        );
        annex.openChannelWithAuthorization(user, opening, consent, none);

        _open(9e6);
        vm.assertEq(annex.capOf(signer, address(token)), CAP, "the cap that its owner gave it");
    }

    /// INF-23: ether is no token.
    function test_revertsWhen_itIsEther() external {
        IInferenceRecords.Opening memory opening = _opening(1);
        opening.token = ETHER;
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotAToken.selector, ETHER));
        annex.openChannelWithPermit(opening, "", ITokenPayments.Permit(0, 0, 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotAToken.selector, ETHER));
        annex.openChannelWithAuthorization(user, opening, "", ITokenPayments.Authorization(0, 0, 0, 0, 0));
    }

    function _opening(uint256 amount) private view returns (IInferenceRecords.Opening memory) {
        return IInferenceRecords.Opening(provider, address(token), amount, signer, CAP, expiry);
    }

    function _authorizeOpening(IInferenceRecords.Opening memory opening, bytes memory consent)
        private
        view
        returns (ITokenPayments.Authorization memory)
    {
        bytes32 nonce = keccak256(abi.encode("openChannel", user, opening, consent));
        return _authorize(userKey, opening.amount, nonce);
    }
}
