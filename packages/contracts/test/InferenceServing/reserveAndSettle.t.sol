// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {IReservations} from "../../src/compute/interfaces/IReservations.sol";
import {TestToken} from "../utils/TestToken.sol";
import {ReservationTest} from "./ReservationTest.sol";

contract ReserveAndSettleTest is ReservationTest {
    address internal stranger = makeAddr("stranger");

    /// INF-21: one call tops a channel up as its key reserved, and settles what goes beyond the deposit that was.
    function test_topsUpAndSettles() external {
        bytes memory packed = _voucher(_tally(0, 3 ether, 100));

        vm.expectEmit(address(serving));
        emit IInferenceRecords.ChannelFunded(user, signer, provider, ETHER, 3 ether, 3 ether);
        vm.prank(stranger);
        uint256 credited = annex.reserveAndSettle(provider, ETHER, _reservation(4 ether), packed);

        vm.assertEq(credited, 3 ether, "credited");
        vm.assertEq(_channel().deposit, 4 ether, "deposit");
        vm.assertEq(serving.getBalance(user), 17 ether, "user's");
        vm.assertEq(annex.capOf(signer, ETHER), CAP - 3 ether, "what is left of the cap");
    }

    /// INF-21: a key opens its channel with a provider that its owner never saw, without a transaction of his.
    function test_opensAChannel() external {
        address other = makeAddr("another provider");
        _offer(other);
        bytes memory item = _reservationFor(signerKey, other, 0, 2 ether, block.timestamp);

        annex.reserveAndSettle(other, ETHER, item, "");

        vm.assertEq(serving.channelOf(other, ETHER, signer).deposit, 2 ether, "deposit");
        vm.assertEq(serving.channelOf(other, ETHER, signer).closeWindow, 1, "window");
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, 10);
        vm.assertEq(entries.length, 2, "both are listed");
    }

    /// INF-21: it names a total, so a reservation replayed does nothing, also after the channel was funded otherwise.
    function test_attack_reservationReplayed(uint8 times) external {
        bytes memory item = _reservation(3 ether);
        for (uint256 i = 0; i < times % 5 + 2; ++i) {
            _reserve(abi.encodePacked(item, item));
        }
        vm.assertEq(_channel().deposit, 3 ether, "deposit");
        vm.assertEq(serving.getBalance(user), 18 ether, "user's");

        _open(1 ether);
        _reserve(item);
        vm.assertEq(_channel().deposit, 4 ether, "deposit, funded");
        _expectRefusal(item, IReservations.Refusal.Covered);
    }

    /// INF-21: closing ends it: refused while closing, and of an old epoch afterwards.
    function test_attack_reservationReplayedAfterTheClose() external {
        bytes memory item = _reservationFor(signerKey, provider, 0, 4 ether, block.timestamp + 1 days);
        _requestClose();
        _expectRefusal(item, IReservations.Refusal.Closing);
        _reserve(item);
        vm.assertEq(_channel().deposit, 1 ether, "while closing");

        skip(1 hours);
        serving.finalizeClose(provider, ETHER, signer);
        _expectRefusal(item, IReservations.Refusal.OtherEpoch);
        _reserve(item);
        vm.assertEq(_channel().deposit, 0, "after the close");
    }

    /// INF-21: it counts for one provider, token, contract and chain.
    function test_attack_reservationReplayedElsewhere() external {
        address other = makeAddr("another provider");
        _offer(other);
        bytes memory item = _reservation(4 ether);
        annex.reserveAndSettle(other, ETHER, item, "");
        vm.assertEq(serving.channelOf(other, ETHER, signer).deposit, 0, "another provider");

        annex.reserveAndSettle(provider, address(new TestToken()), item, "");
        vm.chainId(block.chainid + 1);
        _reserve(item);
        vm.assertEq(_channel().deposit, 1 ether, "another chain");
    }

    /// INF-21: the cap bounds all reservations of a key together, to the gwei.
    function test_neverExceedsTheCap(uint256[6] memory amounts) external {
        uint256 total = 1 ether;
        for (uint256 i = 0; i < amounts.length; ++i) {
            total += bound(amounts[i], 0, 2 ether);
            _reserve(_reservation(total));
        }
        uint256 drawn = 20 ether - serving.getBalance(user);
        vm.assertLe(drawn, CAP, "drawn");
        vm.assertEq(_channel().deposit, 1 ether + drawn, "deposit");
        vm.assertLe(annex.capOf(signer, ETHER) + drawn, CAP, "cap");
    }

    /// INF-21: each refusal has its reason, and none of them takes the others in the call with it.
    function test_saysWhyNot() external {
        (, uint256 unknown) = makeAddrAndKey("unknown");
        uint256 soon = block.timestamp + 1;
        _expectRefusal(
            _reservationFor(unknown, provider, 0, 2 ether, soon), IReservations.Refusal.UnknownSigner
        );
        _expectRefusal(_reservation(1 ether), IReservations.Refusal.Covered);
        _expectRefusal(_reservation(1 ether + CAP + 1), IReservations.Refusal.CapExceeded);
        _expectRefusal(
            _reservationFor(signerKey, provider, 1, 2 ether, soon), IReservations.Refusal.OtherEpoch
        );
        bytes memory late = _reservationFor(signerKey, provider, 0, 2 ether, block.timestamp - 1);
        _expectRefusal(late, IReservations.Refusal.Late);

        _reserve(abi.encodePacked(late, _reservation(100 ether), _reservation(2 ether)));
        vm.assertEq(_channel().deposit, 2 ether, "the good one");
        vm.prank(user);
        serving.withdraw(19 ether);
        _expectRefusal(_reservation(3 ether), IReservations.Refusal.BalanceTooLow);
        vm.warp(expiry);
        _expectRefusal(_reservation(3 ether), IReservations.Refusal.KeyExpired);
    }

    /// INF-21: a reservation that was changed anywhere is somebody else's.
    function test_attack_forgedReservation(uint256 at, uint8 xor) external {
        vm.assume(xor != 0);
        bytes memory item = _reservation(4 ether);
        at = bound(at, 0, item.length - 1);
        item[at] = bytes1(uint8(item[at]) ^ xor);

        _reserve(item);

        vm.assertEq(_channel().deposit, 1 ether, "deposit");
    }

    /// INF-21: only for providers that are registered, active and staked, so that a stolen cap buys no stranger's silence.
    function test_revertsWhen_providerIsNotServing() external {
        bytes memory item = _reservation(4 ether);
        vm.prank(provider);
        registry.setActive(false);

        vm.expectRevert(abi.encodeWithSelector(IReservations.ProviderNotServing.selector, provider));
        _reserve(item);
        vm.expectRevert(abi.encodeWithSelector(IReservations.ProviderNotServing.selector, stranger));
        annex.reserveAndSettle(stranger, ETHER, item, "");
    }

    /// INF-21: what is not whole is no reservation.
    function test_revertsWhen_itIsCutOff() external {
        vm.expectRevert(abi.encodeWithSelector(IReservations.InvalidReservation.selector, 79));
        _reserve(new bytes(79));
        vm.expectRevert(abi.encodeWithSelector(IReservations.InvalidReservation.selector, 160));
        annex.reservationOf(provider, ETHER, new bytes(160));
    }

    /// INF-25: the owner, and nobody else, changes what a key may reserve, by currency.
    function test_ownerSetsCaps(uint128 cap) external {
        address token = address(new TestToken());
        vm.expectRevert(abi.encodeWithSelector(IReservations.NotOwner.selector, signer, signer));
        vm.prank(signer);
        annex.setCap(signer, ETHER, 1);

        vm.startPrank(user);
        annex.setCap(signer, token, cap);
        vm.assertEq(annex.capOf(signer, token), cap, "in a token, to the unit");
        vm.assertEq(annex.capOf(signer, ETHER), CAP, "in ether as before");
        annex.setCap(signer, ETHER, 0);
        vm.stopPrank();

        _expectRefusal(_reservation(2 ether), IReservations.Refusal.CapExceeded);
        (address owner,, uint40 until) = serving.sessionOf(signer);
        vm.assertEq(owner, user, "owner");
        vm.assertEq(until, expiry, "expiry");
    }

    /// INF-25: a key that is registered with a token has its cap in that token, and none in ether.
    function test_reservesInAToken() external {
        TestToken token = new TestToken();
        token.mint(user, 100e6);
        vm.prank(provider);
        annex.setTokenModel(address(token), MODEL, 1, 1);
        (signer, signerKey) = makeAddrAndKey("signer of dollars");
        currency = address(token);
        vm.prank(user);
        token.approve(address(serving), type(uint256).max);
        _open(10e6);
        vm.prank(user);
        annex.depositToken(address(token), 50e6);

        _reserve(_reservation(40e6));

        vm.assertEq(_channel().deposit, 40e6, "deposit");
        vm.assertEq(annex.capOf(signer, address(token)), CAP - 30e6, "cap");
        vm.assertEq(annex.capOf(signer, ETHER), 0, "cap in ether");
    }

    function _expectRefusal(bytes memory item, IReservations.Refusal expected) private view {
        (,, IReservations.Refusal refusal) = annex.reservationOf(provider, currency, item);
        vm.assertEq(uint8(refusal), uint8(expected), "refusal");
    }
}
