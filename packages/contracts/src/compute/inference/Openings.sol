// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceTokens} from "../interfaces/IInferenceTokens.sol";
import {Channels} from "../libraries/Channels.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {TokenPrices} from "./TokenPrices.sol";

/// @notice Channels in tokens that are opened by a signature of their owner instead of an approval.
abstract contract Openings is TokenPrices {
    using Tokens for address;

    /// @inheritdoc IInferenceTokens
    function openChannelWithPermit(Opening calldata opening, bytes calldata consent, Permit calldata permit)
        external
    {
        require(opening.token != ETHER, NotAToken(opening.token));
        opening.token.tryPermit(msg.sender, permit);

        _sessionFor(msg.sender, opening, consent);
        _fundChannel(opening.provider, opening.token, opening.signer, opening.amount);
    }

    /// @inheritdoc IInferenceTokens
    function openChannelWithAuthorization(
        address owner,
        Opening calldata opening,
        bytes calldata consent,
        Authorization calldata authorization
    ) external nonReentrant {
        (address provider, address token, address signer) = (opening.provider, opening.token, opening.signer);
        require(token != ETHER, NotAToken(token));
        bytes32 nonce = keccak256(abi.encode("openChannel", owner, opening, consent));
        token.requireSigned(owner, opening.amount, authorization, nonce);

        _sessionFor(owner, opening, consent);
        _fund(Channels.CHANNELS, owner, provider, token, signer, opening.amount);
        emit ChannelFunded(owner, signer, provider, token, opening.amount, 0);

        token.pullAuthorized(owner, opening.amount, authorization, nonce);
    }

    function _sessionFor(address owner, Opening calldata opening, bytes calldata consent) private {
        _sessionFor(owner, opening.token, opening.signer, opening.cap, opening.expiry, consent);
    }
}
