// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What a provider says it delivered, signed, so that a payer can show it.
/// @dev EIP-712: `Receipt(address provider,address signer,address token,bytes32 request,bytes32 response,string model,
///      uint256 inputTokens,uint256 outputTokens,uint256 inputPrice,uint256 outputPrice,uint128 tally)`, without the line break.
interface IReceipts {
    /// @dev `signer` is the channel's session key; `request` and `response` are hashes that docs/payments.md defines, the
    ///      request's being the idempotency key; `tally` is what the channel owes in all, this request included.
    struct Receipt {
        address provider;
        address signer;
        address token;
        bytes32 request;
        bytes32 response;
        string model;
        uint256 inputTokens;
        uint256 outputTokens;
        uint256 inputPrice;
        uint256 outputPrice;
        uint128 tally;
    }

    /// @notice The receipt is signed neither by its provider nor by its operator.
    error InvalidReceipt(address provider, bytes32 request);

    /// @notice The two say the same, or are of different requests.
    error NoConflict(bytes32 first, bytes32 second);

    /// @notice The provider signed two receipts for one request that differ. Evidence for whoever judges it; nothing is slashed,
    ///         since an honest retry can produce it.
    event ReceiptsConflict(
        address indexed provider, bytes32 indexed request, address signer, bytes32 first, bytes32 second
    );

    /// @notice The EIP-712 digest of a receipt.
    function receiptDigest(Receipt calldata receipt) external view returns (bytes32);

    /// @notice Whether the receipt's provider or its operator signed it; ERC-1271 counts.
    function isReceipt(Receipt calldata receipt, bytes calldata signature) external view returns (bool);

    /// @notice Publishes two receipts that contradict each other. Anyone may; no money moves.
    function publishConflict(
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external;
}
