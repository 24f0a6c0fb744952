// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IAttesterQuorums} from "./IAttesterQuorums.sol";
import {ITriggerSponsors} from "./ITriggerSponsors.sol";

/// @notice Runs agents when something happens: a time, a signed delivery, a log on chain.
/// @dev `config` is a versioned byte string, big endian, checked when the trigger is created and given back byte for byte:
///
///      | bytes | field                                                                              |
///      | ----- | ---------------------------------------------------------------------------------- |
///      | 1     | version, 1                                                                         |
///      | 1     | failures in a row after which the trigger pauses; 0 for never                      |
///      | 2     | how many minutes after it is due an execution may still happen, at least 1         |
///      | 2     | gas limit of the call in thousands, up to 10,000; 0 for no call on chain           |
///      | 20    | target of the call; zero for the agent itself                                      |
///      | 2     | n, length of the call's data, at most 4,096                                        |
///      | n     | the call's data; empty for the default callback                                    |
///
///      then, for a cron trigger
///
///      | 1     | policy: 0 missed ticks fold into one run, 1 every tick runs in order               |
///      | 1     | offset from UTC in quarter hours, signed, -56 to 56                                |
///      | rest  | the five fields, at most 128 bytes: minute hour day-of-month month day-of-week     |
///
///      for a webhook trigger
///
///      | 1     | payload: 0 passed to the call, 1 only its hash                                     |
///      | 1     | key: 0 secp256k1 address, 1 P-256 point, 2 ERC-1271 account                        |
///      | rest  | the key: an address (20), or x and y (64)                                          |
///
///      for an event trigger
///
///      | 20    | the contract that emits the log, not zero                                          |
///      | 1     | which of the four topics are compared, one bit each, lowest first; bit 4 is set    |
///      |       | for logs of another chain, and then come                                           |
///      | 8     | that chain's id, not this one's                                                    |
///      | 32    | the quorum, in `QUORUMS`, that attests its logs                                    |
///      | rest  | those topics, 32 bytes each                                                        |
///
///      `input`, what an execution is asked for by, is a byte string too, big endian and never longer than it says:
///
///      | bytes | field                                                                              |
///      | ----- | ---------------------------------------------------------------------------------- |
///      | 1     | version, 1                                                                         |
///
///      then, for a cron trigger
///
///      | 5     | the tick, unix seconds                                                             |
///
///      for a webhook trigger
///
///      | 8     | nonce, each works once, in any order; near each other is cheaper                   |
///      | 5     | when the delivery was signed, unix seconds                                         |
///      | 2     | n, length of the signature                                                         |
///      | n     | r and vs (64) or r, s and v (65) for secp256k1; r and s (64) for P-256; any for    |
///      |       | ERC-1271; of the EIP-712 struct in `deliveryDigest`                                |
///      | rest  | the payload, or its 32 bytes of hash if the config says so                         |
///
///      for an event trigger
///
///      | 8     | number of the block                                                                |
///      | 4     | index of the transaction in the block                                              |
///      | 4     | index of the log in its receipt, which is not the one in the block                 |
///      | rest  | the block's header, then the nodes of the receipts' trie from the root to the      |
///      |       | receipt, all in RLP, one behind the other; of another chain's log instead          |
///      | 5     | when its block was made, unix seconds                                              |
///      | 1     | how many topics it has                                                             |
///      | 32 n  | those                                                                              |
///      | 2     | length of its data                                                                 |
///      | n     | its data                                                                           |
///      | rest  | signatures of the quorum, as it takes them, of the EIP-712 struct `AttestedLog(    |
///      |       | uint256 chainId,uint64 blockNumber,uint32 transactionIndex,uint32 logIndex,        |
///      |       | uint64 timestamp,address emitter,bytes32[] topics,bytes data)` in the domain of    |
///      |       | `deliveryDigest`                                                                   |
interface ITriggerRegistry is ITriggerSponsors {
    enum TriggerType {
        Cron,
        Webhook,
        Event
    }

