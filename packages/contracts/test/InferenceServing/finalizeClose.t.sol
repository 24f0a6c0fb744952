// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract FinalizeCloseTest is InferenceTest {
    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        serving.setCloseWindow(3);
        _open(10 ether);
    }

    /// INF-10: after the window what is left is the owner's, whoever finalizes.
    function test_refundsTheOwner(uint256 claimed, bool bySigner, address finalizer) external {
        claimed = bound(claimed, 0, 10 ether);
        vm.expectEmit(address(serving));
        emit IInferenceRecords.CloseRequested(signer, provider, ETHER, block.timestamp + 3 hours);
        vm.prank(bySigner ? signer : user);
        serving.requestClose(provider, ETHER, signer);
        _settle(_voucher(_tally(0, claimed, 5)));
        skip(3 hours);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelClosed(signer, provider, ETHER, 0, 10 ether - claimed);
        vm.prank(finalizer);
        serving.finalizeClose(provider, ETHER, signer);

        vm.assertEq(serving.getBalance(user), 10 ether - claimed, "owner's");
        vm.assertEq(serving.getBalance(provider), claimed, "provider's");
        vm.assertEq(_channel().epoch, 1, "epoch");
    }

    /// INF-10: not a second before.
    function test_revertsWhen_windowIsOpen(uint256 elapsed) external {
        _requestClose();
        uint256 closeAt = block.timestamp + 3 hours;
        skip(bound(elapsed, 0, 3 hours - 1));

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.CloseWindowOpen.selector, closeAt, block.timestamp)
        );
        serving.finalizeClose(provider, ETHER, signer);
    }

    /// INF-10: not without a request.
    function test_revertsWhen_nobodyAsked() external {
        skip(365 days);

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.CloseNotRequested.selector, signer, provider)
        );
        serving.finalizeClose(provider, ETHER, signer);
    }

    /// INF-10: once only.
    function test_revertsWhen_closed() external {
        _requestClose();
        skip(3 hours);
        serving.finalizeClose(provider, ETHER, signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.ChannelNotOpen.selector, signer, provider));
        serving.finalizeClose(provider, ETHER, signer);
    }

    /// INF-10: asking again does not begin the window again.
    function test_revertsWhen_askedAgain() external {
        _requestClose();
        uint256 closeAt = block.timestamp + 3 hours;
        skip(1 hours);

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.ChannelClosing.selector, signer, provider, closeAt)
        );
        vm.prank(user);
        serving.requestClose(provider, ETHER, signer);
    }

    /// INF-10: only owner and session key ask.
    function test_revertsWhen_askerIsNoParty(address asker) external {
        vm.assume(asker != user && asker != signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotParty.selector, signer, asker));
        vm.prank(asker);
        serving.requestClose(provider, ETHER, signer);
    }

    /// INF-10: a provider that is late still settles in the block of the finalization, if before it, and nothing after it.
    function test_attack_closeWindowRace() external {
        bytes memory voucher = _voucher(_tally(0, 4 ether, 5));
        bytes memory last = _voucher(_tally(0, 6 ether, 6));
        _requestClose();
        skip(3 hours);

        vm.assertEq(_settle(voucher), 4 ether, "before");
        serving.finalizeClose(provider, ETHER, signer);
        vm.assertEq(_settle(last), 0, "after");
        vm.assertEq(serving.getBalance(user), 6 ether, "owner's");
    }

    /// INF-4: an expired key still closes.
    function test_closesAfterTheKeyExpired() external {
        vm.warp(uint256(expiry) + 1);
        vm.prank(signer);
        serving.requestClose(provider, ETHER, signer);
        skip(3 hours);
        serving.finalizeClose(provider, ETHER, signer);

        vm.assertEq(serving.getBalance(user), 10 ether, "owner's");
    }

    /// INF-10: windows are 1 to 24 hours, and a registered provider's.
    function test_revertsWhen_windowIsOutOfBounds(uint8 closeWindow) external {
        bool valid = closeWindow != 0 && closeWindow <= 24;
        if (!valid) {
            vm.expectRevert(
                abi.encodeWithSelector(IInferenceRecords.InvalidCloseWindow.selector, closeWindow)
            );
        }
        vm.prank(provider);
        serving.setCloseWindow(closeWindow);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NotProvider.selector, user));
        vm.prank(user);
        serving.setCloseWindow(1);
    }
}
