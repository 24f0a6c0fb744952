// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeRental} from "../../src/compute/ComputeRental.sol";
import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {IGuardianPanel} from "../../src/compute/interfaces/IGuardianPanel.sol";
import {LedgerActions} from "./LedgerActions.sol";
import {Wallets} from "./Wallets.sol";

/// @notice Does to the system what its users, strangers and hostile wallets may do, in any order.
contract ComputeHandler is LedgerActions {
    string private constant KEY =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N me@home";
    /// @dev How many sessions after the one that was drawn are looked at for one that fits.
    uint256 private constant LOOK = 12;

    error NoneFits();

    /// @dev As agreed and paid: what an hour costs, and all that was paid in.
    struct Made {
        address renter;
        address owner;
        address token;
        uint256 providerId;
        uint256 pricePerHour;
        uint256 deposit;
    }

    /// @notice The sessions as they were made, by this contract's own books.
    mapping(uint256 sessionId => Made) public made;

    /// @notice The sessions that were disputed.
    uint256[] public disputed;

    /// @notice What a wallet spent of its ledger by calls of its own.
    mapping(address wallet => mapping(address token => uint256)) public spent;

    constructor(ComputeRental rental) Wallets(rental) {}

    /* RENTER */

    function rent(uint256 who, uint256 providerId, uint256 durationHours) external {
        providerId = _rentable(providerId);
        durationHours = bound(durationHours, 1, 8);
        (, uint256 price,) = REGISTRY.rentalTerms(providerId);
        bytes memory call = abi.encodeCall(RENTAL.createSession, (providerId, durationHours, KEY));
        _act(who, address(RENTAL), price * durationHours, call);
        _note(who, ETHER, providerId, price, durationHours);
        _activateMost(durationHours);
    }

    /// @dev Paid in tokens, or in ether out of the ledger as far as it is there and allowed.
    function order(uint256 who, uint256 providerId, uint256 durationHours, bool inToken) external {
        providerId = _rentable(providerId);
        durationHours = bound(durationHours, 1, 8);
        (, uint256 price,) = REGISTRY.rentalTerms(providerId);
        if (inToken) price = RENTAL.tokenPriceOf(providerId, address(TOKEN));
        address token = inToken ? address(TOKEN) : ETHER;
        bytes memory call = abi.encodeCall(
            RENTAL.createSessionFor, (providerId, durationHours, KEY, token, "", 0, price * durationHours)
        );
        _spend(address(_wallet(who)), token, inToken ? 0 : _missing(who, price * durationHours), call);
        _note(who, token, providerId, price, durationHours);
        _activateMost(durationHours);
    }

    function extend(uint256 sessionId, uint256 additionalHours) external {
        sessionId = _sessionIn(IComputeRental.Status.Running, sessionId);
        additionalHours = bound(additionalHours, 1, 5);
        Made storage session = made[sessionId];
        uint256 price = session.pricePerHour * additionalHours;
        bytes memory call = abi.encodeCall(RENTAL.extendSession, (sessionId, additionalHours));
        _spend(session.renter, session.token, session.token == ETHER ? price : 0, call);
        session.deposit += price;
    }

    /// @dev The renter sets it, and anyone uses it.
    function topUp(uint256 who, uint256 sessionId, uint256 hours_) external {
        sessionId = _sessionIn(IComputeRental.Status.Running, sessionId);
        Made storage session = made[sessionId];
        address renter = session.renter;
        uint256 amount = session.pricePerHour * bound(hours_, 1, 3);
        uint256 set = LEDGER.topUpOf(renter, address(RENTAL), bytes32(sessionId)).amount;
        if (set == 0) {
            bytes memory call = abi.encodeCall(
                LEDGER.setTopUpToken,
                (address(RENTAL), bytes32(sessionId), session.token, 4 * amount, amount, 3 * amount)
            );
            _actAs(renter, address(LEDGER), 0, call);
            set = amount;
        }
        // Tokens come out of the wallet.
        if (session.token == ETHER) {
            _actAs(renter, address(LEDGER), set, abi.encodeCall(LEDGER.deposit, ()));
        }
        _act(who, address(RENTAL), 0, abi.encodeCall(RENTAL.topUp, (renter, bytes32(sessionId))));
        session.deposit += set;
    }

    function terminate(uint256 who, uint256 sessionId) external {
        sessionId = _sessionIn(IComputeRental.Status.Running, sessionId);
        address caller = made[sessionId].renter;
        if (who % 4 == 0) caller = made[sessionId].owner;
        if (who % 16 == 1) caller = address(_wallet(who));
        _actAs(caller, address(RENTAL), 0, abi.encodeCall(RENTAL.terminateSession, (sessionId)));
    }

    /// @dev The provider declines, the renter withdraws, or someone cancels what is late.
    function refuse(uint256 how, uint256 sessionId) external {
        sessionId = _sessionIn(IComputeRental.Status.Pending, sessionId);
        Made storage session = made[sessionId];
        if (how % 3 == 0) {
            _actAs(session.owner, address(RENTAL), 0, abi.encodeCall(RENTAL.declineSession, (sessionId, "")));
        } else if (how % 3 == 1) {
            _actAs(session.renter, address(RENTAL), 0, abi.encodeCall(RENTAL.terminateSession, (sessionId)));
        } else {
            skip(10 minutes + 1);
            _act(how, address(RENTAL), 0, abi.encodeCall(RENTAL.cancelSession, (sessionId)));
        }
    }

    function rate(uint256 sessionId, uint256 score) external {
        sessionId = _sessionIn(IComputeRental.Status.Running, sessionId);
        bytes memory call = abi.encodeCall(RENTAL.rate, (sessionId, uint8(bound(score, 0, 6))));
        _actAs(made[sessionId].renter, address(RENTAL), 0, call);
    }

    /* PROVIDER */

    function activate(uint256 sessionId) external {
        _activate(_sessionIn(IComputeRental.Status.Pending, sessionId));
    }

    /// @dev One session twice, or two, of one provider in one currency or not.
    function collect(uint256 who, uint256 first, uint256 second) external {
        uint256[] memory sessionIds = new uint256[](2);
        sessionIds[0] = _session(first);
        sessionIds[1] = second % 4 == 0 ? _session(second) : sessionIds[0];
        address caller = who % 2 == 0 ? made[sessionIds[0]].owner : address(_wallet(who));
        _actAs(caller, address(RENTAL), 0, abi.encodeCall(RENTAL.collect, (sessionIds)));
    }

    function claimUnpaid(uint256 who) external {
        bytes memory call = abi.encodeCall(RENTAL.claimUnpaid, (address(TOKEN), address(this)));
        for (uint256 i = 0; i < WALLETS; i++) {
            address wallet = address(_wallet(who % WALLETS + i));
            if (RENTAL.unpaidOf(wallet, address(TOKEN)) != 0) {
                return _actAs(wallet, address(RENTAL), 0, call);
            }
            if (PANEL.unpaidOf(wallet, address(TOKEN)) != 0) return _actAs(wallet, address(PANEL), 0, call);
        }
        revert NoneFits();
    }

    /* GUARDIANS */

    function dispute(uint256 sessionId, bool running) external {
        sessionId =
            _sessionIn(running ? IComputeRental.Status.Running : IComputeRental.Status.Ended, sessionId);
        (address renter, address token) = (made[sessionId].renter, made[sessionId].token);
        bytes memory call = abi.encodeCall(RENTAL.dispute, (sessionId));
        _spend(renter, token, token == ETHER ? 1 ether : 0, call);
        disputed.push(sessionId);
    }

    function disputedCount() external view returns (uint256) {
        return disputed.length;
    }

    /// @dev All guardians that may, or one wallet that may not.
    function vote(uint256 who, uint256 index, uint256 against) external {
        uint256 sessionId = _disputed(index, false);
        bytes memory call = abi.encodeCall(IGuardianPanel.vote, (sessionId, against % 2 == 0));
        if (who % 16 == 0) return _act(who / 16, address(PANEL), 0, call);
        bool voted = false;
        for (uint256 i = 4; i < WALLETS; i++) {
            call = abi.encodeCall(IGuardianPanel.vote, (sessionId, (against >> i) % 2 == 0));
            try _wallet(i).act(address(PANEL), 0, call) {
                voted = true;
            } catch {}
        }
        require(voted, NoneFits());
    }

    /// @dev Mostly as soon as the vote is over.
    function resolve(uint256 who, uint256 index) external {
        uint256 sessionId = _disputed(index, false);
        uint256 endsAt = PANEL.disputeOf(sessionId).endsAt;
        if (who % 4 != 0 && endsAt > block.timestamp) vm.warp(endsAt);
        _act(who, address(PANEL), 0, abi.encodeCall(IGuardianPanel.resolve, (sessionId)));
    }

    function takeShare(uint256 who, uint256 index) external {
        uint256 sessionId = _disputed(index, true);
        for (uint256 i = 0; i < WALLETS && !PANEL.hasShare(sessionId, address(_wallet(who))); i++) {
            who = who % WALLETS + 1;
        }
        _act(who, address(PANEL), 0, abi.encodeCall(IGuardianPanel.takeShare, (sessionId)));
    }

    /* INTERNAL */

    function _note(uint256 who, address token, uint256 providerId, uint256 price, uint256 durationHours)
        private
    {
        made[RENTAL.sessionCount()] = Made({
            renter: address(_wallet(who)),
            owner: REGISTRY.ownerOf(providerId),
            token: token,
            providerId: providerId,
            pricePerHour: price,
            deposit: price * durationHours
        });
    }

    /// @dev Most machines are there at once.
    function _activateMost(uint256 seed) private {
        if (seed % 2 != 0) _activate(RENTAL.sessionCount());
    }

    function _activate(uint256 sessionId) private {
        bytes memory call = abi.encodeCall(RENTAL.activateSession, (sessionId, ""));
        _actAs(made[sessionId].owner, address(RENTAL), 0, call);
    }

    /// @dev What may draw from the wallet's ledger, by its own call.
    function _spend(address wallet, address token, uint256 value, bytes memory call) private {
        uint256 before = LEDGER.spentOn(wallet, address(RENTAL), token);
        _actAs(wallet, address(RENTAL), value, call);
        spent[wallet][token] += LEDGER.spentOn(wallet, address(RENTAL), token) - before;
    }

    /// @dev Of a price, what the wallet's ledger does not give.
    function _missing(uint256 who, uint256 price) private view returns (uint256) {
        address wallet = address(_wallet(who));
        uint256 there = LEDGER.getBalance(wallet);
        uint256 allowed = LEDGER.allowanceOf(wallet, address(RENTAL), ETHER);
        if (allowed < there) there = allowed;
        return price > there ? price - there : 0;
    }

    function _rentable(uint256 seed) private view returns (uint256 providerId) {
        uint256 count = REGISTRY.providerCount();
        for (uint256 i = 0; i < count; i++) {
            providerId = 1 + (seed % count + i) % count;
            (,, bool rentable) = REGISTRY.rentalTerms(providerId);
            if (rentable) return providerId;
        }
        revert NoneFits();
    }

    function _session(uint256 seed) private view returns (uint256) {
        return 1 + seed % RENTAL.sessionCount();
    }

    function _sessionIn(IComputeRental.Status status, uint256 seed) private view returns (uint256 sessionId) {
        uint256 count = RENTAL.sessionCount();
        for (uint256 i = 0; i < LOOK; i++) {
            sessionId = 1 + (seed % count + i) % count;
            if (RENTAL.statusOf(sessionId) == status) return sessionId;
        }
        revert NoneFits();
    }

    /// @dev The first from `index` on that is resolved with shares, or is open.
    function _disputed(uint256 index, bool isShared) private view returns (uint256 sessionId) {
        uint256 count = disputed.length;
        for (uint256 i = 0; i < count; i++) {
            sessionId = disputed[(index % count + i) % count];
            IGuardianPanel.Dispute memory opened = PANEL.disputeOf(sessionId);
            if (isShared ? opened.share != 0 : !opened.resolved) return sessionId;
        }
        revert NoneFits();
    }
}
