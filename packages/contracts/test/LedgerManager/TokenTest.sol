// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITokenPayments} from "../../src/compute/interfaces/ITokenPayments.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice A renter with 1,000 dollars, all approved to the ledger.
abstract contract TokenTest is ComputeTest {
    TestToken internal token;
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
        token.approve(address(ledger), type(uint256).max);
    }

    function _depositToken(uint256 amount) internal {
        vm.prank(renter);
        ledger.depositToken(address(token), amount);
    }

    function _balance(address account) internal view returns (uint256) {
        return ledger.getTokenBalance(account, address(token));
    }

    /// @dev By `signer`.
    function _authorize(uint256 amount) internal view returns (ITokenPayments.Authorization memory auth) {
        auth.validBefore = block.timestamp + 1 hours;
        bytes32 nonce =
            keccak256(abi.encode("depositToken", signer, address(token), amount, 0, auth.validBefore));
        bytes32 digest =
            token.authorizationDigest(signer, address(ledger), amount, 0, auth.validBefore, nonce);
        (auth.v, auth.r, auth.s) = vm.sign(key, digest);
    }
}
