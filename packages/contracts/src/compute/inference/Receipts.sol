// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceipts} from "../interfaces/IReceipts.sol";
import {Reservations} from "./Reservations.sol";

/// @notice What providers say that they delivered.
abstract contract Receipts is Reservations {
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address provider,address signer,address token,bytes32 request,bytes32 response,string model,uint256 inputTokens,uint256 outputTokens,uint256 inputPrice,uint256 outputPrice,uint128 tally)"
    );

    /// @inheritdoc IReceipts
    function receiptDigest(Receipt calldata receipt) public view returns (bytes32) {
        // In two parts: twelve words at once are more than the stack holds.
        bytes memory parties = abi.encode(
            RECEIPT_TYPEHASH,
            receipt.provider,
            receipt.signer,
            receipt.token,
            receipt.request,
            receipt.response,
            keccak256(bytes(receipt.model))
        );
        bytes memory amounts = abi.encode(
            receipt.inputTokens, receipt.outputTokens, receipt.inputPrice, receipt.outputPrice, receipt.tally
        );
        return _hashTypedData(keccak256(bytes.concat(parties, amounts)));
    }

    /// @inheritdoc IReceipts
    function isReceipt(Receipt calldata receipt, bytes calldata signature) public view returns (bool) {
        return _isAgreed(receipt.provider, receiptDigest(receipt), signature);
    }

    /// @inheritdoc IReceipts
    function publishConflict(
        Receipt calldata first,
        bytes calldata firstSignature,
        Receipt calldata second,
        bytes calldata secondSignature
    ) external {
        (bytes32 one, bytes32 other) = (receiptDigest(first), receiptDigest(second));
        bool isSame = first.provider == second.provider && first.signer == second.signer
            && first.request == second.request;
        require(isSame && one != other, NoConflict(one, other));
        require(isReceipt(first, firstSignature), InvalidReceipt(first.provider, first.request));
        require(isReceipt(second, secondSignature), InvalidReceipt(second.provider, second.request));

        emit ReceiptsConflict(first.provider, first.request, first.signer, one, other);
    }
}
