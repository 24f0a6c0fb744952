// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "./interfaces/IComputeRegistry.sol";
import {IComputeStaking} from "./interfaces/IComputeStaking.sol";
import {IProviderFlags} from "./interfaces/IProviderFlags.sol";

/// @notice The guardians' warnings of providers.
/// @dev Trusts, both fixed at deployment: the staking contract for who is a guardian and since when, the registry for who a provider
/// is. Guardians are trusted with a mark that others may read. Holds no money; no contract that holds any asks this one.
contract ProviderFlags is IProviderFlags {
    uint256 private constant QUORUM = 3;
    uint256 private constant VOTING_TIME = 3 days;
    uint256 private constant SENIORITY = 7 days;
    uint256 private constant MAX_REASON_LENGTH = 256;

    IComputeRegistry public immutable REGISTRY;
    IComputeStaking public immutable STAKING;

    /* STORAGE */

    /// @dev An empty reason means no flag.
    mapping(address owner => string reason) private _flags;
    mapping(address owner => Motion) private _motions;
    mapping(address owner => mapping(uint256 round => mapping(address guardian => bool))) private _voted;

    constructor(IComputeRegistry registry, IComputeStaking staking) {
        REGISTRY = registry;
        STAKING = staking;
    }

    /* VOTE */

    /// @inheritdoc IProviderFlags
    function open(uint256 providerId, string calldata reason) external {
        address owner = _ownerOf(providerId);
        Motion storage motion = _motions[owner];
        uint256 length = bytes(reason).length;
        require(length != 0 && length <= MAX_REASON_LENGTH, ReasonOutOfRange(length, MAX_REASON_LENGTH));
        require(motion.endsAt == 0, VoteGoesOn(providerId, motion.endsAt));
        _requireEligible(providerId, block.timestamp);

        uint256 endsAt = block.timestamp + VOTING_TIME;
        bool flagging = bytes(_flags[owner]).length == 0;

        (motion.flagging, motion.endsAt, motion.openedBy) = (flagging, uint40(endsAt), msg.sender);
        (motion.inFavour, motion.against) = (0, 0);
        motion.round++;
        motion.reason = reason;
        emit MotionOpened(providerId, msg.sender, flagging, reason, endsAt);
        _vote(providerId, owner, true);
    }

    /// @inheritdoc IProviderFlags
    function vote(uint256 providerId, bool inFavour) external {
        address owner = _ownerOf(providerId);
        uint256 endsAt = _motions[owner].endsAt;
        require(block.timestamp < endsAt, NoVote(providerId));
        _requireEligible(providerId, endsAt - VOTING_TIME);
        require(!hasVoted(providerId, msg.sender), AlreadyVoted(providerId, msg.sender));

        _vote(providerId, owner, inFavour);
    }

    /// @inheritdoc IProviderFlags
    function resolve(uint256 providerId) external {
        address owner = _ownerOf(providerId);
        Motion storage motion = _motions[owner];
        require(motion.endsAt != 0, NoVote(providerId));
        require(block.timestamp >= motion.endsAt, VoteGoesOn(providerId, motion.endsAt));

        bool carried = uint256(motion.inFavour) + motion.against >= QUORUM && motion.inFavour > motion.against;
        bool flagged = carried == motion.flagging;

        motion.endsAt = 0;
        if (carried) _flags[owner] = flagged ? motion.reason : "";
        emit MotionResolved(providerId, carried, flagged);
    }

    /* VIEWS */

    /// @inheritdoc IProviderFlags
    function isFlagged(uint256 providerId) external view returns (bool) {
        return bytes(_flags[_ownerOf(providerId)]).length != 0;
    }

    /// @inheritdoc IProviderFlags
    function reasonOf(uint256 providerId) external view returns (string memory) {
        return _flags[_ownerOf(providerId)];
    }

    /// @inheritdoc IProviderFlags
    function motionOf(uint256 providerId) external view returns (Motion memory) {
        return _motions[_ownerOf(providerId)];
    }

    /// @inheritdoc IProviderFlags
    function hasVoted(uint256 providerId, address guardian) public view returns (bool) {
        address owner = _ownerOf(providerId);
        return _voted[owner][_motions[owner].round][guardian];
    }

    /* INTERNAL */

    function _vote(uint256 providerId, address owner, bool inFavour) private {
        Motion storage motion = _motions[owner];
        _voted[owner][motion.round][msg.sender] = true;
        if (inFavour) motion.inFavour++;
        else motion.against++;
        emit MotionVoted(providerId, msg.sender, inFavour);
    }

    /// @dev An operator may: the owner names it without asking, and could name whoever is about to vote.
    function _requireEligible(uint256 providerId, uint256 openedAt) private view {
        uint256 since = STAKING.guardianSince(msg.sender);
        bool isSenior = since != 0 && since <= openedAt - SENIORITY;
        require(isSenior && msg.sender != REGISTRY.ownerOf(providerId), NotEligible(providerId, msg.sender));
    }

    function _ownerOf(uint256 providerId) private view returns (address owner) {
        owner = REGISTRY.ownerOf(providerId);
        require(owner != address(0), ProviderUnknown(providerId));
    }
}
