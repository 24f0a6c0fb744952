// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IComputeStaking} from "./interfaces/IComputeStaking.sol";
import {IProviderStakes} from "./interfaces/IProviderStakes.sol";
import {NonReentrant} from "./libraries/NonReentrant.sol";

/// @notice Stakes of providers, guardians, attesters and users.
/// @dev Trusted, all fixed at deployment: the registry binds and frees providers; the guardians' panel and the refuter of
/// attesters' verdicts slash, which burns. None can take stake for itself. Calls nobody but the registry and the wallet that is
/// paid.
/// @dev Holds the sum of all stakes. For funds never to be stuck: guardians and attesters resign by themselves; a provider ends its
/// sessions and leaves by its own calls, at once or after a dispute's three days; and what backs no role leaves after 7 days,
/// to any address, whatever anyone else does.
contract ComputeStaking is IComputeStaking, NonReentrant {
    struct Account {
        uint96 stake;
        uint96 leaving;
        uint40 leavesAt;
        bool provider;
        bool guardian;
        bool attester;
    }

    /// @inheritdoc IComputeStaking
    uint256 public constant USER_STAKE = 0.01 ether;
    /// @inheritdoc IComputeStaking
    uint256 public constant PROVIDER_STAKE = 0.1 ether;
    /// @inheritdoc IComputeStaking
    uint256 public constant GUARDIAN_STAKE = 1 ether;
    /// @inheritdoc IComputeStaking
    uint256 public constant ATTESTER_STAKE = 1 ether;
    /// @inheritdoc IComputeStaking
    uint256 public constant UNSTAKE_DELAY = 7 days;

    address public immutable REGISTRY;
    address public immutable SLASHER;
    address public immutable REFUTER;

    /* STORAGE */

    mapping(address account => Account) private _accounts;
    /// @inheritdoc IComputeStaking
    mapping(address account => uint256) public guardianSince;
    /// @dev The guardians in the order of their becoming, as a ring; the zero address is its clasp.
    mapping(address guardian => address) private _nextGuardian;
    mapping(address guardian => address) private _previousGuardian;

    constructor(address registry, address slasher, address refuter) {
        REGISTRY = registry;
        SLASHER = slasher;
        REFUTER = refuter;
    }

    /* STAKE */

    /// @inheritdoc IComputeStaking
    function stake() external payable {
        require(msg.value != 0, NothingStaked());

        _add(msg.sender);
    }

    /// @inheritdoc IComputeStaking
    function stakeFor(address account) external payable {
        require(msg.value != 0, NothingStaked());
        require(account != address(0), StakeForNobody());

        _add(account);
    }

    /// @inheritdoc IComputeStaking
    function initiateUnstake(uint256 amount) external {
        Account storage account = _accounts[msg.sender];
        uint256 staked = account.stake;
        uint256 needed = _required(account);
        uint256 free = staked > needed ? staked - needed : 0;
        require(amount <= staked, StakeTooLow(staked, amount));
        require(amount <= free, RoleHoldsStake(_heldRole(account), amount, free));

        uint256 leavesAt = amount == 0 ? 0 : block.timestamp + UNSTAKE_DELAY;

        account.leaving = uint96(amount);
        account.leavesAt = uint40(leavesAt);
        emit UnstakeInitiated(msg.sender, amount, leavesAt);
    }

    /// @inheritdoc IComputeStaking
    function completeUnstake() external {
        _completeUnstake(msg.sender);
    }

    /// @inheritdoc IComputeStaking
    function completeUnstakeTo(address to) external {
        require(to != address(0), StakeForNobody());

        _completeUnstake(to);
    }

    /* ROLES */

    /// @inheritdoc IComputeStaking
    function becomeGuardian() external {
        Account storage account = _accounts[msg.sender];
        require(!account.guardian, RoleHeld(msg.sender, Role.Guardian));
        _requireCover(account, _required(account) + GUARDIAN_STAKE);

        account.guardian = true;
        guardianSince[msg.sender] = block.timestamp;
        _enlist(msg.sender);
        emit RoleBound(msg.sender, Role.Guardian);
    }

    /// @inheritdoc IComputeStaking
    function resignGuardian() external {
        Account storage account = _accounts[msg.sender];
        require(account.guardian, RoleNotHeld(msg.sender, Role.Guardian));

        bool wasCovered = _isCovered(account);

        _dismiss(msg.sender);

        _tellIfChanged(msg.sender, wasCovered);
    }

    /// @inheritdoc IComputeStaking
    function becomeAttester() external {
        Account storage account = _accounts[msg.sender];
        require(!account.attester, RoleHeld(msg.sender, Role.Attester));
        _requireCover(account, _required(account) + ATTESTER_STAKE);

        account.attester = true;
        emit RoleBound(msg.sender, Role.Attester);
    }

    /// @inheritdoc IComputeStaking
    function resignAttester() external {
        Account storage account = _accounts[msg.sender];
        require(account.attester, RoleNotHeld(msg.sender, Role.Attester));

        bool wasCovered = _isCovered(account);

        account.attester = false;
        emit RoleUnbound(msg.sender, Role.Attester);

        _tellIfChanged(msg.sender, wasCovered);
    }

    /// @inheritdoc IComputeStaking
    function bindProvider(address owner) external payable {
        Account storage account = _accounts[owner];
        require(msg.sender == REGISTRY, NotRegistry(msg.sender));
        require(!account.provider, RoleHeld(owner, Role.Provider));

        if (msg.value != 0) _add(owner);
        _requireCover(account, _required(account) + PROVIDER_STAKE);

        account.provider = true;
        emit RoleBound(owner, Role.Provider);
    }

    /// @inheritdoc IComputeStaking
    function unbindProvider(address owner) external {
        Account storage account = _accounts[owner];
        require(msg.sender == REGISTRY, NotRegistry(msg.sender));
        require(account.provider, RoleNotHeld(owner, Role.Provider));

        account.provider = false;
        emit RoleUnbound(owner, Role.Provider);
    }

    /* SLASHING */

    /// @inheritdoc IComputeStaking
    function slash(address owner, uint256 amount) external returns (uint256 burnt) {
        Account storage account = _accounts[owner];
        require(msg.sender == SLASHER || msg.sender == REFUTER, NotSlasher(msg.sender));

        uint256 staked = account.stake;
        burnt = amount < staked ? amount : staked;
        uint256 rest = staked - burnt;
        uint256 needed = _required(account);
        uint256 free = rest > needed ? rest - needed : 0;
        bool wasCovered = _isCovered(account);

        account.stake = uint96(rest);
        if (account.leaving > free) account.leaving = uint96(free);
        emit Slashed(owner, msg.sender, burnt, rest);
        if (account.attester && !_isCovered(account)) {
            account.attester = false;
            emit RoleUnbound(owner, Role.Attester);
        }
        if (account.guardian && !_isCovered(account)) _dismiss(owner);

        _tellIfChanged(owner, wasCovered);

        if (burnt != 0) SafeTransferLib.safeTransferETH(address(0), burnt);
    }

    /* VIEWS */

    /// @inheritdoc IComputeStaking
    function stakeOf(address account) external view returns (uint256) {
        return _accounts[account].stake;
    }

    /// @inheritdoc IComputeStaking
    function pendingUnstake(address account) external view returns (uint256 amount, uint256 availableAt) {
        amount = _accounts[account].leaving;
        if (amount != 0) availableAt = _accounts[account].leavesAt;
    }

    /// @inheritdoc IComputeStaking
    function required(address account) external view returns (uint256) {
        return _required(_accounts[account]);
    }

    /// @inheritdoc IComputeStaking
    function isStaked(address owner, Role role) external view returns (bool) {
        Account memory account = _accounts[owner];
        bool held = role == Role.Provider
            ? account.provider
            : role == Role.Guardian ? account.guardian : account.attester;
        return held && _isCovered(account);
    }

    /// @inheritdoc IComputeStaking
    function hasUserStake(address owner) external view returns (bool) {
        Account memory account = _accounts[owner];
        return account.stake - account.leaving >= _required(account) + USER_STAKE;
    }

    /// @inheritdoc IComputeStaking
    function guardiansBefore(uint256 time, uint256 limit) external view returns (address[] memory guardians) {
        uint256 length = 0;
        address guardian = _nextGuardian[address(0)];
        while (length < limit && guardian != address(0) && guardianSince[guardian] <= time) {
            guardian = _nextGuardian[guardian];
            length++;
        }

        guardians = new address[](length);
        for (uint256 i = 0; i < length; i++) {
            guardian = _nextGuardian[i == 0 ? address(0) : guardian];
            guardians[i] = guardian;
        }
    }

    /* INTERNAL */

    function _enlist(address guardian) private {
        address last = _previousGuardian[address(0)];
        (_nextGuardian[last], _previousGuardian[guardian]) = (guardian, last);
        _previousGuardian[address(0)] = guardian;
    }

    /// @dev Takes the guardian's role from the account.
    function _dismiss(address guardian) private {
        (address next, address previous) = (_nextGuardian[guardian], _previousGuardian[guardian]);

        _accounts[guardian].guardian = false;
        delete guardianSince[guardian];
        (_nextGuardian[previous], _previousGuardian[next]) = (next, previous);
        delete _nextGuardian[guardian];
        delete _previousGuardian[guardian];
        emit RoleUnbound(guardian, Role.Guardian);
    }

    /// @dev All the ether there is fits 96 bits many times over.
    function _add(address owner) private {
        Account storage account = _accounts[owner];
        uint256 staked = account.stake + msg.value;
        bool wasCovered = _isCovered(account);

        account.stake = uint96(staked);
        emit Staked(owner, msg.value, staked);

        _tellIfChanged(owner, wasCovered);
    }

    function _completeUnstake(address to) private nonReentrant {
        Account storage account = _accounts[msg.sender];
        uint256 amount = account.leaving;
        require(amount != 0, NothingPending(msg.sender));
        require(block.timestamp >= account.leavesAt, UnstakeNotReady(account.leavesAt));

        uint256 rest = account.stake - amount;

        account.stake = uint96(rest);
        account.leaving = 0;
        account.leavesAt = 0;
        emit Unstaked(msg.sender, to, amount, rest);

        require(SafeTransferLib.trySafeTransferETH(to, amount, gasleft()), PaymentRefused(to));
    }

    /// @dev Whatever changes a stake or a role ends with this, so that the registry knows who is staked.
    function _tellIfChanged(address owner, bool wasCovered) private {
        Account memory account = _accounts[owner];
        bool isCovered = _isCovered(account);
        if (account.provider && isCovered != wasCovered) {
            IProviderStakes(REGISTRY).setStaked(owner, isCovered);
        }
    }

    function _isCovered(Account memory account) private pure returns (bool) {
        return account.stake - account.leaving >= _required(account);
    }

    function _requireCover(Account memory account, uint256 needed) private pure {
        uint256 staying = account.stake - account.leaving;
        require(staying >= needed, StakeTooLow(staying, needed));
    }

    function _required(Account memory account) private pure returns (uint256) {
        return (account.provider ? PROVIDER_STAKE : 0) + (account.guardian ? GUARDIAN_STAKE : 0)
            + (account.attester ? ATTESTER_STAKE : 0);
    }

    /// @dev A role that holds stake back, of an account that has one.
    function _heldRole(Account memory account) private pure returns (Role) {
        if (account.provider) return Role.Provider;
        return account.guardian ? Role.Guardian : Role.Attester;
    }
}
