// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceTokens} from "../interfaces/IInferenceTokens.sol";
import {TokenBalance} from "./TokenBalance.sol";

/// @notice What providers ask in tokens.
abstract contract TokenPrices is TokenBalance {
    /// @inheritdoc IInferenceTokens
    function setTokenCloseWindow(address token, uint8 closeWindow) external {
        _requireDelegated();
        require(token != ETHER, NotAToken(token));

        _setCloseWindow(token, closeWindow);
        emit TokenCloseWindowSet(msg.sender, token, closeWindow);
    }

    /// @inheritdoc IInferenceTokens
    function setTokenModel(address token, string calldata model, uint256 inputPrice, uint256 outputPrice)
        external
    {
        _requireDelegated();
        require(token != ETHER, NotAToken(token));

        (bytes32 modelHash, uint256 effectiveAt) = _setModel(token, model, inputPrice, outputPrice);
        emit TokenModelSet(msg.sender, token, modelHash, model, inputPrice, outputPrice, effectiveAt);
    }

    /// @inheritdoc IInferenceTokens
    function tokenModelOf(address provider, address token, string calldata model)
        external
        view
        returns (ModelEntry memory entry, bool exists)
    {
        return _modelOf(provider, token, model);
    }

    /// @inheritdoc IInferenceTokens
    function tokenModelsOf(address provider, address token, uint256 cursor, uint256 limit)
        external
        view
        returns (ModelEntry[] memory models, uint256 nextCursor)
    {
        return _modelsOf(provider, token, cursor, limit);
    }
}
