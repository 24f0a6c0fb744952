// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract OpenChannelTest is InferenceTest {
    /// INF-13: one transaction deposits, registers the key and opens.
    function test_opensInOneTransaction() external {
        bytes memory consent = _consent(signerKey, user, signer);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.SessionKeyRegistered(user, signer, CAP, expiry);
        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelFunded(user, signer, provider, ETHER, 1 ether, 0);
        vm.prank(user);
        serving.openChannel{value: 1 ether}(provider, ETHER, 1 ether, signer, CAP, expiry, consent);

        vm.assertEq(_channel().deposit, 1 ether, "deposit");
        vm.assertEq(_channel().claimed, 0, "claimed");
        vm.assertEq(_channel().closeWindow, 1, "window");
        vm.assertEq(serving.getBalance(user), 0, "free balance");
        (address owner, uint128 cap, uint40 until) = serving.sessionOf(signer);
        vm.assertEq(owner, user, "owner");
        vm.assertEq(cap, CAP, "cap");
        vm.assertEq(until, expiry, "expiry");
    }

    /// INF-13: the value sent is spent first, then the free balance; what is too much becomes free balance.
    function test_takesTheRestFromTheBalance(uint256 before, uint256 value, uint256 amount) external {
        before = bound(before, 1, 40 ether);
        value = bound(value, 0, 40 ether);
        amount = bound(amount, 1, before + value);
        vm.prank(user);
        serving.deposit{value: before}();
        bytes memory consent = _consent(signerKey, user, signer);

        vm.prank(user);
        serving.openChannel{value: value}(provider, ETHER, amount, signer, CAP, expiry, consent);

        vm.assertEq(_channel().deposit, amount, "deposit");
        vm.assertEq(serving.getBalance(user), before + value - amount, "free balance");
    }

    /// INF-13: never more than there is.
    function test_revertsWhen_balanceIsShort(uint256 value) external {
        value = bound(value, 0, 1 ether - 1);
        bytes memory consent = _consent(signerKey, user, signer);

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.InsufficientBalance.selector, user, 0, 1 ether - value)
        );
        vm.prank(user);
        serving.openChannel{value: value}(provider, ETHER, 1 ether, signer, CAP, expiry, consent);
    }

    /// INF-13: nothing is no deposit, and 2^80 wei are too many.
    function test_revertsWhen_amountIsOutOfBounds() external {
        vm.expectRevert(IInferenceRecords.ZeroAmount.selector);
        this.open(0);

        vm.deal(user, 2 ** 80);
        _open(2 ** 80 - 1);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.DepositTooLarge.selector, 2 ** 80));
        this.open(1);
    }

    /// INF-13: only with a provider that offers something.
    function test_revertsWhen_providerOffersNothing() external {
        address silent = makeAddr("silent");
        _register(silent);
        bytes memory consent = _consent(signerKey, user, signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NothingOffered.selector, silent, ETHER));
        vm.prank(user);
        serving.openChannel{value: 1 ether}(silent, ETHER, 1 ether, signer, CAP, expiry, consent);
    }

    /// INF-3: the key must consent to this owner, cap and expiry.
    function test_revertsWhen_consentIsOfAnother() external {
        bytes memory consent = _consent(signerKey, makeAddr("somebody"), signer);
        _expectInvalidConsent(signer);
        this.openWith(consent, CAP, expiry);

        consent = _consent(operatorKey, user, signer);
        _expectInvalidConsent(signer);
        this.openWith(consent, CAP, expiry);

        consent = _consent(signerKey, user, signer);
        _expectInvalidConsent(signer);
        this.openWith(consent, CAP + 1, expiry);
        _expectInvalidConsent(signer);
        this.openWith(consent, CAP, expiry + 1);
        _expectInvalidConsent(signer);
        this.openWith("", CAP, expiry);
    }

    /// INF-3: nobody is no session key, though a bad signature recovers to it.
    function test_revertsWhen_keyIsNobody() external {
        _expectInvalidConsent(address(0));
        vm.prank(user);
        serving.openChannel{value: 1 ether}(provider, ETHER, 1 ether, address(0), CAP, expiry, "");
    }

    /// INF-3: who sees a consent before it is mined cannot take the key.
    function test_attack_frontRunRegistration() external {
        address thief = makeAddr("thief");
        vm.deal(thief, 1 ether);
        bytes memory consent = _consent(signerKey, user, signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidConsent.selector, thief, signer));
        vm.prank(thief);
        serving.openChannel{value: 1 ether}(provider, ETHER, 1 ether, signer, CAP, expiry, consent);
        _open(1 ether);

        (address owner,,) = serving.sessionOf(signer);
        vm.assertEq(owner, user, "owner");
    }

    /// INF-3: a key never changes its owner, even with its consent.
    function test_attack_rebindTheKey() external {
        _open(1 ether);
        address thief = makeAddr("thief");
        vm.deal(thief, 1 ether);
        bytes memory consent = _consent(signerKey, thief, signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SignerTaken.selector, signer, user));
        vm.prank(thief);
        serving.openChannel{value: 1 ether}(provider, ETHER, 1 ether, signer, CAP, expiry, consent);
    }

    /// INF-3: what a later call says of cap and expiry changes nothing, and it needs no consent.
    function test_laterCallsOnlyFund() external {
        _open(1 ether);

        this.openWith("", CAP * 2, expiry * 2);

        (, uint128 cap, uint40 until) = serving.sessionOf(signer);
        vm.assertEq(cap, CAP, "cap");
        vm.assertEq(until, expiry, "expiry");
        vm.assertEq(_channel().deposit, 2 ether, "deposit");
    }

    /// INF-3: the cap is kept in whole gwei, rounded down, and not above 2^56 - 1 of them.
    function test_roundsTheCapDown(uint128 cap) external {
        uint256 gweis = uint256(cap) / 1 gwei;
        uint256 most = type(uint56).max;
        bytes32 typehash = keccak256("Session(address owner,address signer,uint128 cap,uint40 expiry)");
        bytes32 digest = _digest(keccak256(abi.encode(typehash, user, signer, cap, expiry)));

        this.openWith(_sign(signerKey, digest), cap, expiry);

        (, uint128 kept,) = serving.sessionOf(signer);
        vm.assertEq(kept, (gweis < most ? gweis : most) * 1 gwei, "cap");
    }

    /// INF-4: an expired key gets no money, neither at first nor later.
    function test_revertsWhen_keyExpired() external {
        _open(1 ether);
        vm.warp(expiry);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SessionExpired.selector, signer, expiry));
        this.open(1 ether);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SessionExpired.selector, signer, expiry));
        vm.prank(user);
        serving.fundChannel{value: 1 ether}(provider, ETHER, signer, 1 ether);
    }

    /// INF-10: the window is the provider's at the opening; later ones count for later openings.
    function test_copiesTheWindow() external {
        _setWindow(24);
        _open(1 ether);
        _setWindow(2);
        _open(1 ether);

        vm.assertEq(_channel().closeWindow, 24, "window");
        _requestClose();
        skip(24 hours);
        serving.finalizeClose(provider, ETHER, signer);
        vm.assertEq(_channel().closeWindow, 0, "closed");
        _open(1 ether);
        vm.assertEq(_channel().closeWindow, 2, "opened again");
    }

    /// INF-10: a channel that is being closed takes no money.
    function test_revertsWhen_closing() external {
        _open(1 ether);
        _requestClose();
        uint256 closeAt = block.timestamp + 1 hours;

        vm.expectRevert(
            abi.encodeWithSelector(IInferenceRecords.ChannelClosing.selector, signer, provider, closeAt)
        );
        this.open(1 ether);
    }

    /// INF-12: a channel is closed at most 254 times: then it takes no more money, and nothing is left in it.
    function test_epochsEnd() external {
        for (uint256 i = 0; i < 254; ++i) {
            _open(1);
            _closeUnilaterally();
        }
        vm.assertEq(_channel().epoch, 254, "epoch");
        vm.assertEq(serving.getBalance(user), 254, "all of it came back");

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.EpochsExhausted.selector, signer, provider));
        this.open(1);
    }

    /// @dev External, so that a refusal of the last call in it can be expected.
    function open(uint256 amount) external {
        _open(amount);
    }

    function openWith(bytes memory consent, uint128 cap, uint40 until) external {
        vm.prank(user);
        serving.openChannel{value: 1 ether}(provider, ETHER, 1 ether, signer, cap, until, consent);
    }

    function _setWindow(uint8 closeWindow) private {
        vm.prank(provider);
        serving.setCloseWindow(closeWindow);
    }

    function _expectInvalidConsent(address key) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidConsent.selector, user, key));
    }
}
