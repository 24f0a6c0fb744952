// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract GetUsageTest is InferenceTest {
    struct Opened {
        address provider;
        address signer;
        bool metered;
    }

    Opened[] private _opened;
    uint256 private _tokens;
    uint256 private _cost;

    /// INF-14: whatever a user opens, with whom, by which key and in which order, it is listed once and counts.
    function test_listsAllThatWasOpened(uint256 seed, uint256 count, uint256 limit) external {
        count = bound(count, 0, 12);
        limit = bound(limit, 1, 6);
        for (uint256 i = 0; i < count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            _use(seed);
        }

        (uint256 tokens, uint256 cost) = serving.getUsage(user);
        vm.assertEq(tokens, _tokens, "tokens");
        vm.assertEq(cost, _cost, "cost");
        _assertPages(limit);
        _assertEntries(limit);
    }

    /// INF-14: one key's channels with many providers, more than a record holds, are all listed.
    function test_listsManyOfOneKey() external {
        for (uint256 i = 0; i < 8; ++i) {
            address to = makeAddr(vm.toString(i));
            _offer(to);
            _openAs(user, signer, signerKey, to, 1 ether);
        }

        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, 10);
        vm.assertEq(entries.length, 8, "entries");
        for (uint256 i = 0; i < 8; ++i) {
            vm.assertEq(entries[i].provider, makeAddr(vm.toString(7 - i)), "provider");
        }
    }

    /// INF-14: what another user buys is not his.
    function test_isTheUsersOwn() external {
        _open(1 ether);
        _settle(_voucher(_tally(0, 0.5 ether, 7)));

        (uint256 tokens, uint256 cost) = serving.getUsage(makeAddr("another user"));
        vm.assertEq(tokens + cost, 0, "nothing");
    }

    /// INF-14: closing and opening again changes neither list nor usage.
    function test_closingKeepsUsage() external {
        _open(1 ether);
        _settle(_voucher(_tally(0, 0.5 ether, 7)));
        _closeUnilaterally();
        _open(1 ether);
        _settle(_voucher(_tally(1, 0.75 ether, 9)));

        (uint256 tokens, uint256 cost) = serving.getUsage(user);
        vm.assertEq(tokens, 9, "tokens");
        vm.assertEq(cost, 0.75 ether, "cost");
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, 10);
        vm.assertEq(entries.length, 1, "entries");
    }

    /// INF-14: no cursor and no limit makes a page fail.
    function test_anyCursorAndLimit(uint256 cursor, uint256 limit) external {
        _open(1 ether);

        serving.channelsOf(user, cursor, limit);
        serving.getUsagePage(user, cursor, limit);
        (IInferenceRecords.ChannelEntry[] memory entries, uint256 next) =
            serving.channelsOf(user, 0, type(uint256).max);
        vm.assertEq(entries.length, 1, "entries");
        vm.assertEq(next, 0, "the end");
    }

    /// @dev Opens one of four providers' channels by one of three keys, or its meter, and uses some of it.
    function _use(uint256 seed) private {
        (address to, uint256 toKey) = makeAddrAndKey(string.concat("provider ", vm.toString(seed % 4)));
        if (registry.providerIdOf(to) == 0) _offer(to);
        bool metered = (seed >> 8) % 4 == 0;
        string memory name = string.concat("signer ", vm.toString((seed >> 16) % 3));
        (address key, uint256 secret) = metered ? (user, toKey) : makeAddrAndKey(name);
        _remember(Opened({provider: to, signer: key, metered: metered}));

        if (metered) {
            vm.prank(user);
            serving.openMeter{value: 1 ether}(to, ETHER, 1 ether);
            vm.prank(to);
            serving.recordUsage(user, 1_000_000, 0, MODEL);
            _tokens += 1_000_000;
            _cost += 0.001 ether;
        } else {
            _openAs(user, key, secret, to, 1 ether);
            IInferenceRecords.Channel memory before = serving.channelOf(to, ETHER, key);
            uint128 tally = _tally(0, before.claimed + 0.5 ether, before.tokens + 11);
            serving.settle(to, ETHER, _voucherFor(secret, to, tally));
            _tokens += 11;
            _cost += 0.5 ether;
        }
    }

    function _remember(Opened memory opened) private {
        for (uint256 i = 0; i < _opened.length; ++i) {
            if (keccak256(abi.encode(_opened[i])) == keccak256(abi.encode(opened))) return;
        }
        _opened.push(opened);
    }

    function _assertPages(uint256 limit) private view {
        uint256 cursor = 0;
        uint256 tokens = 0;
        uint256 cost = 0;
        do {
            uint256 more;
            uint256 wei_;
            (more, wei_, cursor) = serving.getUsagePage(user, cursor, limit);
            tokens += more;
            cost += wei_;
        } while (cursor != 0);
        vm.assertEq(tokens, _tokens, "tokens of the pages");
        vm.assertEq(cost, _cost, "cost of the pages");
    }

    function _assertEntries(uint256 limit) private view {
        uint256 cursor = 0;
        uint256 left = _opened.length;
        do {
            IInferenceRecords.ChannelEntry[] memory entries;
            (entries, cursor) = serving.channelsOf(user, cursor, limit);
            vm.assertLe(entries.length, limit * 3, "page");
            for (uint256 i = 0; i < entries.length; ++i) {
                Opened memory expected = _opened[--left];
                vm.assertEq(entries[i].provider, expected.provider, "provider");
                vm.assertEq(entries[i].signer, expected.signer, "signer");
                vm.assertEq(entries[i].metered, expected.metered, "metered");
                vm.assertEq(entries[i].token, ETHER, "token");
                vm.assertGt(entries[i].channel.deposit, 0, "deposit");
            }
        } while (cursor != 0);
        vm.assertEq(left, 0, "all of them");
    }
}
