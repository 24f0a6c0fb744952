// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract OpenEtherChannelTest is InferenceTest {
    /// INF-31: one transaction deposits, registers the key and opens, and what is there then is as `openChannel` leaves it.
    function test_opensAsOpenChannelDoes(uint80 amount, uint56 gweis, uint40 until) external {
        amount = uint80(bound(amount, 1, PURSE));
        until = uint40(bound(until, block.timestamp + 1, type(uint40).max));
        uint128 cap = uint128(gweis) * 1 gwei;
        bytes memory consent = _compact(signerKey, _consentDigest(user, cap, until));

        uint256 snapshot = vm.snapshotState();
        vm.prank(user);
        serving.openChannel{value: amount}(provider, ETHER, amount, signer, cap, until, consent);
        bytes32 other = _all();
        vm.assertTrue(vm.revertToState(snapshot), "back");

        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelOpened(user, signer, provider, amount, cap, until);
        _openBy(user, _termsOf(signer, gweis, until), consent, amount);

        vm.assertEq(_all(), other, "session, channel, list and balances");
        vm.assertEq(_channel().deposit, amount, "deposit");
    }

    /// INF-31: for a key that is registered it funds; neither signature nor terms matter then, and the channel is listed once.
    function test_laterCallsOnlyFund(uint96 terms, bytes32 r, bytes32 vs) external {
        _first(1 ether);
        vm.deal(user, 2 ether);

        vm.prank(user);
        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelFunded(user, signer, provider, ETHER, 2 ether, 0);
        serving.openEtherChannel{value: 2 ether}(provider, (uint256(terms) << 160) | uint160(signer), r, vs);

        (address owner, uint128 cap, uint40 until) = serving.sessionOf(signer);
        vm.assertEq(owner, user, "owner");
        vm.assertEq(cap, CAP, "cap");
        vm.assertEq(until, expiry, "expiry");
        vm.assertEq(_channel().deposit, 3 ether, "deposit");
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, 10);
        vm.assertEq(entries.length, 1, "entries");
    }

    /// INF-31: what was signed for another owner, cap, expiry or by another key opens nothing.
    function test_revertsWhen_consentIsOfAnother() external {
        bytes memory consent = _consent(signerKey, user, signer);
        _refuses(makeAddr("thief"), signer, _terms(), consent);
        _refuses(user, signer, _terms() + (1 << 200), consent);
        _refuses(user, signer, _terms() + (1 << 160), consent);
        _refuses(user, operator, (_terms() >> 160 << 160) | uint160(operator), consent);
        _refuses(user, signer, _terms(), _consent(operatorKey, user, signer));
        _refuses(user, signer, _terms(), abi.encode(0, 0));
    }

    /// INF-31: nobody is no session key, though a bad signature recovers to it.
    function test_revertsWhen_keyIsNobody() external {
        _refuses(user, address(0), _terms() >> 160 << 160, abi.encode(0, 0));
    }

    /// INF-31: a key never changes its owner, even with its consent.
    function test_attack_rebindTheKey() external {
        _first(1 ether);
        address thief = makeAddr("thief");
        bytes memory consent = _consent(signerKey, thief, signer);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SignerTaken.selector, signer, user));
        this.openBy(thief, _terms(), consent, 1 ether);
    }

    /// INF-31: an expired key gets no money, neither at first nor later.
    function test_revertsWhen_keyExpired(bool isKnown) external {
        if (isKnown) _first(1 ether);
        vm.warp(expiry);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.SessionExpired.selector, signer, expiry));
        this.first(1 ether);
    }

    /// INF-31: nothing is no deposit, and 2^80 wei are too many.
    function test_revertsWhen_amountIsOutOfBounds() external {
        vm.expectRevert(IInferenceRecords.ZeroAmount.selector);
        this.first(0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.DepositTooLarge.selector, 2 ** 80));
        this.first(2 ** 80);
        _first(2 ** 80 - 1);
    }

    /// INF-31: only with a provider that offers something for ether.
    function test_revertsWhen_providerOffersNothing() external {
        provider = makeAddr("silent");
        _register(provider);

        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.NothingOffered.selector, provider, ETHER));
        this.first(1 ether);
    }

    /// @dev External, so that a refusal of the last call in it can be expected.
    function first(uint256 amount) external {
        _first(amount);
    }

    function openBy(address owner, uint256 terms, bytes memory consent, uint256 amount) external {
        _openBy(owner, terms, consent, amount);
    }

    function _first(uint256 amount) private {
        _openBy(user, _terms(), _consent(signerKey, user, signer), amount);
    }

    function _openBy(address owner, uint256 terms, bytes memory consent, uint256 amount) private {
        (bytes32 r, bytes32 vs) = abi.decode(consent, (bytes32, bytes32));
        vm.deal(owner, amount);
        vm.prank(owner);
        serving.openEtherChannel{value: amount}(provider, terms, r, vs);
    }

    function _refuses(address owner, address key, uint256 terms, bytes memory consent) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceRecords.InvalidConsent.selector, owner, key));
        this.openBy(owner, terms, consent, 1 ether);
    }

    function _consentDigest(address owner, uint128 cap, uint40 until) private view returns (bytes32) {
        bytes32 typehash = keccak256("Session(address owner,address signer,uint128 cap,uint40 expiry)");
        return _digest(keccak256(abi.encode(typehash, owner, signer, cap, until)));
    }

    /// @dev All that anyone can read of it.
    function _all() private view returns (bytes32) {
        (address owner, uint128 cap, uint40 until) = serving.sessionOf(signer);
        (IInferenceRecords.ChannelEntry[] memory entries, uint256 next) = serving.channelsOf(user, 0, 10);
        return keccak256(
            abi.encode(owner, cap, until, entries, next, serving.getBalance(user), address(serving).balance)
        );
    }
}
