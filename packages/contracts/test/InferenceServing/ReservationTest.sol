// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InferenceTest} from "./InferenceTest.sol";

/// @notice A user with ether on its free balance, and a session key that may reserve of it.
abstract contract ReservationTest is InferenceTest {
    function setUp() public virtual override {
        super.setUp();
        _open(1 ether);
        vm.prank(user);
        serving.deposit{value: 20 ether}();
    }

    function _reservation(uint256 total) internal view returns (bytes memory) {
        return _reservationFor(signerKey, provider, 0, total, block.timestamp + 5 minutes);
    }

    function _reservationFor(uint256 secret, address to, uint8 epoch, uint256 total, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structHash = _reserveHash(to, currency, epoch, total, deadline);
        return abi.encodePacked(_compact(secret, _digest(structHash)), epoch, uint80(total), uint40(deadline));
    }

    function _reserveHash(address to, address token, uint8 epoch, uint256 total, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256(
            "Reserve(address provider,address token,uint8 epoch,uint80 depositTotal,uint40 deadline)"
        );
        return keccak256(abi.encode(typehash, to, token, epoch, total, deadline));
    }

    function _reserve(bytes memory reservations) internal returns (uint256) {
        return annex.reserveAndSettle(provider, currency, reservations, "");
    }
}
