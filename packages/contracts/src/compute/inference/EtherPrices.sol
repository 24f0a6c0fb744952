// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Balances} from "./Balances.sol";

/// @notice What providers ask in ether.
abstract contract EtherPrices is Balances {
    /// @inheritdoc IInferenceServing
    function setCloseWindow(uint8 closeWindow) external {
        _setCloseWindow(ETHER, closeWindow);
        emit CloseWindowSet(msg.sender, closeWindow);
    }

    /// @inheritdoc IInferenceServing
    function setModel(string calldata model, uint256 inputPrice, uint256 outputPrice) external {
        (bytes32 modelHash, uint256 effectiveAt) = _setModel(ETHER, model, inputPrice, outputPrice);
        emit ModelSet(msg.sender, modelHash, model, inputPrice, outputPrice, effectiveAt);
    }

    /// @inheritdoc IInferenceServing
    function modelOf(address provider, string calldata model)
        external
        view
        returns (
            uint256 inputPrice,
            uint256 outputPrice,
            uint256 nextInputPrice,
            uint256 nextOutputPrice,
            uint256 effectiveAt,
            bool exists
        )
    {
        ModelEntry memory entry;
        (entry, exists) = _modelOf(provider, ETHER, model);
        return (
            entry.inputPrice,
            entry.outputPrice,
            entry.nextInputPrice,
            entry.nextOutputPrice,
            entry.effectiveAt,
            exists
        );
    }

    /// @inheritdoc IInferenceServing
    function modelsOf(address provider, uint256 cursor, uint256 limit)
        external
        view
        returns (ModelEntry[] memory models, uint256 nextCursor)
    {
        return _modelsOf(provider, ETHER, cursor, limit);
    }
}
