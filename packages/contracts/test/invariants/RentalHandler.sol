// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";

import {ComputeRegistry} from "../../src/compute/ComputeRegistry.sol";
import {ComputeRental} from "../../src/compute/ComputeRental.sol";
import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {Refuser} from "../utils/Refuser.sol";
import {TestToken} from "../utils/TestToken.sol";

/// @notice Does to the system what its users, strangers and hostile wallets may do, in any order.
contract RentalHandler is CommonBase, StdUtils {
    string private constant KEY =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N me@home";

    /// @dev From 3,600 wei an hour on each second earns a wei, so that no unpaid second hides in the rounding.
    uint256 private constant LOWEST_PRICE = 3600;
    uint256 private constant HIGHEST_PRICE = 2 ether;

    ComputeStaking private immutable STAKING;
    ComputeRegistry private immutable REGISTRY;
    ComputeRental private immutable RENTAL;
    TestToken public immutable TOKEN;

    /// @notice Everyone's wallet: it refuses, calls back or accepts, as the run tells it.
    Refuser[] public wallets;

    /// @notice How many calls did what they were to do.
    uint256 public successes;

    /// @notice How many of them brought a session before the guardians.
    uint256 public disputes;

    constructor(ComputeStaking staking, ComputeRegistry registry, ComputeRental rental) {
        STAKING = staking;
        REGISTRY = registry;
        RENTAL = rental;
        TOKEN = new TestToken();
        for (uint256 i = 0; i < 8; i++) {
            wallets.push(new Refuser());
            vm.deal(address(wallets[i]), 1_000_000 ether);
            TOKEN.mint(address(wallets[i]), 1e30);
            vm.prank(address(wallets[i]));
            TOKEN.approve(address(rental), type(uint256).max);
        }
    }

    function walletCount() external view returns (uint256) {
        return wallets.length;
    }

    function register(uint256 who, uint256 price) external {
        price = bound(price, LOWEST_PRICE, HIGHEST_PRICE);
        _act(who, address(REGISTRY), 0.1 ether, abi.encodeCall(REGISTRY.register, ("http://x", "", price)));
    }

    function unregister(uint256 who) external {
        _act(who, address(REGISTRY), 0, abi.encodeCall(REGISTRY.unregister, ()));
    }

    function updatePricing(uint256 who, uint256 price) external {
        price = bound(price, LOWEST_PRICE, HIGHEST_PRICE);
        _act(who, address(REGISTRY), 0, abi.encodeCall(REGISTRY.updatePricing, (price)));
    }

    function rent(uint256 who, uint256 providerId, uint256 durationHours) external {
        providerId = bound(providerId, 1, REGISTRY.providerCount());
        durationHours = bound(durationHours, 1, 12);
        (, uint256 price,) = REGISTRY.rentalTerms(providerId);
        bytes memory call = abi.encodeCall(RENTAL.createSession, (providerId, durationHours, KEY));
        _act(who, address(RENTAL), price * durationHours, call);
    }

    function priceInToken(uint256 who, uint256 price) external {
        price = bound(price, LOWEST_PRICE, 1e18);
        bytes memory call = abi.encodeCall(RENTAL.setTokenPrice, (address(TOKEN), price));
        _act(who, address(RENTAL), 0, call);
    }

    function rentInToken(uint256 who, uint256 providerId, uint256 durationHours) external {
        providerId = bound(providerId, 1, REGISTRY.providerCount());
        durationHours = bound(durationHours, 1, 12);
        bytes memory call = abi.encodeCall(
            RENTAL.createSessionFor,
            (providerId, durationHours, KEY, address(TOKEN), "", 0, type(uint256).max)
        );
        _act(who, address(RENTAL), 0, call);
    }

    /// @dev The token takes fees, lets nothing move, or lets one wallet have nothing; mostly it behaves.
    function spoilToken(uint256 who, uint256 how) external {
        TOKEN.setFees(how % 16 == 1 ? 1 : 0, how % 16 == 2 ? 1 : 0);
        TOKEN.setPaused(how % 16 == 3);
        TOKEN.setSilent(how % 2 == 1);
        TOKEN.setBlocked(address(_wallet(who)), how % 16 == 4);
    }

    function hookToken(uint256 who, uint256 sessionId) external {
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = _session(sessionId);
        TOKEN.setHook(address(_wallet(who)), address(RENTAL), abi.encodeCall(RENTAL.collect, (sessionIds)));
    }

    function claimUnpaid(uint256 who) external {
        address wallet = address(_wallet(who));
        _act(who, address(RENTAL), 0, abi.encodeCall(RENTAL.claimUnpaid, (address(TOKEN), wallet)));
    }

    function activate(uint256 sessionId) external {
        sessionId = _session(sessionId);
        _actAs(_ownerOf(sessionId), abi.encodeCall(RENTAL.activateSession, (sessionId, "")));
    }

    /// @dev Some sessions only, so that not all of them end like this.
    function decline(uint256 sessionId) external {
        sessionId = _session(sessionId);
        if (sessionId % 4 != 1) return;
        _actAs(_ownerOf(sessionId), abi.encodeCall(RENTAL.declineSession, (sessionId, "")));
    }

    function cancel(uint256 who, uint256 sessionId) external {
        _act(who, address(RENTAL), 0, abi.encodeCall(RENTAL.cancelSession, (_session(sessionId))));
    }

    function terminate(uint256 who, uint256 sessionId) external {
        _act(who, address(RENTAL), 0, abi.encodeCall(RENTAL.terminateSession, (_session(sessionId))));
    }

    function extend(uint256 sessionId, uint256 additionalHours) external {
        sessionId = _session(sessionId);
        if (sessionId == 0) return;
        additionalHours = bound(additionalHours, 1, 5);
        bool inToken = RENTAL.orderOf(sessionId).token != address(0);
        uint256 value = inToken ? 0 : RENTAL.sessionDetails(sessionId).pricePerHour * additionalHours;
        bytes memory call = abi.encodeCall(RENTAL.extendSession, (sessionId, additionalHours));
        try Refuser(payable(RENTAL.getSession(sessionId).renter)).act(address(RENTAL), value, call) {
            successes++;
        } catch {}
    }

    function collect(uint256 who, uint256 first, uint256 second) external {
        uint256[] memory sessionIds = new uint256[](2);
        (sessionIds[0], sessionIds[1]) = (_session(first), _session(second));
        _act(who, address(RENTAL), 0, abi.encodeCall(RENTAL.collect, (sessionIds)));
    }

    function slash(uint256 who, uint256 amount) external {
        vm.prank(address(RENTAL.PANEL()));
        STAKING.slash(address(_wallet(who)), bound(amount, 0, 0.05 ether));
    }

    function dispute(uint256 sessionId) external {
        sessionId = _session(sessionId);
        if (sessionId == 0) return;
        uint256 value = RENTAL.orderOf(sessionId).token == address(0) ? 1 ether : 0;
        bytes memory call = abi.encodeCall(RENTAL.dispute, (sessionId));
        try Refuser(payable(RENTAL.getSession(sessionId).renter)).act(address(RENTAL), value, call) {
            successes++;
            disputes++;
        } catch {}
    }

    function vote(uint256 who, uint256 sessionId, bool againstProvider) external {
        bytes memory call = abi.encodeCall(IGuardianPanel.vote, (_session(sessionId), againstProvider));
        _act(who, address(RENTAL.PANEL()), 0, call);
    }

    function resolve(uint256 who, uint256 sessionId) external {
        bytes memory call = abi.encodeCall(IGuardianPanel.resolve, (_session(sessionId)));
        _act(who, address(RENTAL.PANEL()), 0, call);
    }

    function takeShare(uint256 who, uint256 sessionId) external {
        bytes memory call = abi.encodeCall(IGuardianPanel.takeShare, (_session(sessionId)));
        _act(who, address(RENTAL.PANEL()), 0, call);
    }

    function stake(uint256 who, uint256 amount) external {
        _act(who, address(STAKING), bound(amount, 1, 2 ether), abi.encodeCall(STAKING.stake, ()));
    }

    function becomeGuardian(uint256 who) external {
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.becomeGuardian, ()));
    }

    function resignGuardian(uint256 who) external {
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.resignGuardian, ()));
    }

    function initiateUnstake(uint256 who, uint256 amount) external {
        amount = bound(amount, 0, 2 ether);
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.initiateUnstake, (amount)));
    }

    function completeUnstake(uint256 who) external {
        _act(who, address(STAKING), 0, abi.encodeCall(STAKING.completeUnstake, ()));
    }

    function accept(uint256 who) external {
        _wallet(who).setMood(Refuser.Mood.Accept);
    }

    function refuse(uint256 who) external {
        _wallet(who).setMood(Refuser.Mood.Revert);
    }

    function callBack(uint256 who, uint256 sessionId) external {
        uint256[] memory sessionIds = new uint256[](1);
        sessionIds[0] = _session(sessionId);
        _wallet(who).callBack(address(RENTAL), abi.encodeCall(RENTAL.collect, (sessionIds)));
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 3 hours));
    }

    function waitForStake(uint256 time) external {
        if (time % 4 == 0) vm.warp(block.timestamp + 7 days);
    }

    /// @dev 0 while there is none.
    function _session(uint256 sessionId) private view returns (uint256) {
        uint256 count = RENTAL.sessionCount();
        return count == 0 ? 0 : bound(sessionId, 1, count);
    }

    function _ownerOf(uint256 sessionId) private view returns (Refuser) {
        if (sessionId == 0) return wallets[0];
        return Refuser(payable(REGISTRY.ownerOf(RENTAL.getSession(sessionId).providerId)));
    }

    function _wallet(uint256 who) private view returns (Refuser) {
        return wallets[who % wallets.length];
    }

    function _actAs(Refuser wallet, bytes memory call) private {
        try wallet.act(address(RENTAL), 0, call) {
            successes++;
        } catch {}
    }

    function _act(uint256 who, address target, uint256 value, bytes memory call) private {
        try _wallet(who).act(target, value, call) {
            successes++;
        } catch {}
    }
}
