// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {Escrow} from "../libraries/Escrow.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Payments} from "./Payments.sol";

/// @notice Sessions made and extended: with ether, with tokens, by permit, by authorization and by themselves.
abstract contract Orders is Payments {
    using Escrow for Escrow.Rental;
    using Escrow for Escrow.Terms;
    using Tokens for address;

    uint256 private constant MAX_IMAGE_LENGTH = 256;
    /// @dev In the data of a call, behind the selector and an authorization's five words.
    uint256 private constant AFTER_AUTHORIZATION = 4 + 5 * 32;

    /// @inheritdoc IComputeRental
    function createSession(uint256 providerId, uint256 durationHours, string calldata sshPublicKey)
        external
        payable
        returns (uint256 sessionId)
    {
        _checkDuration(durationHours, MAX_HOURS);
        uint256 pricePerHour = _priceOf(providerId, ETHER);
        uint256 price = _total(pricePerHour, durationHours);
        require(msg.value == price, WrongValue(msg.value, price));

        return _create(msg.sender, providerId, pricePerHour, durationHours, sshPublicKey, 0);
    }

    /// @inheritdoc IComputeRental
    function createSessionFor(
        uint256 providerId,
        uint256 durationHours,
        string calldata sshPublicKey,
        address token,
        string calldata image,
        bytes32 dataHash,
        uint256 maxTotal
    ) external payable nonReentrant returns (uint256 sessionId) {
        uint256 total;
        (sessionId, total) = _order(msg.sender, providerId, durationHours, sshPublicKey, token, maxTotal);
        _keep(sessionId, token, image, dataHash);

        _take(token, total);
    }

    /// @inheritdoc IComputeRental
    function createSessionWithPermit(SessionOrder calldata order, Permit calldata permit)
        external
        nonReentrant
        returns (uint256 sessionId)
    {
        uint256 total;
        (sessionId, total) = _order(msg.sender, order);

        order.token.tryPermit(msg.sender, permit);
        _take(order.token, total);
    }

    /// @inheritdoc IComputeRental
    function createSessionWithAuthorization(
        Authorization calldata authorization,
        address renter,
        SessionOrder calldata order
    ) external nonReentrant returns (uint256 sessionId) {
        uint256 total;
        (sessionId, total) = _order(renter, order);

        bytes32 nonce = keccak256(msg.data[AFTER_AUTHORIZATION:]);
        order.token.requireSigned(renter, total, authorization, nonce);
        order.token.pullAuthorized(renter, total, authorization, nonce);
    }

    /// @inheritdoc IComputeRental
    function extendSession(uint256 sessionId, uint256 additionalHours) external payable nonReentrant {
        Escrow.Terms memory terms = _termsOf(sessionId);
        require(msg.sender == _rentals[sessionId].renter, NotParty(sessionId, msg.sender));
        address token = _tokenOf(sessionId, terms);

        uint256 price = _extend(sessionId, terms, token, additionalHours);

        require(token != ETHER || msg.value == price, WrongValue(msg.value, price));
        _take(token, price);
    }

    /// @inheritdoc IComputeRental
    function topUp(address account, bytes32 key) external nonReentrant {
        uint256 sessionId = uint256(key);
        Escrow.Terms memory terms = _termsOf(sessionId);
        require(account == _rentals[sessionId].renter, NotParty(sessionId, account));
        address token = _tokenOf(sessionId, terms);
        ILedgerManager.TopUp memory refill = LEDGER.topUpOf(account, address(this), key);
        require(refill.token == token, OtherToken(sessionId, token, refill.token));
        uint256 end = terms.endTime();
        uint256 ahead = end > block.timestamp ? terms.payOf(end - block.timestamp) : 0;
        require(ahead < refill.threshold, TopUpNotDue(sessionId, ahead, refill.threshold));

        uint256 price = _extend(sessionId, terms, token, refill.amount / terms.pricePerHour);

        uint256 before = token == ETHER ? 0 : token.balanceHere();
        LEDGER.drawTopUp(account, key, price);
        if (token != ETHER) token.requireArrived(before, price);
    }

    /// @inheritdoc IComputeRental
    function orderOf(uint256 sessionId) external view returns (Order memory) {
        return _orders[sessionId];
    }

    /* INTERNAL */

    function _order(address renter, SessionOrder calldata order)
        private
        returns (uint256 sessionId, uint256 total)
    {
        require(order.token != ETHER, TokenNotAccepted(order.providerId, ETHER));

        (sessionId, total) = _order(
            renter, order.providerId, order.durationHours, order.sshPublicKey, order.token, order.maxTotal
        );
        _keep(sessionId, order.token, order.image, order.dataHash);
    }

    function _order(
        address renter,
        uint256 providerId,
        uint256 durationHours,
        string calldata sshPublicKey,
        address token,
        uint256 maxTotal
    ) private returns (uint256 sessionId, uint256 total) {
        _checkDuration(durationHours, MAX_HOURS);
        uint256 pricePerHour = _priceOf(providerId, token);
        total = _total(pricePerHour, durationHours);
        require(total <= maxTotal, PriceAboveLimit(total, maxTotal));

        uint256 marks = token == ETHER ? 0 : Escrow.IN_TOKEN;
        sessionId = _create(renter, providerId, pricePerHour, durationHours, sshPublicKey, marks);
    }

    function _keep(uint256 sessionId, address token, string calldata image, bytes32 dataHash) private {
        uint256 length = bytes(image).length;
        require(length <= MAX_IMAGE_LENGTH, ImageTooLong(length, MAX_IMAGE_LENGTH));

        _orders[sessionId] = Order({token: token, dataHash: dataHash, image: image});
        emit SessionOrdered(sessionId, token, image, dataHash);
    }

    /// @dev Adds hours to a running session and says what they cost.
    function _extend(uint256 sessionId, Escrow.Terms memory terms, address token, uint256 additionalHours)
        private
        returns (uint256 price)
    {
        Status status = terms.currentStatus();
        require(status == Status.Running, SessionNotActive(sessionId, status));
        uint256 endTime = terms.endTime();
        _checkDuration(additionalHours, (MAX_HOURS * 1 hours - (endTime - block.timestamp)) / 1 hours);
        uint256 currentPrice = _priceOf(terms.providerId, token);
        require(currentPrice <= terms.pricePerHour, PriceRose(terms.pricePerHour, currentPrice));

        price = terms.pricePerHour * additionalHours;
        endTime += additionalHours * 1 hours;

        // Never more than 2,160 hours ahead of the clock, so 24 bits of hours last for 1,900 years.
        terms.durationHours += additionalHours;
        _rentals[sessionId].write(terms);
        emit SessionExtended(sessionId, terms.providerId, additionalHours, endTime);
    }

    function _checkDuration(uint256 hours_, uint256 maximum) private pure {
        require(hours_ != 0 && hours_ <= maximum, DurationOutOfRange(hours_, maximum));
    }
}
