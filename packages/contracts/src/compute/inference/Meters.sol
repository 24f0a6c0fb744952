// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Channels} from "../libraries/Channels.sol";
import {Prices} from "../libraries/Prices.sol";
import {Usage} from "./Usage.sol";

/// @notice The metered way: a user lets one provider charge him by its own counting, up to a sum.
abstract contract Meters is Usage {
    using Channels for bytes32;
    using Channels for uint256;
    using Prices for Prices.Price;

    uint256 private constant PRICE_UNIT = 1_000_000;

    /// @inheritdoc IInferenceServing
    function openMeter(address provider, address token, uint256 amount) external payable {
        _fund(Channels.METERS, msg.sender, provider, token, msg.sender, amount);
        (uint256 fromBalance, uint256 short) = _spend(token, amount);
        emit MeterFunded(msg.sender, provider, token, amount, fromBalance);

        if (short != 0) _pull(token, short);
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
        _credit(token, msg.sender, refund);
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
        uint256 cost = _charge(msg.sender, ETHER, user, inputTokens, outputTokens, model);
        emit UsageRecorded(user, msg.sender, model, inputTokens, outputTokens, cost);
    }

    /// @inheritdoc IInferenceServing
    function recordUsageFor(
        address provider,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) external {
        _requireProviderOrOperator(provider);

        uint256 cost = _charge(provider, ETHER, user, inputTokens, outputTokens, model);
        emit UsageRecorded(user, provider, model, inputTokens, outputTokens, cost);
    }

    /// @inheritdoc IInferenceServing
    function recordTokenUsage(
        address provider,
        address token,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) external {
        require(token != ETHER, NotAToken(token));
        _requireProviderOrOperator(provider);

        uint256 cost = _charge(provider, token, user, inputTokens, outputTokens, model);
        emit TokenUsageRecorded(user, provider, token, model, inputTokens, outputTokens, cost);
    }

    function _charge(
        address provider,
        address token,
        address user,
        uint256 inputTokens,
        uint256 outputTokens,
        string memory model
    ) private returns (uint256 cost) {
        (bytes32 slot, uint256 word) = _openMeterOf(user, provider, token);
        uint256 closeAt = word.closeAtOf();
        require(closeAt == 0 || block.timestamp < closeAt, MeterClosed(user, provider, closeAt));
        uint256 tokens = _tokens(inputTokens, outputTokens, word.tokensOf());
        cost = _cost(_modelIn(provider, token, model), inputTokens, outputTokens);
        require(cost <= word.leftOf(), MeterExhausted(user, provider, word.leftOf(), cost));

        slot.store(word.claim(cost, tokens));
        _credit(token, provider, cost);
    }

    /// @dev Rounds down: the provider gains from rounding, and chose how much to record at once.
    function _cost(Model storage model, uint256 inputTokens, uint256 outputTokens)
        private
        view
        returns (uint256)
    {
        return (inputTokens * model.input.get() + outputTokens * model.output.get()) / PRICE_UNIT;
    }

    function _requireProviderOrOperator(address provider) private view {
        bool allowed = msg.sender == provider || msg.sender == _operatorOf(provider);
        require(allowed, NotProviderOrOperator(provider, msg.sender));
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
