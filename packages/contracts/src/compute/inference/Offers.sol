// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../interfaces/IComputeRegistry.sol";
import {Prices} from "../libraries/Prices.sol";
import {FreeBalance} from "./FreeBalance.sol";

/// @notice What providers offer, by currency: models at a price, and a close window. An offer has a short number, which lists store.
abstract contract Offers is FreeBalance {
    using Prices for Prices.Price;

    struct Offer {
        uint32 number;
        uint8 closeWindow;
    }

    struct Offering {
        address provider;
        address token;
    }

    struct Model {
        Prices.Price input;
        Prices.Price output;
    }

    uint256 private constant MAX_MODEL_BYTES = 128;

    IComputeRegistry public immutable REGISTRY;

    /* STORAGE */

    mapping(address provider => mapping(address token => Offer)) internal _offers;
    mapping(address provider => mapping(address token => mapping(bytes32 modelHash => Model))) private
        _models;
    mapping(address provider => mapping(address token => string[])) private _modelNames;

    /// @dev Whose offer it is, by its number less one.
    Offering[] internal _offering;

    constructor(address registry) {
        REGISTRY = IComputeRegistry(registry);
    }

    /* INTERNAL */

    /// @dev The zero address, which is nobody, if there is none.
    function _operatorOf(address provider) internal view returns (address) {
        uint256 providerId = REGISTRY.providerIdOf(provider);
        return providerId == 0 ? address(0) : REGISTRY.operatorOf(providerId);
    }

    function _modelOf(address provider, address token, string calldata model)
        internal
        view
        returns (ModelEntry memory entry, bool exists)
    {
        exists = _models[provider][token][keccak256(bytes(model))].input.posted;
        return (_entryOf(provider, token, model), exists);
    }

    function _modelsOf(address provider, address token, uint256 cursor, uint256 limit)
        internal
        view
        returns (ModelEntry[] memory models, uint256 nextCursor)
    {
        string[] storage names = _modelNames[provider][token];
        uint256 left = cursor < names.length ? names.length - cursor : 0;
        if (limit > left) limit = left;
        models = new ModelEntry[](limit);
        for (uint256 i = 0; i < limit; ++i) {
            models[i] = _entryOf(provider, token, names[cursor + i]);
        }
        if (limit < left) nextCursor = cursor + limit;
    }

    function _modelIn(address provider, address token, string memory model)
        internal
        view
        returns (Model storage entry)
    {
        entry = _models[provider][token][keccak256(bytes(model))];
        require(entry.input.posted, UnknownModel(provider, model));
    }

    function _setCloseWindow(address token, uint8 closeWindow) internal {
        require(closeWindow != 0 && closeWindow <= 24, InvalidCloseWindow(closeWindow));

        _offerIn(token).closeWindow = closeWindow;
    }

    function _setModel(address token, string calldata model, uint256 inputPrice, uint256 outputPrice)
        internal
        returns (bytes32 modelHash, uint256 effectiveAt)
    {
        uint256 length = bytes(model).length;
        require(length != 0 && length <= MAX_MODEL_BYTES, InvalidModel(model));
        _offerIn(token);

        modelHash = keccak256(bytes(model));
        Model storage entry = _models[msg.sender][token][modelHash];

        if (!entry.input.posted) _modelNames[msg.sender][token].push(model);
        entry.input.post(inputPrice);
        entry.output.post(outputPrice);
        effectiveAt = _effectiveAt(entry);
    }

    /// @dev The caller's offer in a currency; it begins with the first price or window.
    function _offerIn(address token) private returns (Offer storage offer) {
        require(REGISTRY.providerIdOf(msg.sender) != 0, NotProvider(msg.sender));

        offer = _offers[msg.sender][token];
        if (offer.number == 0) {
            _offering.push(Offering({provider: msg.sender, token: token}));
            offer.number = uint32(_offering.length);
            offer.closeWindow = 1;
        }
    }

    function _entryOf(address provider, address token, string memory model)
        private
        view
        returns (ModelEntry memory)
    {
        Model storage entry = _models[provider][token][keccak256(bytes(model))];
        return ModelEntry({
            model: model,
            inputPrice: entry.input.get(),
            outputPrice: entry.output.get(),
            nextInputPrice: entry.input.next,
            nextOutputPrice: entry.output.next,
            effectiveAt: _effectiveAt(entry)
        });
    }

    function _effectiveAt(Model storage model) private view returns (uint256) {
        uint256 input = model.input.pendingUntil();
        uint256 output = model.output.pendingUntil();
        return input > output ? input : output;
    }
}
