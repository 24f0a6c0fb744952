// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../interfaces/IComputeRegistry.sol";
import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Prices} from "../libraries/Prices.sol";
import {FreeBalance} from "./FreeBalance.sol";

/// @notice What providers offer: models at a price, and a close window. Who offers gets a short number, which lists store.
abstract contract Offers is FreeBalance {
    using Prices for Prices.Price;

    struct Offer {
        uint32 number;
        uint8 closeWindow;
    }

    struct Model {
        Prices.Price input;
        Prices.Price output;
    }

    uint256 private constant MAX_MODEL_BYTES = 128;

    IComputeRegistry public immutable REGISTRY;

    /* STORAGE */

    mapping(address provider => Offer) internal _offers;
    mapping(address provider => mapping(bytes32 modelHash => Model)) internal _models;
    mapping(address provider => string[]) private _modelNames;

    /// @dev Providers by their offer's number less one.
    address[] internal _offering;

    constructor(address registry) {
        REGISTRY = IComputeRegistry(registry);
    }

    /* EXTERNAL */

    /// @inheritdoc IInferenceServing
    function setCloseWindow(uint8 closeWindow) external {
        require(closeWindow != 0 && closeWindow <= 24, InvalidCloseWindow(closeWindow));

        _offerOf(msg.sender).closeWindow = closeWindow;
        emit CloseWindowSet(msg.sender, closeWindow);
    }

    /// @inheritdoc IInferenceServing
    function setModel(string calldata model, uint256 inputPrice, uint256 outputPrice) external {
        uint256 length = bytes(model).length;
        require(length != 0 && length <= MAX_MODEL_BYTES, InvalidModel(model));
        _offerOf(msg.sender);

        bytes32 modelHash = keccak256(bytes(model));
        Model storage entry = _models[msg.sender][modelHash];

        if (!entry.input.posted) _modelNames[msg.sender].push(model);
        entry.input.post(inputPrice);
        entry.output.post(outputPrice);
        emit ModelSet(msg.sender, modelHash, model, inputPrice, outputPrice, _effectiveAt(entry));
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
        Model storage entry = _models[provider][keccak256(bytes(model))];
        inputPrice = entry.input.get();
        outputPrice = entry.output.get();
        nextInputPrice = entry.input.next;
        nextOutputPrice = entry.output.next;
        effectiveAt = _effectiveAt(entry);
        exists = entry.input.posted;
    }

    /// @inheritdoc IInferenceServing
    function modelsOf(address provider, uint256 cursor, uint256 limit)
        external
        view
        returns (ModelEntry[] memory models, uint256 nextCursor)
    {
        string[] storage names = _modelNames[provider];
        uint256 left = cursor < names.length ? names.length - cursor : 0;
        if (limit > left) limit = left;
        models = new ModelEntry[](limit);
        for (uint256 i = 0; i < limit; ++i) {
            string memory name = names[cursor + i];
            Model storage entry = _models[provider][keccak256(bytes(name))];
            models[i] = ModelEntry({
                model: name,
                inputPrice: entry.input.get(),
                outputPrice: entry.output.get(),
                nextInputPrice: entry.input.next,
                nextOutputPrice: entry.output.next,
                effectiveAt: _effectiveAt(entry)
            });
        }
        if (limit < left) nextCursor = cursor + limit;
    }

    /* INTERNAL */

    /// @dev The zero address, which is nobody, if there is none.
    function _operatorOf(address provider) internal view returns (address) {
        uint256 providerId = REGISTRY.providerIdOf(provider);
        return providerId == 0 ? address(0) : REGISTRY.operatorOf(providerId);
    }

    function _offerOf(address provider) private returns (Offer storage offer) {
        require(REGISTRY.providerIdOf(provider) != 0, NotProvider(provider));

        offer = _offers[provider];
        if (offer.number == 0) {
            _offering.push(provider);
            offer.number = uint32(_offering.length);
            offer.closeWindow = 1;
        }
    }

    function _effectiveAt(Model storage model) private view returns (uint256) {
        uint256 input = model.input.pendingUntil();
        uint256 output = model.output.pendingUntil();
        return input > output ? input : output;
    }
}
