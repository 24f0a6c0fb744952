// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Channels} from "../libraries/Channels.sol";
import {Prices} from "../libraries/Prices.sol";
import {Funds} from "./Funds.sol";

/// @notice The metered way: a user lets one provider charge him by its own counting, up to a sum.
abstract contract Meters is Funds {
    using Channels for bytes32;
    using Channels for uint256;
    using Prices for Prices.Price;

    uint256 private constant PRICE_UNIT = 1_000_000;

    /// @inheritdoc IInferenceServing
    function openMeter(address provider, address token, uint256 amount) external payable {
        uint256 fromBalance = _fund(Channels.METERS, provider, token, msg.sender, amount);
        emit MeterFunded(msg.sender, provider, token, amount, fromBalance);
    }

    /// @inheritdoc IInferenceServing
    function closeMeter(address provider, address token) external {
        (bytes32 slot, uint256 word) = _openMeterOf(msg.sender, provider, token);
        require(word.closeAtOf() == 0, ChannelClosing(msg.sender, provider, word.closeAtOf()));

        uint256 closeAt = block.timestamp + word.closeWindowOf() * 1 hours;

        slot.store(word.requestClose(closeAt));
        emit MeterCloseRequested(msg.sender, provider, token, closeAt);
    }

    /// @inheritdoc IInferenceServing
    function finalizeMeter(address provider, address token) external {
        (bytes32 slot, uint256 word) = _openMeterOf(msg.sender, provider, token);
        _requireCloseTime(word.closeAtOf(), msg.sender, provider);

        uint256 refund = word.leftOf();

        slot.store(word.close());
        _credit(msg.sender, refund);
        emit MeterClosedOut(msg.sender, provider, token, refund);
    }

    /// @inheritdoc IInferenceServing
    function meterOf(address user, address provider, address token) external view returns (Channel memory) {
        return Channels.slotOf(Channels.METERS, provider, token, user).load().unpack();
    }

    /// @inheritdoc IInferenceServing
    function recordUsage(address user, uint256 inputTokens, uint256 outputTokens, string memory model)
        external
    {
        _recordUsage(msg.sender, user, inputTokens, outputTokens, model);
    }

    /// @inheritdoc IInferenceServing
    function recordUsageFor(
        address provider,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) external {
        bool allowed = msg.sender == provider || msg.sender == _operatorOf(provider);
        require(allowed, NotProviderOrOperator(provider, msg.sender));

        _recordUsage(provider, user, inputTokens, outputTokens, model);
    }

    function _recordUsage(
        address provider,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) private {
        (bytes32 slot, uint256 word) = _openMeterOf(user, provider, address(0));
        uint256 closeAt = word.closeAtOf();
        require(closeAt == 0 || block.timestamp < closeAt, MeterClosed(user, provider, closeAt));
        uint256 tokens = _tokens(inputTokens, outputTokens, word.tokensOf());
        uint256 cost = _cost(provider, inputTokens, outputTokens, model);
        require(cost <= word.leftOf(), MeterExhausted(user, provider, word.leftOf(), cost));

        slot.store(word.claim(cost, tokens));
        _credit(provider, cost);
        emit UsageRecorded(user, provider, model, inputTokens, outputTokens, cost);
    }

    /// @dev Rounds down: the provider gains from rounding, and chose how much to record at once.
    function _cost(address provider, uint256 inputTokens, uint256 outputTokens, string memory model)
        private
        view
        returns (uint256)
    {
        Model storage entry = _models[provider][keccak256(bytes(model))];
        require(entry.input.posted, UnknownModel(provider, model));
        return (inputTokens * entry.input.get() + outputTokens * entry.output.get()) / PRICE_UNIT;
    }

    /// @dev The meter's tokens afterwards.
    function _tokens(uint256 inputTokens, uint256 outputTokens, uint256 before)
        private
        pure
        returns (uint256)
    {
        uint256 most = type(uint40).max - before;
        bool fits = inputTokens <= most && outputTokens <= most - inputTokens;
        require(fits, UsageTooLarge(inputTokens, outputTokens));
        return before + inputTokens + outputTokens;
    }

    function _openMeterOf(address user, address provider, address token)
        private
        view
        returns (bytes32 slot, uint256 word)
    {
        slot = Channels.slotOf(Channels.METERS, provider, token, user);
        word = slot.load();
        require(word.closeWindowOf() != 0, NoMeter(user, provider));
    }
}
