// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {Escrow} from "../libraries/Escrow.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Sessions} from "./Sessions.sol";

/// @notice How sessions take money, ether and tokens never mixed.
abstract contract Payments is Sessions {
    using Tokens for address;

    /* STORAGE */

    /// @inheritdoc IComputeRental
    mapping(uint256 providerId => mapping(address token => uint256)) public tokenPriceOf;
    mapping(uint256 sessionId => Order) internal _orders;

    /* TOKENS */

    /// @dev Only what is drawn from the ledger comes in here; it is counted where it is drawn.
    receive() external payable {
        require(msg.sender == address(LEDGER) && _isEntered(), EtherUnasked(msg.sender));
    }

    /// @inheritdoc IComputeRental
    function setTokenPrice(address token, uint256 pricePerHour) external {
        uint256 providerId = REGISTRY.providerIdOf(msg.sender);
        require(providerId != 0, NotAProvider(msg.sender));
        require(token != ETHER, TokenNotAccepted(providerId, token));
        require(pricePerHour <= type(uint80).max, PriceOutOfRange(pricePerHour, type(uint80).max));

        tokenPriceOf[providerId][token] = pricePerHour;
        emit TokenPriceSet(providerId, token, pricePerHour);
    }

    /* INTERNAL */

    /// @dev What an hour costs with a provider that can be rented; 0 for no token is no offer.
    function _priceOf(uint256 providerId, address token) internal view returns (uint256 pricePerHour) {
        address owner;
        bool rentable;
        (owner, pricePerHour, rentable) = REGISTRY.rentalTerms(providerId);
        if (!rentable) {
            require(owner != address(0), ProviderUnknown(providerId));
            revert ProviderInactive(providerId);
        }
        if (token == ETHER) return pricePerHour;
        pricePerHour = tokenPriceOf[providerId][token];
        require(pricePerHour != 0, TokenNotAccepted(providerId, token));
    }

    function _tokenOf(uint256 sessionId, Escrow.Terms memory terms) internal view returns (address) {
        return terms.marks & Escrow.IN_TOKEN == 0 ? ETHER : _orders[sessionId].token;
    }

    /// @dev Takes `amount` from the caller: the value sent, then what the ledger holds of it and lets this contract draw, then
    /// the tokens that its wallet approved. Exactly, or not at all.
    function _take(address token, uint256 amount) internal {
        if (token == ETHER) {
            require(msg.value <= amount, WrongValue(msg.value, amount));
            if (msg.value != amount) LEDGER.draw(msg.sender, ETHER, amount - msg.value);
            return;
        }
        require(msg.value == 0, WrongValue(msg.value, 0));
        uint256 drawn = _least(amount, LEDGER.allowanceOf(msg.sender, address(this), token));
        drawn = _least(drawn, LEDGER.getTokenBalance(msg.sender, token));
        if (drawn != 0) _draw(token, drawn);
        if (drawn != amount) token.pull(msg.sender, amount - drawn);
    }

    function _draw(address token, uint256 amount) private {
        uint256 before = token.balanceHere();
        LEDGER.draw(msg.sender, token, amount);
        token.requireArrived(before, amount);
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
