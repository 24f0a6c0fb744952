// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {ComputeRegistry} from "../../src/compute/ComputeRegistry.sol";
import {ComputeRental} from "../../src/compute/ComputeRental.sol";
import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {GuardianPanel} from "../../src/compute/GuardianPanel.sol";
import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {Refuser} from "../utils/Refuser.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice Those who act: wallets that accept, refuse or call back, and a token that behaves or does not, as the run tells them.
/// @dev An action that cannot be done reverts, so that forge's count of reverts says how many calls did something.
abstract contract Wallets is CommonBase, StdUtils {
    uint256 public constant WALLETS = 8;
    uint256 public constant PURSE = 1_000_000 ether;
    address internal constant ETHER = address(0);

    ComputeStaking internal immutable STAKING;
    ComputeRegistry internal immutable REGISTRY;
    LedgerManager internal immutable LEDGER;
    ComputeRental internal immutable RENTAL;
    GuardianPanel internal immutable PANEL;
    TestToken public immutable TOKEN;

    Refuser[] public wallets;
    address private _blocked;

    constructor(ComputeRental rental) {
        RENTAL = rental;
        REGISTRY = ComputeRegistry(address(rental.REGISTRY()));
        STAKING = ComputeStaking(address(REGISTRY.STAKING()));
        LEDGER = LedgerManager(address(rental.LEDGER()));
        PANEL = GuardianPanel(address(rental.PANEL()));
        TOKEN = new TestToken();
        for (uint256 i = 0; i < WALLETS; i++) {
            Refuser wallet = new Refuser();
            wallets.push(wallet);
            vm.deal(address(wallet), PURSE);
            TOKEN.mint(address(wallet), 1e30);
            vm.startPrank(address(wallet));
            TOKEN.approve(address(RENTAL), type(uint256).max);
            TOKEN.approve(address(LEDGER), type(uint256).max);
            vm.stopPrank();
        }
    }

    /* MOODS AND TIME */

    /// @dev Mostly friendly; else the wallet refuses what it is paid, or collects from within a payment.
    function turn(uint256 who, uint256 how) external {
        Refuser wallet = _wallet(who);
        if (how % 4 == 0) wallet.setMood(Refuser.Mood.Revert);
        else if (how % 4 == 1) wallet.callBack(address(RENTAL), _collection(how));
        else wallet.setMood(Refuser.Mood.Accept);
    }

    /// @dev Mostly well-behaved; else the token takes fees, lets nothing move, lets one wallet have nothing, or calls back.
    function spoilToken(uint256 who, uint256 how) external {
        uint256 vice = how % 16;
        TOKEN.setFees(vice == 1 ? 1 : 0, vice == 2 ? 1 : 0);
        TOKEN.setPaused(vice == 3);
        TOKEN.setSilent(how % 2 == 1);
        TOKEN.setBlocked(_blocked, false);
        _blocked = address(_wallet(who));
        TOKEN.setBlocked(_blocked, vice == 4);
        TOKEN.setHook(address(_wallet(who)), vice == 5 ? address(RENTAL) : address(0), _collection(how));
    }

    function healToken() external {
        TOKEN.setFees(0, 0);
        TOKEN.setPaused(false);
        TOKEN.setBlocked(_blocked, false);
    }

    function waitMinutes(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 5 minutes));
    }

    /// @dev Now and then a week, after which stakes leave and guardians vote.
    function waitHours(uint256 time) external {
        vm.warp(block.timestamp + (time % 16 == 0 ? 7 days : bound(time, 1, 2 hours)));
    }

    /* INTERNAL */

    function _collection(uint256 seed) private view returns (bytes memory) {
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = 1 + seed % (RENTAL.sessionCount() + 1);
        return abi.encodeCall(RENTAL.collect, (sessionIds));
    }

    function _wallet(uint256 who) internal view returns (Refuser) {
        return wallets[who % WALLETS];
    }

    function skip(uint256 time) internal {
        vm.warp(block.timestamp + time);
    }

    function _act(uint256 who, address target, uint256 value, bytes memory call) internal {
        _wallet(who).act(target, value, call);
    }

    function _actAs(address wallet, address target, uint256 value, bytes memory call) internal {
        Refuser(payable(wallet)).act(target, value, call);
    }
}
