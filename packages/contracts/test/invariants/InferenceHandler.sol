// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "../InferenceServing/InferenceTest.sol";
import {ReservationTest} from "../InferenceServing/ReservationTest.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice Users, session keys and providers who do anything to InferenceServing, in ether, in dollars, and in a token that takes
///         fees, stops and calls back as it likes, at any time.
contract InferenceHandler is ReservationTest {
    uint256 public constant COUNT = 2;
    uint256 public constant COINS = 3;
    /// @dev Of one of two, and of one of two, in one of the coins.
    uint256 private constant PLACES = COUNT * COUNT * COINS;

    address[] public users;
    address[] public signers;
    address[] public providers;
    address[COINS] public coins;
    uint256[] private _signerKeys;
    uint256[] private _providerKeys;

    /// @notice The most that a session key ever signed for a provider.
    mapping(address coin => mapping(address signer => mapping(address provider => uint256))) public signed;
    /// @notice All that reservations by a key ever drew.
    mapping(address coin => mapping(address signer => uint256)) public reserved;

    constructor() {
        InferenceTest.setUp();
        coins = [ETHER, address(new TestToken()), address(new TestToken())];
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
            for (uint256 j = 1; j < COINS; ++j) {
                _fill(users[i], coins[j]);
            }
        }
    }

    function contractUnderTest() external view returns (InferenceServing) {
        return serving;
    }

    function balanceOf(address account, address coin) public view returns (uint256) {
        return coin == ETHER ? serving.getBalance(account) : annex.getTokenBalance(account, coin);
    }

    /* ACTIONS */

    function deposit(uint256 who, uint256 coin, uint256 amount) external inCoin(coin) {
        amount = bound(amount, 1, 10 ether);
        vm.prank(users[who % COUNT]);
        if (currency == ETHER) serving.deposit{value: amount}();
        else annex.depositToken(currency, amount);
    }

    function withdraw(uint256 who, uint256 coin, bool isProvider, uint256 amount) external inCoin(coin) {
        address account = isProvider ? providers[who % COUNT] : users[who % COUNT];
        uint256 balance = balanceOf(account, currency);
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        vm.prank(account);
        if (currency == ETHER) serving.withdraw(amount);
        else annex.withdrawToken(currency, amount);
    }

    /// @dev A session key belongs to whoever opens first by it, and mostly it is he who opens by it again.
    function open(uint256 who, uint256 coin, uint256 key, uint256 to, uint256 amount, uint256 value)
        external
        inCoin(coin)
    {
        uint256 index = key % COUNT;
        (address owner,,) = serving.sessionOf(signers[index]);
        if (owner == address(0) || who % 8 == 0) owner = users[who / 8 % COUNT];
        amount = bound(amount, 1, 10 ether);
        value = currency == ETHER ? bound(value, 0, 12 ether) : 0;
        bytes memory consent = _consent(_signerKeys[index], owner, signers[index]);
        vm.prank(owner);
        if (currency == ETHER && value % 3 == 0) {
            (bytes32 r, bytes32 vs) = abi.decode(consent, (bytes32, bytes32));
            uint256 terms = _termsOf(signers[index], CAP / 1 gwei, expiry);
            return serving.openEtherChannel{value: value}(providers[to % COUNT], terms, r, vs);
        }
        serving.openChannel{value: value}(
            providers[to % COUNT], currency, amount, signers[index], CAP, expiry, consent
        );
    }

    /// @dev Vouchers for several providers, of which only one's count, good and bad.
    function settle(uint256 seed, uint256 coin, uint256 to, uint8 count, bool paysOut) external inCoin(coin) {
        bytes memory packed;
        for (uint256 i = 0; i < count % 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            packed = abi.encodePacked(packed, _someVoucher(seed));
        }
        address payee = providers[to % COUNT];
        vm.prank(payee);
        if (paysOut) serving.settleAndWithdraw(currency, packed, payee);
        else serving.settle(payee, currency, packed);
    }

    /// @dev Twice the same, up to any total, of which the cap and the owner's balance allow what they allow.
    function reserve(uint256 coin, uint256 key, uint256 to, uint256 more) external inCoin(coin) {
        (provider, signer) = (providers[to % COUNT], signers[key % COUNT]);
        (address owner,,) = serving.sessionOf(signer);
        if (owner == address(0)) return;
        uint256 before = balanceOf(owner, currency);
        uint256 total = _channel().deposit + bound(more, 0, 3 ether);
        bytes memory item =
            _reservationFor(_signerKeys[key % COUNT], provider, _channel().epoch, total, block.timestamp);
        _reserve(abi.encodePacked(item, item));
        reserved[currency][signer] += before - balanceOf(owner, currency);
    }

    /// @dev Mostly by whom it can be, and of what is not full.
    function topUp(uint256 who, uint256 coin, uint256 seed, bool ofChannel, uint256 amount)
        external
        inCoin(coin)
    {
        address account = users[who % COUNT];
        bytes32 place = bytes32(uint256(uint160(currency)));
        if (ofChannel) {
            _turnToChannel(seed, false);
            place = annex.topUpKeyOf(provider, currency, signer);
            (address owner,,) = serving.sessionOf(signer);
            if (owner != address(0) && who % 8 != 0) account = owner;
        }
        uint256 threshold = amount % 8 == 0 ? 5 ether : 50 ether;
        amount = bound(amount, 1, 1 ether);
        vm.startPrank(account);
        if (currency == ETHER) ledger.deposit{value: amount}();
        ledger.setTopUpToken(address(serving), place, currency, threshold, amount, amount);
        vm.stopPrank();
        serving.topUp(account, place);
    }

    /// @dev The last of the coins takes fees, stops, lists people, or enters again, as told.
    function misbehave(uint8 how, uint256 who) external {
        TestToken coin = TestToken(coins[COINS - 1]);
        coin.setFees(how % 7 == 1 ? 1 : 0, how % 7 == 2 ? 1 : 0);
        coin.setPaused(how % 7 == 3);
        coin.setBlocked(providers[who % COUNT], how % 7 == 4);
        bytes memory again = abi.encodeCall(annex.depositToken, (coins[1], 1));
        coin.setHook(address(serving), how % 7 == 5 ? address(serving) : address(0), again);
    }

    /// @notice Ends all that the last coin does, so that everybody can leave.
    function behave() external {
        this.misbehave(0, 0);
        this.misbehave(0, 1);
    }

    function requestClose(uint256 seed, bool byOwner) external {
        _turnToChannel(seed, false);
        (address owner,,) = serving.sessionOf(signer);
        vm.prank(byOwner ? owner : signer);
        serving.requestClose(provider, currency, signer);
    }

    /// @dev Waits until it can be, half of the times.
    function finalizeClose(uint256 seed, bool waits) external {
        _turnToChannel(seed, true);
        _waitUntil(waits ? _channel().closeAt : 0);
        serving.finalizeClose(provider, currency, signer);
    }

    function closeChannel(uint256 seed, bool closing, uint256 more, uint256 tokens) external {
        uint256 secret = _providerKeys[_turnToChannel(seed, closing) % COUNT];
        uint256 amount = _channel().claimed + bound(more, 0, 5 ether);
        uint128 tally = _tally(_channel().epoch, amount, tokens);
        if (amount > signed[currency][signer][provider]) signed[currency][signer][provider] = amount;
        bytes memory signature = _closeSignature(secret, tally, block.timestamp);
        vm.prank(signer);
        serving.closeChannel(provider, currency, signer, tally, block.timestamp, signature);
    }

    function openMeter(uint256 who, uint256 coin, uint256 to, uint256 amount, uint256 value)
        external
        inCoin(coin)
    {
        value = currency == ETHER ? bound(value, 0, 5 ether) : 0;
        vm.prank(users[who % COUNT]);
        serving.openMeter{value: value}(providers[to % COUNT], currency, bound(amount, 1, 5 ether));
    }

    function recordUsage(uint256 seed, uint256 input, uint256 output) external {
        _turnToMeter(seed, false);
        vm.prank(provider);
        if (currency == ETHER) serving.recordUsage(user, input % 1e5, output % 1e5, MODEL);
        else serving.recordTokenUsage(provider, currency, user, input % 1e5, output % 1e5, MODEL);
    }

    function closeMeter(uint256 seed) external {
        _turnToMeter(seed, false);
        vm.prank(user);
        serving.closeMeter(provider, currency);
    }

    function finalizeMeter(uint256 seed, bool waits) external {
        _turnToMeter(seed, true);
        _waitUntil(waits ? serving.meterOf(user, provider, currency).closeAt : 0);
        vm.prank(user);
        serving.finalizeMeter(provider, currency);
    }

    function setModel(uint256 to, uint256 input, uint256 output) external {
        vm.prank(providers[to % COUNT]);
        serving.setModel(MODEL, input % 1 ether, output % 1 ether);
    }

    function wait(uint256 time) external {
        skip(time % 2 hours);
    }

    /* INTERNAL */

    modifier inCoin(uint256 coin) {
        currency = coins[coin % COINS];
        _;
    }

    function _fill(address account, address coin) private {
        TestToken(coin).mint(account, 1e6 ether);
        vm.startPrank(account);
        TestToken(coin).approve(address(serving), type(uint256).max);
        TestToken(coin).approve(address(ledger), type(uint256).max);
        vm.stopPrank();
        for (uint256 i = 0; i < providers.length; ++i) {
            vm.prank(providers[i]);
            annex.setTokenModel(coin, MODEL, 0.001 ether, 0.002 ether);
        }
    }

    /// @dev Turns to the first channel from the drawn one on that is open, and is closing or not; where none is, or now and then,
    ///      to the drawn one.
    function _turnToChannel(uint256 seed, bool closing) private returns (uint256 place) {
        for (uint256 i = seed % 8 == 0 ? PLACES : 0; i <= PLACES; ++i) {
            place = (seed / 8 + i) % PLACES;
            provider = providers[place % COUNT];
            signer = signers[place / COUNT % COUNT];
            currency = coins[place / COUNT / COUNT];
            if (_isOpen(_channel(), closing)) break;
        }
    }

    /// @dev As `_turnToChannel`.
    function _turnToMeter(uint256 seed, bool closing) private {
        for (uint256 i = seed % 8 == 0 ? PLACES : 0; i <= PLACES; ++i) {
            uint256 place = (seed / 8 + i) % PLACES;
            provider = providers[place % COUNT];
            user = users[place / COUNT % COUNT];
            currency = coins[place / COUNT / COUNT];
            if (_isOpen(serving.meterOf(user, provider, currency), closing)) break;
        }
    }

    function _isOpen(IInferenceRecords.Channel memory channel, bool closing) private pure returns (bool) {
        return channel.closeWindow != 0 && (channel.closeAt != 0) == closing;
    }

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
        if (amount > signed[currency][signer][provider]) signed[currency][signer][provider] = amount;
        voucher = _voucherFor(_signerKeys[index], provider, _tally(epoch, amount, seed >> 200));
        if ((seed >> 240) % 8 == 0) voucher[(seed >> 248) % 80] ^= 0x01;
    }
}
