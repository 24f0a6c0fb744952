// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {InferenceTest} from "../InferenceServing/InferenceTest.sol";

/// @notice Users, session keys and providers who do anything to InferenceServing, at any time.
contract InferenceHandler is InferenceTest {
    uint256 public constant COUNT = 2;

    address[] public users;
    address[] public signers;
    address[] public providers;
    uint256[] private _signerKeys;
    uint256[] private _providerKeys;

    /// @notice The most that a session key ever signed for a provider.
    mapping(address signer => mapping(address provider => uint256)) public signed;

    constructor() {
        InferenceTest.setUp();
        for (uint256 i = 0; i < COUNT; ++i) {
            users.push(makeAddr(string.concat("user ", vm.toString(i))));
            vm.deal(users[i], 1000 ether);
            (address key, uint256 secret) = makeAddrAndKey(string.concat("signer ", vm.toString(i)));
            signers.push(key);
            _signerKeys.push(secret);
            (key, secret) = makeAddrAndKey(string.concat("provider ", vm.toString(i)));
            providers.push(key);
            _providerKeys.push(secret);
            _offer(key);
        }
    }

    function contractUnderTest() external view returns (InferenceServing) {
        return serving;
    }

    /* ACTIONS */

    function deposit(uint256 who, uint256 amount) external {
        address payer = users[who % COUNT];
        vm.prank(payer);
        serving.deposit{value: bound(amount, 1, 10 ether)}();
    }

    function withdraw(uint256 who, bool isProvider, uint256 amount) external {
        address account = isProvider ? providers[who % COUNT] : users[who % COUNT];
        uint256 balance = serving.getBalance(account);
        if (balance == 0) return;
        vm.prank(account);
        serving.withdraw(bound(amount, 1, balance));
    }

    /// @dev A session key belongs to whoever opens first by it.
    function open(uint256 who, uint256 key, uint256 to, uint256 amount, uint256 value) external {
        address owner = users[who % COUNT];
        uint256 index = key % COUNT;
        amount = bound(amount, 1, 10 ether);
        value = bound(value, 0, 12 ether);
        bytes memory consent = _consent(_signerKeys[index], owner, signers[index]);
        vm.prank(owner);
        serving.openChannel{value: value}(
            providers[to % COUNT], ETHER, amount, signers[index], CAP, expiry, consent
        );
    }

    /// @dev Vouchers for several providers, of which only one's count, good and bad.
    function settle(uint256 seed, uint256 to, uint8 count) external {
        bytes memory packed;
        for (uint256 i = 0; i < count % 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            packed = abi.encodePacked(packed, _someVoucher(seed));
        }
        serving.settle(providers[to % COUNT], ETHER, packed);
    }

    function requestClose(uint256 key, uint256 to, bool byOwner) external {
        address key_ = signers[key % COUNT];
        (address owner,,) = serving.sessionOf(key_);
        vm.prank(byOwner ? owner : key_);
        serving.requestClose(providers[to % COUNT], ETHER, key_);
    }

    /// @dev Waits until it can be, half of the times.
    function finalizeClose(uint256 key, uint256 to, bool waits) external {
        (provider, signer) = (providers[to % COUNT], signers[key % COUNT]);
        _waitUntil(waits ? _channel().closeAt : 0);
        serving.finalizeClose(provider, ETHER, signer);
    }

    function closeChannel(uint256 key, uint256 to, uint256 more, uint256 tokens) external {
        provider = providers[to % COUNT];
        signer = signers[key % COUNT];
        uint256 amount = _channel().claimed + bound(more, 0, 5 ether);
        uint128 tally = _tally(_channel().epoch, amount, tokens);
        if (amount > signed[signer][provider]) signed[signer][provider] = amount;
        bytes memory signature = _closeSignature(_providerKeys[to % COUNT], tally, block.timestamp);
        vm.prank(signer);
        serving.closeChannel(provider, ETHER, signer, tally, block.timestamp, signature);
    }

    function openMeter(uint256 who, uint256 to, uint256 amount, uint256 value) external {
        vm.prank(users[who % COUNT]);
        serving.openMeter{value: bound(value, 0, 5 ether)}(
            providers[to % COUNT], ETHER, bound(amount, 1, 5 ether)
        );
    }

    function recordUsage(uint256 who, uint256 to, uint256 input, uint256 output) external {
        vm.prank(providers[to % COUNT]);
        serving.recordUsage(users[who % COUNT], input % 1e6, output % 1e6, MODEL);
    }

    function closeMeter(uint256 who, uint256 to) external {
        vm.prank(users[who % COUNT]);
        serving.closeMeter(providers[to % COUNT], ETHER);
    }

    function finalizeMeter(uint256 who, uint256 to, bool waits) external {
        (user, provider) = (users[who % COUNT], providers[to % COUNT]);
        _waitUntil(waits ? serving.meterOf(user, provider, ETHER).closeAt : 0);
        vm.prank(user);
        serving.finalizeMeter(provider, ETHER);
    }

    function setModel(uint256 to, uint256 input, uint256 output) external {
        vm.prank(providers[to % COUNT]);
        serving.setModel(MODEL, input % 1 ether, output % 1 ether);
    }

    function wait(uint256 time) external {
        skip(time % 2 hours);
    }

    /* INTERNAL */

    function _waitUntil(uint256 time) private {
        if (time > block.timestamp) vm.warp(time);
    }

    /// @dev Mostly the next one of a channel; sometimes of any epoch, any amount, or forged.
    function _someVoucher(uint256 seed) private returns (bytes memory voucher) {
        provider = providers[seed % COUNT];
        uint256 index = (seed >> 8) % COUNT;
        signer = signers[index];
        uint256 amount = _channel().claimed + (seed >> 16) % 3 ether;
        uint8 epoch = (seed >> 96) % 4 == 0 ? uint8((seed >> 104) % 3) : _channel().epoch;
        if ((seed >> 112) % 8 == 0) amount = uint80(seed >> 120);
        if (amount > signed[signer][provider]) signed[signer][provider] = amount;
        voucher = _voucherFor(_signerKeys[index], provider, _tally(epoch, amount, seed >> 200));
        if ((seed >> 240) % 8 == 0) voucher[(seed >> 248) % 80] ^= 0x01;
    }
}
