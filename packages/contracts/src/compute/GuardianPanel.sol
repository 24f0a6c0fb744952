// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeStaking} from "./interfaces/IComputeStaking.sol";
import {IGuardianPanel} from "./interfaces/IGuardianPanel.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {Payer} from "./rental/Payer.sol";

/// @notice The guardians' vote on disputed pay.
/// @dev Trusts, all fixed at deployment: the rental contract to bring pay and bond; the staking contract for who is a guardian
/// and to burn what it is told; the ledger to take credit for anyone. Guardians are trusted with at most an hour of a session's pay and 0.05 ETH of a provider's stake in 30 days. Holds pay and bonds of
/// open disputes and shares not taken. Whatever guardians do or leave undone, anyone resolves a dispute after 3 days.
contract GuardianPanel is IGuardianPanel, Payer {
    /// @dev What was burnt of an owner's stake since there were 30 days without.
    struct Burnt {
        uint96 amount;
        uint40 lastAt;
    }

    uint256 private constant QUORUM = 3;
    uint256 private constant VOTING_TIME = 3 days;
    uint256 private constant SENIORITY = 7 days;
    uint256 private constant MAX_BURNT = 0.05 ether;
    uint256 private constant BURN_PERIOD = 30 days;
    /// @dev Renter and owner: those who may be guardians and not vote.
    uint256 private constant SIDES = 2;
    /// @dev Several times what a payment in dollars takes. What takes more waits for its owner, who claims it with all the gas he likes.
    uint256 private constant PAYOUT_GAS = 500_000;
    /// @dev For two payments, each of which is passed on 63/64 of what is left at most, and what is written around them.
    uint256 private constant GAS_WANTED = 2 * PAYOUT_GAS * 64 / 63 + 150_000;

    IComputeStaking public immutable STAKING;
    address public immutable RENTAL;

    /* STORAGE */

    /// @inheritdoc IGuardianPanel
    mapping(uint256 providerId => uint256) public openDisputes;
    /// @inheritdoc IGuardianPanel
    mapping(uint256 sessionId => mapping(address guardian => bool)) public hasVoted;
    mapping(uint256 sessionId => Dispute) private _disputes;
    mapping(uint256 sessionId => mapping(address guardian => bool)) private _hasTaken;
    mapping(address owner => Burnt) private _burnt;

    constructor(IComputeStaking staking, ILedgerManager ledger, address rental) Payer(ledger) {
        STAKING = staking;
        RENTAL = rental;
    }

    /* VOTE */

    /// @inheritdoc IGuardianPanel
    function open(
        uint256 sessionId,
        uint256 providerId,
        address renter,
        address owner,
        address token,
        uint256 held,
        uint256 bond
    ) external payable {
        require(msg.sender == RENTAL, NotRental(msg.sender));
        uint256 endsAt = block.timestamp + VOTING_TIME;

        Dispute storage dispute = _disputes[sessionId];
        dispute.providerId = providerId;
        (dispute.renter, dispute.owner, dispute.token) = (renter, owner, token);
        (dispute.held, dispute.bond, dispute.endsAt) = (held, bond, endsAt);
        openDisputes[providerId]++;
        emit DisputeOpened(sessionId, providerId, held, bond, endsAt);

        uint256 count = _countEligible(dispute);
        require(count >= QUORUM, TooFewGuardians(count));
    }

    /// @inheritdoc IGuardianPanel
    function vote(uint256 sessionId, bool againstProvider) external {
        Dispute storage dispute = _openDispute(sessionId);
        require(block.timestamp < dispute.endsAt, VotingOver(sessionId, dispute.endsAt));
        uint256 since = STAKING.guardianSince(msg.sender);
        bool isSenior = since != 0 && since <= dispute.endsAt - VOTING_TIME - SENIORITY;
        require(isSenior && !_isSide(dispute, msg.sender), NotEligible(sessionId, msg.sender));
        require(!hasVoted[sessionId][msg.sender], AlreadyVoted(sessionId, msg.sender));

        hasVoted[sessionId][msg.sender] = true;
        if (againstProvider) dispute.against++;
        else dispute.inFavour++;
        emit Voted(sessionId, msg.sender, againstProvider);
    }

    /// @inheritdoc IGuardianPanel
    function resolve(uint256 sessionId) external nonReentrant {
        Dispute storage dispute = _openDispute(sessionId);
        require(block.timestamp >= dispute.endsAt, VotingGoesOn(sessionId, dispute.endsAt));
        require(dispute.token == ETHER || gasleft() >= GAS_WANTED, GasTooLow(gasleft(), GAS_WANTED));

        uint256 votes = dispute.against + dispute.inFavour;
        (uint256 toRenter, uint256 toProvider, uint256 share) = (dispute.bond, dispute.held, 0);
        bool isLost = votes >= QUORUM && dispute.against > dispute.inFavour;
        if (votes >= QUORUM) {
            share = dispute.bond / votes;
            uint256 pay = dispute.held + dispute.bond - share * votes;
            (toRenter, toProvider) = isLost ? (pay, uint256(0)) : (uint256(0), pay);
        }

        dispute.resolved = true;
        dispute.share = share;
        openDisputes[dispute.providerId]--;
        uint256 burnt = isLost && dispute.token == ETHER ? _burn(dispute.owner, dispute.held) : 0;
        emit DisputeResolved(sessionId, toRenter, toProvider, share, burnt);

        _payOneOfTwo(dispute.token, dispute.renter, toRenter);
        _payOneOfTwo(dispute.token, dispute.owner, toProvider);
    }

    /// @inheritdoc IGuardianPanel
    function takeShare(uint256 sessionId) external nonReentrant {
        Dispute storage dispute = _disputes[sessionId];
        uint256 share = dispute.share;
        require(hasShare(sessionId, msg.sender), NoShare(sessionId, msg.sender));

        _hasTaken[sessionId][msg.sender] = true;
        emit ShareTaken(sessionId, msg.sender, share);

        _pay(dispute.token, msg.sender, share);
    }

    /* VIEWS */

    /// @inheritdoc IGuardianPanel
    function disputeOf(uint256 sessionId) external view returns (Dispute memory) {
        return _disputes[sessionId];
    }

    /// @inheritdoc IGuardianPanel
    function hasShare(uint256 sessionId, address guardian) public view returns (bool) {
        bool isDue = _disputes[sessionId].share != 0 && hasVoted[sessionId][guardian];
        return isDue && !_hasTaken[sessionId][guardian];
    }

    /* INTERNAL */

    function _payOneOfTwo(address token, address to, uint256 amount) private {
        if (token == ETHER) _pay(ETHER, to, amount);
        else _payToken(PAYOUT_GAS, token, to, amount);
    }

    /// @dev Burns what the verdict and the last 30 days allow: the count starts anew only after 30 days without.
    function _burn(address owner, uint256 amount) private returns (uint256) {
        Burnt memory burnt = _burnt[owner];
        if (block.timestamp >= burnt.lastAt + BURN_PERIOD) burnt.amount = 0;
        uint256 room = MAX_BURNT - burnt.amount;
        if (amount > room) amount = room;
        if (amount == 0) return 0;

        _burnt[owner] = Burnt({amount: burnt.amount + uint96(amount), lastAt: uint40(block.timestamp)});
        return STAKING.slash(owner, amount);
    }

    /// @dev Looks at no more of the oldest guardians than it takes to find three who may vote.
    function _countEligible(Dispute storage dispute) private view returns (uint256 count) {
        address[] memory guardians = STAKING.guardiansBefore(block.timestamp - SENIORITY, QUORUM + SIDES);
        for (uint256 i = 0; i < guardians.length; i++) {
            if (!_isSide(dispute, guardians[i])) count++;
        }
    }

    /// @dev Not the operator, whom the owner names without asking him: else it could name whoever is about to vote against it.
    function _isSide(Dispute storage dispute, address account) private view returns (bool) {
        return account == dispute.renter || account == dispute.owner;
    }

    function _openDispute(uint256 sessionId) private view returns (Dispute storage dispute) {
        dispute = _disputes[sessionId];
        require(dispute.endsAt != 0 && !dispute.resolved, NotOpen(sessionId));
    }
}
