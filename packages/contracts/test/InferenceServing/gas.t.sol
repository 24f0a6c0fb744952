// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DollarCode, ProxiedDollar} from "../utils/ProxiedDollar.sol";
import {InferenceTest} from "./InferenceTest.sol";
import {ReservationTest} from "./ReservationTest.sol";

/// @notice What calls cost, as whole transactions from cold storage.
/// forge-config: default.isolate = true
contract InferenceServingGasTest is ReservationTest {
    address[] internal signers;
    uint256[] internal keys;

    /// @dev Without the channel and the balance that reservations begin with.
    function setUp() public override {
        InferenceTest.setUp();
    }

    /// INF-30: settling costs at most 39,500 for one, 130,000 for ten, 1,030,000 for a hundred, 10,000 for each further one.
    function test_settle() external {
        _openMany(110);
        _settle(_vouchers(0, 110, 0.1 ether, 10_000));

        _settleMore(0, 1);
        _assertGas(39_500, "settle, 1 voucher");
        _settleMore(0, 10);
        uint256 ten = _assertGas(130_000, "settle, 10 vouchers");
        _settleMore(10, 100);
        uint256 hundred = _assertGas(1_030_000, "settle, 100 vouchers");
        vm.assertLe((hundred - ten) / 90, 10_000, "each further one");
    }

    /// INF-30: the first open, with deposit, session key and consent, costs at most 105,000, in whatever currency.
    function test_firstOpen() external {
        _open(1 ether);

        _assertGas(105_000, "openChannel, first, with session key");
    }

    /// INF-30: in ether, with all of the value sent, the first open costs at most 100,000.
    function test_firstOpenInEther() external {
        (bytes32 r, bytes32 vs) = abi.decode(_consent(signerKey, user, signer), (bytes32, bytes32));
        vm.prank(user);
        serving.openEtherChannel{value: 1 ether}(provider, _terms(), r, vs);

        _assertGas(100_000, "openEtherChannel, first, with session key");
    }

    /// INF-30: a further provider, from the free balance, costs at most 68,000.
    function test_furtherProvider() external {
        address other = makeAddr("another provider");
        _offer(other);
        _open(1 ether);
        vm.prank(user);
        serving.deposit{value: 10 ether}();

        vm.prank(user);
        serving.fundChannel(other, ETHER, signer, 1 ether);

        _assertGas(68_000, "fundChannel, further provider");
    }

    /// INF-30: a cooperative close costs at most 46,000 where the owner has a free balance.
    function test_closeChannel() external {
        _open(1 ether);
        vm.prank(user);
        serving.deposit{value: 1 ether}();
        uint128 tally = _tally(0, 0.3 ether, 1000);
        _settle(_voucher(tally));
        uint256 deadline = block.timestamp + 5 minutes;
        bytes memory signature = _closeSignature(providerKey, tally, deadline);

        vm.prank(user);
        serving.closeChannel(provider, ETHER, signer, tally, deadline, signature);

        _assertGas(46_000, "closeChannel");
    }

    /// INF-30: a unilateral close costs at most 72,000 in its two calls, where the owner has a free balance.
    function test_unilateralClose() external {
        _open(1 ether);
        vm.prank(user);
        serving.deposit{value: 1 ether}();

        _requestClose();
        uint256 total = _assertGas(72_000, "requestClose");
        skip(1 hours);
        serving.finalizeClose(provider, ETHER, signer);
        total += _assertGas(72_000, "finalizeClose");
        vm.assertLe(total, 72_000, "unilateral close");
    }

    /// INF-30: posting a price again costs at most 50,000, charging a meter 60,000.
    function test_metered() external {
        vm.prank(user);
        serving.openMeter{value: 1 ether}(provider, ETHER, 1 ether);
        vm.prank(provider);
        serving.recordUsage(user, 1000, 1000, MODEL);

        vm.prank(provider);
        serving.recordUsage(user, 1000, 1000, MODEL);
        _assertGas(60_000, "recordUsage, again");
        vm.prank(provider);
        serving.setModel(MODEL, 0.0005 ether, 0.003 ether);
        _assertGas(50_000, "setModel, again");
        vm.prank(provider);
        serving.setModel("another model", 0.0005 ether, 0.003 ether);
        _assertGas(150_000, "setModel, first of a model");
    }

    /// INF-30: settling with payout in a token that costs what USDC costs is at most 61,000.
    function test_settleInAToken() external {
        DollarCode dollar = DollarCode(address(new ProxiedDollar()));
        currency = address(dollar);
        vm.prank(provider);
        annex.setTokenModel(currency, MODEL, 1e6, 2e6);
        dollar.mint(user, 1000e6);
        dollar.mint(provider, 1);
        vm.prank(user);
        dollar.approve(address(serving), type(uint256).max);
        _open(100e6);
        _settle(_voucher(_tally(0, 10e6, 1000)));

        bytes memory packed = _voucher(_tally(0, 20_123_456, 23_456));
        vm.prank(provider);
        serving.settleAndWithdraw(currency, packed, provider);
        _assertGas(61_000, "settleAndWithdraw, 1 voucher, USDC");
        _settle(_voucher(_tally(0, 30_123_456, 33_456)));
        _assertGas(41_000, "settle, 1 voucher, USDC");
    }

    /// INF-30: reserving and settling in one costs at most 85,000, a top-up of credit 53,000, and of a channel 69,500.
    function test_refills() external {
        _open(1 ether);
        vm.startPrank(user);
        serving.deposit{value: 10 ether}();
        ledger.deposit{value: 50 ether}();
        bytes32 key = annex.topUpKeyOf(provider, ETHER, signer);
        ledger.setTopUp(address(serving), bytes32(0), 20 ether, 1 ether, 10 ether);
        ledger.setTopUp(address(serving), key, 20 ether, 1 ether, 10 ether);
        vm.stopPrank();
        _settle(_voucher(_tally(0, 0.1 ether, 1000)));

        bytes memory packed = _voucher(_tally(0, 2.123_456 ether, 23_456));
        annex.reserveAndSettle(provider, ETHER, _reservation(3 ether), packed);
        _assertGas(85_000, "reserveAndSettle, 1 and 1");
        serving.topUp(user, bytes32(0));
        _assertGas(53_000, "topUp, credit");
        serving.topUp(user, key);
        _assertGas(69_500, "topUp, channel");
    }

    function _openMany(uint256 count) private {
        vm.deal(user, count * 1 ether);
        for (uint256 i = 0; i < count; ++i) {
            (address key, uint256 secret) = makeAddrAndKey(vm.toString(i));
            signers.push(key);
            keys.push(secret);
            _openAs(user, key, secret, provider, 1 ether);
        }
    }

    function _settleMore(uint256 from, uint256 count) private {
        uint256 before = serving.channelOf(provider, ETHER, signers[from]).claimed;
        _settle(_vouchers(from, count, before + 0.123_456_789_012_345_678 ether, before / 1e13 + 51_234));
    }

    function _vouchers(uint256 from, uint256 count, uint256 amount, uint256 tokens)
        private
        view
        returns (bytes memory packed)
    {
        for (uint256 i = from; i < from + count; ++i) {
            packed = abi.encodePacked(packed, _voucherFor(keys[i], provider, _tally(0, amount, tokens)));
        }
    }

    /// @dev Writes the figure where `scripts/gas.ts` finds it.
    function _assertGas(uint256 limit, string memory what) private returns (uint256 used) {
        vm.snapshotGasLastCall("InferenceServing", what);
        used = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(used, limit, what);
    }
}
