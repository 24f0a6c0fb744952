// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ILedgerManager} from "./ILedgerManager.sol";

/// @notice Who pays for triggers, and what those who run them earn.
interface ITriggerSponsors {
    /// @notice Only the trigger's sponsor may do this.
    error NotSponsor(uint256 triggerId, address caller);

    /// @notice Another account sponsors the trigger, and the agent did not invite this one.
    error AlreadySponsored(uint256 triggerId, address sponsor);

    /// @notice `perPeriod` and `maxGasPrice` are above 0 and below 2^72 and 2^42, the expiry is ahead and below 2^40.
    error InvalidTerms(uint256 perPeriod, uint256 maxGasPrice, uint256 expiry);

    /// @notice The trigger may hold `most`, one period's maximum, and would hold `balance`.
    error BalanceTooHigh(uint256 balance, uint256 most);

    /// @notice The balance leaves from `withdrawableAt` on; 0 if that was not requested.
    error WithdrawalTooEarly(uint256 triggerId, uint256 withdrawableAt);

    /// @notice No ether was sent, or none is there.
    error NothingMoved();

    /// @notice `to` refused the ether; the credit stays. Try `collectTo` another address.
    error PaymentRefused(address to, uint256 amount);

    /// @notice Ether comes in by `sponsor`, `fund` and `openCredit`, and from the ledger.
    error NotLedger(address caller);

    /// @notice The agent lets `sponsor` take the sponsor's place.
    event SponsorInvited(uint256 indexed triggerId, address indexed sponsor);

    /// @notice `sponsor` pays for the trigger, on these terms.
    event TriggerSponsored(
        uint256 indexed triggerId,
        address indexed sponsor,
        uint256 perPeriod,
        uint256 maxGasPrice,
        uint256 expiry
    );

    /// @notice The sponsor added to the trigger's balance: out of its ledger if `drawn`, else with its own call.
    event TriggerFunded(uint256 indexed triggerId, address indexed sponsor, uint256 amount, bool drawn);

    /// @notice The sponsor takes the balance from `withdrawableAt` on.
    event WithdrawalRequested(uint256 indexed triggerId, address indexed sponsor, uint256 withdrawableAt);

    /// @notice The sponsor left with what was left: `refund`.
    event SponsorLeft(uint256 indexed triggerId, address indexed sponsor, uint256 refund);

    /// @notice The executor opened or took its credit.
    event CreditMoved(address indexed executor, address indexed to, uint256 amount);

    /* SPONSORS */

    /// @notice Pays for a trigger from the caller's ledger, who must `allow` this contract to draw there, at most `perPeriod`
    ///         in PERIOD, refilled continuously, until `expiry`. Value sent is the trigger's first balance.
    /// @dev Binds the caller only. Draws of the ledger happen when an execution of this trigger is due and its balance does
    ///      not cover it; the balance never exceeds `perPeriod`. Who is in place may change its terms at any time; the place
    ///      is free if nobody holds it or its holder's terms have expired; the agent, and whom it invited, take it from its
    ///      holder, whose balance goes to its ledger.
    /// @param maxGasPrice executions at a higher one revert; rounded down to 11 significant bits.
    function sponsor(uint256 triggerId, uint256 perPeriod, uint256 maxGasPrice, uint256 expiry)
        external
        payable;

    /// @notice Adds to the balance of a trigger that the caller sponsors.
    function fund(uint256 triggerId) external payable;

    /// @notice Lets an account take the sponsor's place; zero for nobody. By the agent.
    function inviteSponsor(uint256 triggerId, address account) external;

    /// @notice Gives notice: in NOTICE seconds the sponsor can leave. By the sponsor.
    function requestWithdraw(uint256 triggerId) external;

    /// @notice Ends the caller's sponsorship and pays it the trigger's balance.
    function withdraw(uint256 triggerId) external;

    /* CREDIT */

    /// @notice Adds the value sent, 1 wei will do, to the caller's credit, so that its first execution is repaid whole.
    function openCredit() external payable;

    /// @notice Pays the caller its credit but for 1 wei, which keeps it open.
    function collect() external returns (uint256 paid);

    /// @notice The same to another address.
    function collectTo(address to) external returns (uint256 paid);

    /// @notice What executions earned and was not collected.
    function creditOf(address executor) external view returns (uint256);

    /* VIEWS */

    /// @notice Whose balances sponsors pay from.
    function LEDGER() external view returns (ILedgerManager);

    /// @notice Of the base fee, what an executor earns on top, in hundredths of a percent.
    function PREMIUM_BPS() external view returns (uint256);

    /// @notice The most priority fee that is repaid, in wei.
    function TIP_CAP() external view returns (uint256);

    /// @notice Seconds in which a sponsor's cap refills from nothing.
    function PERIOD() external view returns (uint256);

    /// @notice Seconds between a sponsor's notice and its leaving.
    function NOTICE() external view returns (uint256);
}
