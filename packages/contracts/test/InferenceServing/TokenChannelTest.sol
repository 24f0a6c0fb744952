// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {TestToken} from "../utils/TestToken.sol";
import {InferenceTest} from "./InferenceTest.sol";

/// @notice A provider that takes dollars too, and a user with 1,000 of them, all approved.
abstract contract TokenChannelTest is InferenceTest {
    TestToken internal token;
    uint256 internal userKey;

    function setUp() public virtual override {
        super.setUp();
        (user, userKey) = makeAddrAndKey("user");
        token = new TestToken();
        token.mint(user, 1000e6);
        vm.prank(user);
        token.approve(address(serving), type(uint256).max);
        _offerIn(provider, address(token));
        currency = address(token);
    }

    function _offerIn(address account, address token_) internal {
        vm.prank(account);
        annex.setTokenModel(token_, MODEL, 1e6, 2e6);
    }

    function _depositToken(uint256 amount) internal {
        vm.prank(user);
        annex.depositToken(address(token), amount);
    }

    function _balance(address account) internal view returns (uint256) {
        return annex.getTokenBalance(account, address(token));
    }

    /// @dev What the contract holds of the token.
    function _held() internal view returns (uint256) {
        return token.balanceOf(address(serving));
    }

    function _authorize(uint256 secret, uint256 amount, bytes32 nonce)
        internal
        view
        returns (ITokenPayments.Authorization memory)
    {
        uint256 validBefore = block.timestamp + 1 hours;
        bytes32 digest =
            token.authorizationDigest(vm.addr(secret), address(serving), amount, 0, validBefore, nonce);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return ITokenPayments.Authorization(0, validBefore, v, r, s);
    }

    function _permit(uint256 secret, uint256 amount) internal view returns (ITokenPayments.Permit memory) {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        (address owner, uint256 deadline) = (vm.addr(secret), block.timestamp + 1 hours);
        bytes32 structHash =
            keccak256(abi.encode(typehash, owner, address(serving), amount, token.nonces(owner), deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return ITokenPayments.Permit(amount, deadline, v, r, s);
    }
}
