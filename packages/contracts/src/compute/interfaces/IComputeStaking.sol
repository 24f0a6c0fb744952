// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice One stake per account. Roles are claims on it, and no ether backs two of them.
/// @dev What is leaving (`pendingUnstake`) backs no role and can still be slashed.
interface IComputeStaking {
    enum Role {
        Provider,
        Guardian,
        Attester
    }

    /// @notice No ether was sent.
    error NothingStaked();

    /// @notice Stake for nobody would be lost.
    error StakeForNobody();

    /// @notice Of the stake only `staked` counts, what leaves does not, and the call needs `required`.
    error StakeTooLow(uint256 staked, uint256 required);

    /// @notice The role needs the stake: resign as guardian or attester, or unregister as provider, to free it.
    /// @dev `free` is the most that may leave now.
    error RoleHoldsStake(Role role, uint256 asked, uint256 free);

    /// @notice Nothing is on its way out.
    error NothingPending(address account);

    /// @notice What is leaving can be taken from `availableAt` on.
    error UnstakeNotReady(uint256 availableAt);

    /// @notice The account holds the role already.
    error RoleHeld(address account, Role role);

    /// @notice The account does not hold the role.
    error RoleNotHeld(address account, Role role);

    /// @notice Only the registry binds and frees providers.
    error NotRegistry(address caller);

    /// @notice Only the addresses fixed at deployment slash.
    error NotSlasher(address caller);

    /// @notice `to` refused the ether; the stake stays where it was. Try `completeUnstakeTo` another address.
    error PaymentRefused(address to);

    /// @notice `amount` was added to the stake of `account`, which is now `staked` in all.
    event Staked(address indexed account, uint256 amount, uint256 staked);

    /// @notice `amount` of the account's stake leaves at `availableAt`; 0 means that it all stays.
    event UnstakeInitiated(address indexed account, uint256 amount, uint256 availableAt);

    /// @notice `amount` of the account's stake went to `to`; `staked` remains.
    event Unstaked(address indexed account, address indexed to, uint256 amount, uint256 staked);

    /// @notice `amount` of the account's stake was burnt; `staked` remains.
    event Slashed(address indexed account, address indexed slasher, uint256 amount, uint256 staked);

    /// @notice The account took on the role.
    event RoleBound(address indexed account, Role indexed role);

    /// @notice The account gave the role back.
    event RoleUnbound(address indexed account, Role indexed role);

    /// @notice What an account needs above its roles to count as a user with a stake: 0.01 ETH.
    function USER_STAKE() external view returns (uint256);

    /// @notice What the provider's role needs: 0.1 ETH.
    function PROVIDER_STAKE() external view returns (uint256);

    /// @notice What the guardian's role needs: 1 ETH.
    function GUARDIAN_STAKE() external view returns (uint256);

    /// @notice What the attester's role needs, and what each signer of a refuted verdict loses: 1 ETH.
    function ATTESTER_STAKE() external view returns (uint256);

    /// @notice Seconds between `initiateUnstake` and `completeUnstake`: 7 days.
    function UNSTAKE_DELAY() external view returns (uint256);

    /// @notice Adds the ether sent to the caller's stake.
    function stake() external payable;

    /// @notice Adds the ether sent to the stake of `account`, who alone can take it out again.
    function stakeFor(address account) external payable;

    /// @notice Says that `amount` of the caller's stake is to leave in 7 days.
    /// @dev Replaces what was said before and starts the time anew; 0 takes it back.
    function initiateUnstake(uint256 amount) external;

    /// @notice Pays out what was to leave, once its time has come.
    function completeUnstake() external;

    /// @notice Like `completeUnstake`, paid to `to`, for a wallet that takes no ether.
    function completeUnstakeTo(address to) external;

    /// @notice Takes on the guardian's role, which needs 1 ETH that backs nothing else.
    function becomeGuardian() external;

    /// @notice Gives the guardian's role back.
    function resignGuardian() external;

    /// @notice Takes on the attester's role, which needs 1 ETH that backs nothing else.
    function becomeAttester() external;

    /// @notice Gives the attester's role back.
    /// @dev Its stake can be slashed for the 7 days that it takes to leave, as long as any verdict it signed can be refuted.
    function resignAttester() external;

    /// @notice Adds the ether sent to the stake of `account` and binds the provider's role to it. Registry only.
    function bindProvider(address account) external payable;

    /// @notice Frees the account from the provider's role. Registry only.
    function unbindProvider(address account) external;

    /// @notice Burns up to `amount` of the account's stake, what is leaving included. Fixed slashers only.
    /// @dev An attester, then a guardian, whose stake then no longer covers its roles loses that one. Takes what
    /// there is where the stake is smaller. What is leaving shrinks so far as the roles need the rest.
    function slash(address account, uint256 amount) external returns (uint256 burnt);

    /// @notice All that the account has here, what is leaving included.
    function stakeOf(address account) external view returns (uint256);

    /// @notice What is leaving, and when it can be taken; zeros when nothing is.
    function pendingUnstake(address account) external view returns (uint256 amount, uint256 availableAt);

    /// @notice The sum of the minimums of the roles that the account holds.
    function required(address account) external view returns (uint256);

    /// @notice Whether the account holds the role, and what does not leave covers all its roles.
    function isStaked(address account, Role role) external view returns (bool);

    /// @notice Whether the account has 0.01 ETH above its roles and above what is leaving.
    function hasUserStake(address account) external view returns (bool);

    /// @notice Since when the account has been a guardian; 0 if it is none.
    function guardianSince(address account) external view returns (uint256);

    /// @notice Up to `limit` of the guardians that became it at `time` or before, in that order.
    function guardiansBefore(uint256 time, uint256 limit) external view returns (address[] memory guardians);
}
