// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Wallets} from "./Wallets.sol";

/// @notice What wallets do with stakes, roles and the registry.
abstract contract StakeActions is Wallets {
    /// @dev From 3,600 wei an hour on each second earns a wei, so that no unpaid second hides in the rounding.
    uint256 private constant LOWEST_PRICE = 3600;
    uint256 private constant HIGHEST_PRICE = 2 ether;

    /// @dev The first wallet from `who` on that has no provider.
    function register(uint256 who, uint256 price) external {
        who %= WALLETS;
        for (uint256 i = 0; i < WALLETS && REGISTRY.providerIdOf(address(_wallet(who))) != 0; i++) {
            who++;
        }
        price = bound(price, LOWEST_PRICE, HIGHEST_PRICE);
        _act(who, address(REGISTRY), 0.1 ether, abi.encodeCall(REGISTRY.register, ("http://x", "", price)));
        bytes memory call = abi.encodeCall(RENTAL.setTokenPrice, (address(TOKEN), LOWEST_PRICE + price / 1e6));
        _act(who, address(RENTAL), 0, call);
    }

    function unregister(uint256 who) external {
        _actAs(_owner(who), address(REGISTRY), 0, abi.encodeCall(REGISTRY.unregister, ()));
    }

    function updatePrices(uint256 who, uint256 price, uint256 tokenPrice) external {
        address owner = _owner(who);
        price = bound(price, LOWEST_PRICE, HIGHEST_PRICE);
        tokenPrice = bound(tokenPrice, LOWEST_PRICE, 1e18);
        _actAs(owner, address(REGISTRY), 0, abi.encodeCall(REGISTRY.updatePricing, (price)));
        _actAs(owner, address(RENTAL), 0, abi.encodeCall(RENTAL.setTokenPrice, (address(TOKEN), tokenPrice)));
    }

    function stake(uint256 who, uint256 amount) external {
        _act(who, address(STAKING), bound(amount, 1, 2 ether), abi.encodeCall(STAKING.stake, ()));
    }

    function takeRole(uint256 who, bool asGuardian) external {
        bytes memory data = asGuardian
            ? abi.encodeCall(STAKING.becomeGuardian, ())
            : abi.encodeCall(STAKING.becomeAttester, ());
        _act(who, address(STAKING), 0, data);
    }

    /// @dev Guardians mostly stay, since disputes need three.
    function leaveRole(uint256 who) external {
        bool asGuardian = STAKING.guardianSince(address(_wallet(who))) != 0 && who % 4 == 0;
        bytes memory data = asGuardian
            ? abi.encodeCall(STAKING.resignGuardian, ())
            : abi.encodeCall(STAKING.resignAttester, ());
        _act(who, address(STAKING), 0, data);
    }

    function initiateUnstake(uint256 who, uint256 amount) external {
        address wallet = address(_wallet(who));
        (uint256 staked, uint256 needed) = (STAKING.stakeOf(wallet), STAKING.required(wallet));
        uint256 most = staked > needed ? staked - needed : 0;
        // Now and then one wei more than may leave.
        amount = amount % 8 == 0 ? most + 1 : bound(amount, 0, most);
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.initiateUnstake, (amount)));
    }

    function completeUnstake(uint256 who) external {
        for (uint256 i = 0; i < WALLETS; i++) {
            (uint256 amount, uint256 at) = STAKING.pendingUnstake(address(_wallet(who % WALLETS + i)));
            if (amount == 0) continue;
            who = who % WALLETS + i;
            // Now and then as soon as it may leave.
            if (at > block.timestamp && amount % 8 == 0) vm.warp(at);
            break;
        }
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.completeUnstake, ()));
    }

    /// @dev What a verdict does, more often than verdicts do it.
    function slash(uint256 who, uint256 amount) external {
        vm.prank(address(PANEL));
        STAKING.slash(address(_wallet(who)), bound(amount, 0, 0.05 ether));
    }

    /// @dev The owner of a provider.
    function _owner(uint256 seed) internal view returns (address) {
        return REGISTRY.ownerOf(1 + seed % REGISTRY.providerCount());
    }
}