    /// @notice Why a trigger does not run; `None` if it does.
    enum Reason {
        /// It is due, or it ran.
        None,
        /// No trigger has this id.
        NotFound,
        /// It was deactivated, which is for ever.
        Deactivated,
        /// It failed too often in a row, or its agent paused it.
        Paused,
        /// The input is not of the form that this kind of trigger takes.
        BadInput,
        /// The tick, or the time of signing, is still to come.
        TooEarly,
        /// It was due longer ago than the trigger's maximum delay, or before the trigger was there.
        TooLate,
        /// The cron expression names no such tick.
        NotInSchedule,
        /// Every tick must run, and an earlier one has not.
        OutOfOrder,
        /// This tick, delivery or log has run, or was cancelled.
        AlreadyDone,
        /// The key did not sign this, or not enough of the quorum did.
        BadSignature,
        /// The block is not among the last 8,191.
        UnknownBlock,
        /// The log is not proven to be in that block.
        BadProof,
        /// The log is of another contract or has other topics.
        OtherLog,
        /// The gas price is above the sponsor's maximum.
        PriceTooHigh,
        /// The sponsor's money does not cover the worst case.
        NotCovered,
        /// The transaction has too little gas left to give the call what it was promised.
        TooLittleGas
    }

    struct Trigger {
        address agent;
        TriggerType triggerType;
        bytes config;
        bool active;
    }

    /// @notice All that is known of a trigger. Amounts are wei, times unix seconds.
    struct Details {
        address agent;
        TriggerType triggerType;
        /// Ended for ever.
        bool deactivated;
        bool paused;
        uint256 failuresInARow;
        /// Failures in a row after which it pauses; 0 for never.
        uint256 maxFailures;
        /// Seconds after being due in which it may still run.
        uint256 maxDelay;
        /// Gas of the call; 0 for none.
        uint256 gasLimit;
        /// Who is called, zero for nobody.
        address target;
        /// Of event triggers: the log is of the chain of this id, and a quorum says so, which nothing on this chain proves.
        bool attested;
        uint256 chainId;
        uint256 quorumId;
        /// Of cron triggers: ticks up to here are done with.
        uint256 doneUntil;
        /// Of cron triggers: the tick that can run now, 0 if none.
        uint256 dueTick;
        /// Of cron triggers: the first tick after now.
        uint256 nextTick;
        /// Zero for nobody: then who runs it is not paid.
        address sponsor;
        /// What is there to pay executors at once.
        uint256 balance;
        /// What could be drawn from the sponsor's ledger now.
        uint256 refillable;
        uint256 perPeriod;
        uint256 maxGasPrice;
        uint256 expiry;
        /// From when on the sponsor may take the balance; 0 if it did not ask.
        uint256 withdrawableAt;
    }

    /// @notice No trigger has this id.
    error TriggerNotFound(uint256 triggerId);

    /// @notice The trigger was deactivated, which is for ever.
    error TriggerNotActive(uint256 triggerId);

    /// @notice Only the trigger's agent may do this.
    error NotAgent(uint256 triggerId, address caller);

    /// @notice Only cron triggers have ticks.
    error NotCron(uint256 triggerId);

    /// @notice Only webhook triggers have a key and nonces.
    error NotWebhook(uint256 triggerId);

    /// @notice The nonce ran, was cancelled, or is above 2^64 - 1.
    error NonceNotFree(uint256 triggerId, uint256 nonce);

    /// @notice The trigger does not run.
    error NotExecutable(uint256 triggerId, Reason reason);

    /// @notice From within a trigger's call nothing is executed, and no money moves out.
    error Reentrancy();

    /// @notice There are more inputs than triggers, or none at all.
    error LengthMismatch(uint256 triggerIds, uint256 inputs);

    /// @notice The call has `got` bytes of data where its arguments take `wanted`: a sponsor does not pay for padding.
    error InvalidCalldataLength(uint256 got, uint256 wanted);

