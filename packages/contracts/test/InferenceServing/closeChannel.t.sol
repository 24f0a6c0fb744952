// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {Wallet} from "./Wallet.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract CloseChannelTest is InferenceTest {
    function setUp() public override {
        super.setUp();
        _open(10 ether);
    }

    /// INF-11: the provider is paid up to the tally, the owner gets the rest at once.
    function test_splitsTheDeposit(uint256 settled, uint256 amount, bool bySigner, bool byOperator) external {
        settled = bound(settled, 0, 10 ether);
        amount = bound(amount, settled, 12 ether);
        uint256 paid = amount < 10 ether ? amount : 10 ether;
        _settle(_voucher(_tally(0, settled, 5)));
        uint128 tally = _tally(0, amount, 9);
        uint256 deadline = block.timestamp + 10 minutes;
        bytes memory signature = _closeSignature(byOperator ? operatorKey : providerKey, tally, deadline);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelClosed(signer, provider, ETHER, paid - settled, 10 ether - paid);
        vm.prank(bySigner ? signer : user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);

        vm.assertEq(serving.getBalance(provider), paid, "provider's");
        vm.assertEq(serving.getBalance(user), 10 ether - paid, "owner's");
        vm.assertEq(_channel().tokens, 9, "tokens");
        vm.assertEq(_channel().epoch, 1, "epoch");
        vm.assertEq(_channel().deposit, _channel().claimed, "nothing is left");
    }

    /// INF-11: a provider that is a contract signs as ERC-1271 has it.
    function test_contractSigns() external {
        Wallet wallet = new Wallet(providerKey);
        provider = address(wallet);
        vm.deal(provider, 0.1 ether);
        _offer(provider);
        _open(1 ether);
        uint128 tally = _tally(0, 0.4 ether, 1);
        uint256 deadline = block.timestamp + 1 minutes;
        bytes memory signature = _closeSignature(providerKey, tally, deadline);

        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);

        vm.assertEq(serving.getBalance(provider), 0.4 ether, "provider's");
    }

    /// INF-11: nobody but owner and session key submits it.
    function test_revertsWhen_callerIsNoParty(address caller) external {
        vm.assume(caller != user && caller != signer);
        uint128 tally = _tally(0, 1 ether, 1);
        bytes memory signature = _closeSignature(providerKey, tally, block.timestamp);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotParty.selector, signer, caller));
        vm.prank(caller);
        serving.closeChannel(provider, ETHER, signer, tally, block.timestamp, signature);
    }

    /// INF-11: nobody but provider and operator signs it.
    function test_revertsWhen_signedByAnother(uint256 secret) external {
        secret = boundPrivateKey(secret);
        vm.assume(secret != providerKey && secret != operatorKey);

        _expectRefused(_tally(0, 1 ether, 1), block.timestamp, secret);
    }

    /// INF-11: an operator that was replaced signs no more.
    function test_revertsWhen_operatorWasReplaced() external {
        vm.prank(provider);
        registry.setOperator(makeAddr("another operator"));

        _expectRefused(_tally(0, 1 ether, 1), block.timestamp, operatorKey);
    }

    /// INF-11: not after the deadline, and not long before it.
    function test_revertsWhen_deadlineIsOff(uint256 deadline) external {
        uint256 time = block.timestamp;
        vm.assume(deadline < time || deadline > time + 10 minutes);
        uint128 tally = _tally(0, 1 ether, 1);
        bytes memory signature = _closeSignature(providerKey, tally, deadline);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidDeadline.selector, deadline, time));
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);
    }

    /// INF-11: a tally that the provider signed before it settled more is refused.
    function test_attack_outdatedTally() external {
        uint128 old = _tally(0, 1 ether, 1);
        uint256 deadline = block.timestamp + 10 minutes;
        bytes memory signature = _closeSignature(providerKey, old, deadline);
        _settle(_voucher(_tally(0, 2 ether, 2)));

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.StaleTally.selector, old, _tally(0, 2 ether, 2))
        );
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, old, deadline, signature);
    }

    /// INF-9: a signature that closed the channel once does not close it again.
    function test_attack_staleCloseSignature() external {
        uint128 tally = _tally(0, 1 ether, 1);
        uint256 deadline = block.timestamp + 10 minutes;
        bytes memory signature = _closeSignature(providerKey, tally, deadline);
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);
        _open(5 ether);
        _settle(_voucher(_tally(1, 1.5 ether, 2)));

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.StaleTally.selector, tally, _tally(1, 1.5 ether, 2))
        );
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);
    }

    /// INF-8: what an operator of two providers signs for one does not close the other's channel.
    function test_attack_sharedOperator() external {
        uint128 tally = _tally(0, 0, 0);
        uint256 deadline = block.timestamp + 10 minutes;
        bytes memory signature = _closeSignature(operatorKey, tally, deadline);
        address other = makeAddr("another provider");
        _offer(other);
        vm.prank(other);
        registry.setOperator(operator);
        _openAs(user, signer, signerKey, other, 1 ether);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidProviderSignature.selector, other));
        vm.prank(user);
        serving.closeChannel(other, ETHER, signer, tally, deadline, signature);
    }

    /// INF-11: it works while the channel is being closed the other way too.
    function test_closesWhileClosing() external {
        _requestClose();
        uint128 tally = _tally(0, 1 ether, 1);
        bytes memory signature = _closeSignature(providerKey, tally, block.timestamp);

        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, block.timestamp, signature);

        vm.assertEq(serving.getBalance(user), 9 ether, "owner's");
        vm.assertEq(_channel().closeAt, 0, "not closing any more");
    }

    /// INF-11: what is not open cannot be closed.
    function test_revertsWhen_notOpen() external {
        _closeUnilaterally();
        uint128 tally = _tally(1, 0, 0);
        bytes memory signature = _closeSignature(providerKey, tally, block.timestamp);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.ChannelNotOpen.selector, signer, provider));
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, block.timestamp, signature);
    }

    function _expectRefused(uint128 tally, uint256 deadline, uint256 secret) private {
        bytes memory signature = _closeSignature(secret, tally, deadline);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidProviderSignature.selector, provider));
        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);
    }
}
