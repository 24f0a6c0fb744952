// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IInferenceRecords} from "./IInferenceRecords.sol";
import {ITokenPayments} from "./ITokenPayments.sol";

/// @notice Free balances in tokens, beside those in ether, and channels opened with a signature instead of an approval.
/// @dev Each token's money is counted by itself: what one of them does to its holders reaches neither another nor ether.
/// @dev Warning: a token that shrinks balances, or forbids this contract, harms the balances in it. Choose tokens that do not.
interface IInferenceTokens is IInferenceRecords, ITokenPayments {
    /* FREE BALANCE */

    /// @notice Adds `amount` of a token, which the caller approved, to the caller's free balance.
    function depositToken(address token, uint256 amount) external;

    /// @notice Like `depositToken`, to the balance of `account`, who alone can take it out.
    function depositTokenFor(address account, address token, uint256 amount) external;

    /// @notice Like `depositToken`, after the caller's permit for this contract.
    function depositTokenWithPermit(address token, uint256 amount, Permit calldata permit) external;

    /// @notice Adds `amount` of a token of `from`, by its EIP-3009 authorization, to its balance. Anyone may submit it.
    /// @dev Its nonce is `keccak256(abi.encode("depositToken", from, token, amount))`.
    function depositTokenWithAuthorization(
        address from,
        address token,
        uint256 amount,
        Authorization calldata authorization
    ) external;

    /// @notice Pays `amount` of the caller's free balance of a token to the caller.
    function withdrawToken(address token, uint256 amount) external;

    /// @notice Pays `amount` of the caller's free balance of a token to `to`.
    function withdrawTokenTo(address token, uint256 amount, address to) external;

    /// @notice What `user` can withdraw, or put into channels, of a token now.
    function getTokenBalance(address user, address token) external view returns (uint256);

    /* CHANNELS */

    /// @notice `openChannel` after the caller's permit for this contract.
    function openChannelWithPermit(Opening calldata opening, bytes calldata consent, Permit calldata permit)
        external;

    /// @notice `openChannel` for `owner`, by its EIP-3009 authorization of the whole amount. Anyone may submit it.
    /// @dev Its nonce is `keccak256(abi.encode("openChannel", owner, opening, consent))`, so it opens this very channel only.
    /// Whether `owner` signed it is not left to the token: else a token could give him session keys, and channels in his lists.
    function openChannelWithAuthorization(
        address owner,
        Opening calldata opening,
        bytes calldata consent,
        Authorization calldata authorization
    ) external;

    /* PRICES */

    /// @notice The same for channels in a token; each currency has a window of its own.
    function setTokenCloseWindow(address token, uint8 closeWindow) external;

    /// @notice Posts the caller's price of a model in a token's smallest unit, by the rules of `setModel`.
    function setTokenModel(address token, string calldata model, uint256 inputPrice, uint256 outputPrice)
        external;

    /// @notice A model's prices in a token; all zero if it is not offered in that.
    function tokenModelOf(address provider, address token, string calldata model)
        external
        view
        returns (ModelEntry memory entry, bool exists);

    /// @notice The provider's models offered in a token, with the pages of `modelsOf`.
    function tokenModelsOf(address provider, address token, uint256 cursor, uint256 limit)
        external
        view
        returns (ModelEntry[] memory models, uint256 nextCursor);
}