    /// @notice This registry knows version 1 of configs.
    error UnknownConfigVersion(uint8 version);

    /// @notice The config is `got` bytes long where `wanted` are needed, or allowed.
    error InvalidConfigLength(uint256 got, uint256 wanted);

    /// @notice A field of the config is out of bounds; `field` is its name.
    error InvalidConfig(string field, uint256 value);

    /// @notice A field of the cron expression, 0 to 4, does not parse; `position` is the byte where.
    error InvalidCron(uint256 field, uint256 position);

    /// @notice Ticks are sought after 2 January 1970 and up to 2^40 - 1.
    error InvalidTime(uint256 time);

    /// @notice The cron expression names no day that exists, like 30 February.
    error NeverDue(string expression);

    /// @notice `agent` created a trigger.
    event TriggerCreated(
        uint256 indexed triggerId, address indexed agent, TriggerType indexed triggerType, bytes config
    );

    /// @notice The agent deactivated its trigger.
    event TriggerDeactivated(uint256 indexed triggerId);

    /// @notice The trigger runs no more until its agent resumes it, after `failures` in a row; 0 if the agent paused it.
    event TriggerPaused(uint256 indexed triggerId, uint256 failures);

    /// @notice The agent resumed its trigger.
    event TriggerResumed(uint256 indexed triggerId);

    /// @notice The trigger ran. `key` is the tick, the delivery's nonce, or the log as `block << 64 | transaction << 32 |
    ///         log in its receipt`; `paid` went to the executor's credit. Unless `TriggerFailed` precedes it, its call succeeded.
    event TriggerExecuted(uint256 indexed triggerId, uint256 key, address executor, uint256 paid);

    /// @notice The trigger's call reverted; its `TriggerExecuted` follows, with the same `key`.
    event TriggerFailed(uint256 indexed triggerId, uint256 key);

    /// @notice The trigger runs for a log of another chain that nothing but the quorum's word stands for; `key` as in
    ///         `TriggerExecuted`, which follows.
    event LogAttested(uint256 indexed triggerId, uint256 indexed quorumId, uint256 chainId, uint256 key);

    /// @notice `executeMany` left this one out.
    event TriggerSkipped(uint256 indexed triggerId, Reason reason);

    /// @notice The ticks after `from` and up to `until` were not run in time, and never will be.
    event TicksExpired(uint256 indexed triggerId, uint256 from, uint256 until);

    /// @notice The agent made a nonce worthless.
    event NonceCancelled(uint256 indexed triggerId, uint256 nonce);

    /// @notice The agent gave its webhook trigger another key.
    event KeyUpdated(uint256 indexed triggerId, uint8 kind, bytes key);

    /* TRIGGERS */

    /// @notice Creates a trigger of the caller, who is its agent. Reverts if it could never fire.
    /// @return triggerId from 1.
    function createTrigger(TriggerType triggerType, bytes memory config) external returns (uint256 triggerId);

    /// @notice Ends a trigger for ever. By its agent, also from within its call.
    function deactivateTrigger(uint256 triggerId) external;

    /// @notice Keeps a trigger from running. By its agent, also from within its call.
    function pauseTrigger(uint256 triggerId) external;

    /// @notice Lets a paused trigger run again and forgets its failures. Ticks of the pause are not made up. By its agent.
    function resumeTrigger(uint256 triggerId) external;

    /// @notice Makes a delivery worthless that may be signed and was not run. By the agent.
    function cancelNonce(uint256 triggerId, uint256 nonce) external;

    /// @notice Replaces the key of a webhook trigger, `kind` and `key` as in the config. What the old key signed and was not
    ///         run is worthless. By the agent.
    function updateKey(uint256 triggerId, uint8 kind, bytes calldata key) external;

    /* EXECUTION */

