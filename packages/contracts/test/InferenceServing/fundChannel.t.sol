// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract FundChannelTest is InferenceTest {
    /// INF-13: the owner adds to a channel.
    function test_addsToTheChannel(uint256 amount) external {
        amount = bound(amount, 1, 50 ether);
        _open(1 ether);

        vm.prank(user);
        serving.fundChannel{value: amount}(provider, ETHER, signer, amount);

        vm.assertEq(_channel().deposit, 1 ether + amount, "deposit");
    }

    /// INF-13: he opens one with another provider, out of his balance, without another consent.
    function test_opensAnother() external {
        address other = makeAddr("another provider");
        _offer(other);
        _open(1 ether);
        vm.startPrank(user);
        serving.deposit{value: 2 ether}();

        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelFunded(user, signer, other, ETHER, 2 ether, 2 ether);
        serving.fundChannel(other, ETHER, signer, 2 ether);
        vm.stopPrank();

        vm.assertEq(serving.channelOf(other, ETHER, signer).deposit, 2 ether, "deposit");
    }

    /// INF-3: nobody else funds it, and an unknown key has none.
    function test_revertsWhen_keyIsNotTheCallers() external {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.UnknownSigner.selector, signer));
        vm.prank(user);
        serving.fundChannel{value: 1}(provider, ETHER, signer, 1);

        _open(1 ether);
        address other = makeAddr("other");
        vm.deal(other, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SignerTaken.selector, signer, user));
        vm.prank(other);
        serving.fundChannel{value: 1}(provider, ETHER, signer, 1);
    }
}
