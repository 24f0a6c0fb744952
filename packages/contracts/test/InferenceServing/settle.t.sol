// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {Channels} from "../../src/compute/libraries/Channels.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract SettleTest is InferenceTest {
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function setUp() public override {
        super.setUp();
        _open(10 ether);
    }

    /// INF-5: a voucher credits the provider, and nobody else, with what is above the voucher settled before.
    function test_creditsTheDifference(uint256 first, uint256 second) external {
        first = bound(first, 1, 9 ether);
        second = bound(second, first + 1, 10 ether);

        vm.assertEq(_settle(_voucher(_tally(0, first, 10))), first, "the first voucher's amount");
        vm.assertEq(_settle(_voucher(_tally(0, second, 20))), second - first, "what came on top");

        vm.assertEq(serving.getBalance(provider), second, "provider's balance");
        vm.assertEq(_channel().claimed, second, "claimed");
        vm.assertEq(_channel().tokens, 20, "tokens");
    }

    /// INF-5: one call settles the vouchers of many channels, and tells what each came to.
    function test_settlesManyAtOnce() external {
        (address other, uint256 otherKey) = makeAddrAndKey("another signer");
        _openAs(user, other, otherKey, provider, 1 ether);
        uint128 one = _tally(0, 2 ether, 5);
        uint128 two = _tally(0, 0.5 ether, 3);

        vm.expectEmit(address(serving));
        emit IInferenceRecords.Settled(provider, 2.5 ether);
        uint256 credited = _settle(abi.encodePacked(_voucher(one), _voucherFor(otherKey, provider, two)));

        vm.assertEq(credited, 2.5 ether, "both");
    }

    /// INF-5: anybody may submit, and the submitter gets nothing.
    function test_anybodySubmits(address submitter) external {
        vm.assume(submitter != provider);
        bytes memory packed = _voucher(_tally(0, 1 ether, 1));

        vm.prank(submitter);
        serving.settle(provider, ETHER, packed);

        vm.assertEq(serving.getBalance(submitter), 0, "submitter's balance");
        vm.assertEq(serving.getBalance(provider), 1 ether, "provider's balance");
    }

    /// INF-6: a bad item is skipped, and takes none of the others with it.
    function test_skipsForgedItems(uint256 at, uint8 xor) external {
        vm.assume(xor != 0);
        bytes memory forged = _voucher(_tally(0, 3 ether, 1));
        at = bound(at, 0, forged.length - 1);
        forged[at] = bytes1(uint8(forged[at]) ^ xor);
        bytes memory good = _voucher(_tally(0, 1 ether, 1));

        vm.assertEq(_settle(abi.encodePacked(forged, good)), 1 ether, "the good one only");
    }

    /// INF-6: a signature that recovers nothing credits nothing, also right after one that does.
    function test_skipsWhatRecoversNothing(bytes32 r) external {
        bytes memory good = _voucher(_tally(0, 1 ether, 1));
        bytes memory nothing = abi.encodePacked(ORDER, bytes32(0), _tally(0, 5 ether, 5));
        bytes memory tooLarge = abi.encodePacked(bytes32(type(uint256).max), r, _tally(0, 5 ether, 5));

        vm.assertEq(_settle(abi.encodePacked(good, nothing, tooLarge)), 1 ether, "the good one only");
    }

    /// INF-6: the high-s twin of a signature says something else in EIP-2098, and is skipped.
    function test_skipsHighS() external {
        uint128 tally = _tally(0, 1 ether, 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, _digest(_voucherHash(provider, tally)));
        uint256 twin = (ORDER - uint256(s)) | (uint256(28 - v) << 255);

        vm.assertEq(_settle(abi.encodePacked(r, twin, tally)), 0, "nothing");
    }

    /// INF-6: settling a voucher again, or an older one, credits nothing.
    function test_skipsOldVouchers() external {
        bytes memory old = _voucher(_tally(0, 1 ether, 10));
        bytes memory latest = _voucher(_tally(0, 2 ether, 20));

        vm.assertEq(_settle(abi.encodePacked(latest, latest, old)), 2 ether, "the latest, once");
        vm.assertEq(_settle(latest), 0, "again");
        vm.assertEq(_channel().tokens, 20, "tokens");
    }

    /// INF-6: an amount that did not grow is nothing new, whatever the tokens.
    function test_skipsTokensAlone() external {
        _settle(_voucher(_tally(0, 1 ether, 10)));

        vm.assertEq(_settle(_voucher(_tally(0, 1 ether, 20))), 0, "no more wei");
        vm.assertEq(_channel().tokens, 10, "tokens");
    }

    /// INF-7: the tokens are those of the last voucher that counted.
    function test_tokensAreTheLast() external {
        _settle(_voucher(_tally(0, 1 ether, 10)));

        vm.assertEq(_settle(_voucher(_tally(0, 2 ether, 9))), 1 ether, "more wei");
        vm.assertEq(_channel().tokens, 9, "tokens");
        vm.assertEq(_channel().deposit, 10 ether, "deposit");
    }

    /// INF-6, INF-7: whatever was settled before and is signed now, the model says what counts.
    function test_model(uint80 first, uint80 second, uint40 tokens, uint8 epoch) external {
        uint256 before = first > 10 ether ? 10 ether : first;
        uint256 then = second > 10 ether ? 10 ether : second;
        bool counts = epoch == 0 && then > before;

        vm.assertEq(_settle(_voucher(_tally(0, first, 7))), before, "first");
        uint256 got = _settle(_voucher(_tally(epoch, second, tokens)));

        vm.assertEq(got, counts ? then - before : 0, "second");
        vm.assertEq(_channel().claimed, counts ? then : before, "claimed");
        vm.assertEq(_channel().tokens, counts ? tokens : first == 0 ? 0 : 7, "tokens");
        vm.assertEq(_channel().epoch, 0, "epoch");
        vm.assertEq(_channel().deposit, 10 ether, "deposit");
        vm.assertEq(_channel().closeWindow, 1, "window");
    }

    /// INF-6: a voucher of another epoch is skipped, of a past and of a future one.
    function test_skipsOtherEpochs(uint8 epoch) external {
        vm.assume(epoch != 0);

        vm.assertEq(_settle(_voucher(_tally(epoch, 1 ether, 1))), 0, "another epoch");
    }

    /// INF-6: what is cut off at the end is ignored, and nothing behind `packed` is read.
    function test_ignoresWhatIsCutOff(uint256 cut) external {
        bytes memory first = _voucher(_tally(0, 1 ether, 1));
        bytes memory second = _voucher(_tally(0, 2 ether, 2));
        bytes memory message =
            abi.encodeCall(serving.settle, (provider, ETHER, abi.encodePacked(first, second)));
        // the length says less than what is there
        cut = bound(cut, 1, 80);
        uint256 length = 160 - cut;
        assembly ("memory-safe") {
            mstore(add(message, 0x84), length)
        }

        (bool success, bytes memory result) = address(serving).call(message);

        vm.assertTrue(success, "the call");
        vm.assertEq(abi.decode(result, (uint256)), 1 ether, "the whole item only");
    }

    /// INF-6: nothing at all is fine too.
    function test_emptyCreditsNothing() external {
        vm.assertEq(_settle(""), 0, "nothing");
    }

    /// INF-7: an amount above the deposit counts up to it, and the rest once the channel was funded.
    function test_capsAtTheDeposit() external {
        bytes memory voucher = _voucher(_tally(0, 12 ether, 50));

        vm.assertEq(_settle(voucher), 10 ether, "the deposit");
        vm.assertEq(_settle(voucher), 0, "nothing is left");
        _open(5 ether);
        vm.assertEq(_settle(voucher), 2 ether, "the rest");
        vm.assertEq(_channel().claimed, 12 ether, "claimed");
    }

    /// INF-8: a voucher for one provider is worth nothing to another.
    function test_attack_replayToAnotherProvider() external {
        address other = makeAddr("another provider");
        _offer(other);
        _openAs(user, signer, signerKey, other, 10 ether);

        vm.assertEq(serving.settle(other, ETHER, _voucher(_tally(0, 1 ether, 1))), 0, "nothing");
    }

    /// INF-8: a voucher for another token is worth nothing.
    function test_attack_replayFromAnotherToken() external {
        uint128 tally = _tally(0, 1 ether, 1);
        bytes32 typehash = keccak256("Voucher(address provider,address token,uint128 tally)");
        bytes32 structHash = keccak256(abi.encode(typehash, provider, makeAddr("token"), tally));

        bytes memory packed = abi.encodePacked(_compact(signerKey, _digest(structHash)), tally);

        vm.assertEq(_settle(packed), 0, "nothing");
    }

    /// INF-8: a voucher for another contract, or another chain, is worth nothing here.
    function test_attack_replayFromAnotherDomain() external {
        uint128 tally = _tally(0, 1 ether, 1);
        bytes32 structHash = _voucherHash(provider, tally);
        bytes32 elsewhere = _digestOf(address(registry), block.chainid, structHash);
        bytes32 otherChain = _digestOf(address(serving), block.chainid + 1, structHash);

        bytes memory packed =
            abi.encodePacked(_compact(signerKey, elsewhere), tally, _compact(signerKey, otherChain), tally);

        vm.assertEq(_settle(packed), 0, "nothing");
    }

    /// INF-8: after a fork of the chain, old vouchers are worth nothing on the new one.
    function test_attack_replayAfterFork() external {
        bytes memory packed = _voucher(_tally(0, 1 ether, 1));

        vm.chainId(block.chainid + 1);

        vm.assertEq(_settle(packed), 0, "nothing");
    }

    /// INF-8: a "provider" whose address is a small number does not reach another variable of the contract.
    function test_attack_lowProviderAddress(uint8 number, uint256 secret) external {
        secret = boundPrivateKey(secret);
        address attacker = vm.addr(secret);
        vm.deal(attacker, 1 ether);
        vm.prank(attacker);
        serving.deposit{value: 1 ether}();
        address low = address(uint160(number));
        bytes memory packed = _voucherFor(secret, low, _tally(0, 1 ether, 1));

        vm.assertEq(serving.settle(low, ETHER, packed), 0, "nothing");
        vm.assertEq(serving.getBalance(attacker), 1 ether, "attacker's balance");
    }

    /// INF-8: channels and meters lie in the name spaces that ERC-7201 gives them.
    function test_nameSpaces() external pure {
        vm.assertEq(Channels.CHANNELS, _erc7201("jeju.InferenceServing.channels"), "channels");
        vm.assertEq(Channels.METERS, _erc7201("jeju.InferenceServing.meters"), "meters");
    }

    /// INF-9: a voucher that was not submitted before the close is worth nothing after the channel was opened again.
    function test_attack_unsubmittedVoucherAfterReopening() external {
        bytes memory kept = _voucher(_tally(0, 3 ether, 3));
        _settle(_voucher(_tally(0, 1 ether, 1)));
        _closeUnilaterally();
        _open(10 ether);

        vm.assertEq(_settle(kept), 0, "the old epoch's");
        vm.assertEq(_settle(_voucher(_tally(1, 3 ether, 3))), 2 ether, "the new epoch's");
    }

    /// INF-10: vouchers settle in the window, and until the close is finalized.
    function test_settlesWhileClosing(uint256 elapsed) external {
        _requestClose();
        skip(bound(elapsed, 0, 30 days));

        vm.assertEq(_settle(_voucher(_tally(0, 1 ether, 1))), 1 ether, "while closing");
    }

    /// INF-4: an expired key's vouchers still settle.
    function test_settlesAfterTheKeyExpired() external {
        vm.warp(uint256(expiry) + 1 days);

        vm.assertEq(_settle(_voucher(_tally(0, 1 ether, 1))), 1 ether, "after the expiry");
    }

    /// INF-5: the digest that the contract names is the one that counts.
    function test_voucherDigest(uint128 tally) external view {
        bytes32 digest = _digest(_voucherHash(provider, tally));

        vm.assertEq(serving.voucherDigest(provider, ETHER, tally), digest, "digest");
    }

    function _erc7201(string memory name) private pure returns (bytes32) {
        return keccak256(abi.encode(uint256(keccak256(bytes(name))) - 1)) & ~bytes32(uint256(0xff));
    }
}