    /// @notice Runs a trigger that is due. By anyone; reverts unless due or authentic.
    /// @dev The agent is called by this contract: `onTrigger(uint256 triggerId, uint256 key, bytes payload)`, or with the
    ///      config's data. Any other target is called by `forwarderOf(agent)`. The payload is empty for a tick, the
    ///      delivery's payload or hash, or `abi.encode(address emitter, bytes32[] topics, bytes data)` of the log, to which
    ///      `uint256 chainId, uint256 quorumId` are added if a quorum attests it.
    /// @dev Whether the call reverts or not, it ran. If there is a sponsor, the caller is credited the gas it used at
    ///      `min(gas price, base fee + TIP_CAP)`, and `PREMIUM_BPS` of the base fee's part; if there is none, nothing.
    /// @dev Warning: what a layer-2 chain charges for data is not repaid. A credit that was empty costs its executor 17,100
    ///      gas more that no sponsor repays: `openCredit` first.
    function executeTrigger(uint256 triggerId, bytes memory input) external;

    /// @notice Runs those that are due and skips the others.
    /// @dev Costs that they share are split over all of them, also those skipped, for which nobody pays the caller.
    /// @param inputs one for each trigger, or fewer: the last is for all that follow, and its data is split over them.
    /// @return results `None` for each that ran.
    function executeMany(uint256[] calldata triggerIds, bytes[] calldata inputs)
        external
        returns (Reason[] memory results);

    /* VIEWS */

    /// @notice The trigger, its config as it was given. Not active if deactivated or paused.
    function getTrigger(uint256 triggerId) external view returns (Trigger memory);

    /// @notice All that is known of a trigger.
    function triggerDetails(uint256 triggerId) external view returns (Details memory);

    /// @notice Whether an execution would run now, and else why not. Ask with a gas price to have that judged too.
    function isDue(uint256 triggerId, bytes calldata input) external view returns (bool due, Reason reason);

    /// @notice The tick of a cron trigger that can run now; 0 if none. Of several that fold into one, the first.
    function dueTick(uint256 triggerId) external view returns (uint256);

    /// @notice The first tick of a cron trigger after now.
    function nextTick(uint256 triggerId) external view returns (uint256);

    /// @notice The first tick of a cron trigger after `time`.
    function nextTickAfter(uint256 triggerId, uint256 time) external view returns (uint256);

    /// @notice Whether a delivery ran or was cancelled.
    function isNonceUsed(uint256 triggerId, uint256 nonce) external view returns (bool);

    /// @notice Whether a log ran; `logIndex` counts within its receipt.
    function isLogUsed(uint256 triggerId, uint256 blockNumber, uint256 transactionIndex, uint256 logIndex)
        external
        view
        returns (bool);

    /// @notice What a webhook's key signs: EIP-712 `WebhookDelivery(uint256 triggerId,uint64 nonce,uint64 timestamp,bytes32
    ///         payloadHash)` in the domain of name "Jeju TriggerRegistry", version "1", this chain and this contract.
    function deliveryDigest(uint256 triggerId, uint64 nonce, uint64 timestamp, bytes32 payloadHash)
        external
        view
        returns (bytes32);

    /// @notice The account from which targets other than the agent are called; only triggers of `agent` call from it.
    function forwarderOf(address agent) external view returns (address);

    /// @notice The agent's triggers, newest first, deactivated ones included.
    /// @param cursor 0 for the newest, then the one returned.
    /// @param limit triggers to read.
    /// @return triggerIds what was read.
    /// @return nextCursor 0 at the end.
    function triggersOf(address agent, uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory triggerIds, uint256 nextCursor);

    /// @notice All triggers, newest first, deactivated ones included; pages as in `triggersOf`.
    function allTriggers(uint256 cursor, uint256 limit)
        external
        view
        returns (uint256[] memory triggerIds, uint256 nextCursor);

    /// @notice Where the quorums are that attest logs of other chains.
    function QUORUMS() external view returns (IAttesterQuorums);

    /// @notice How many triggers were created; ids run from 1 to this.
    function triggerCount() external view returns (uint256);
}
