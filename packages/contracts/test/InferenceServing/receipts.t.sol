// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceipts} from "../../src/compute/interfaces/IReceipts.sol";
import {InferenceTest} from "./InferenceTest.sol";

contract ReceiptsTest is InferenceTest {
    /// INF-27: a receipt is good if the provider or its operator signed it, over everything in it.
    function test_providerOrOperatorSigns() external {
        IReceipts.Receipt memory receipt = _receipt("response");
        vm.assertEq(annex.receiptDigest(receipt), _digest(_receiptHash(receipt)), "digest");

        vm.assertTrue(annex.isReceipt(receipt, _signed(providerKey, receipt)), "provider");
        vm.assertTrue(annex.isReceipt(receipt, _signed(operatorKey, receipt)), "operator");
        vm.assertFalse(annex.isReceipt(receipt, _signed(signerKey, receipt)), "somebody");
        bytes memory signature = _signed(operatorKey, receipt);
        receipt.outputTokens++;
        vm.assertFalse(annex.isReceipt(receipt, signature), "another count");
        receipt.outputTokens--;
        receipt.model = "a smaller model";
        vm.assertFalse(annex.isReceipt(receipt, signature), "another model");
    }

    /// INF-27: two receipts for one request that contradict each other are published, and nothing is slashed for it.
    function test_conflictIsEvidenceAlone() external {
        (IReceipts.Receipt memory one, IReceipts.Receipt memory other) = (_receipt("yes"), _receipt("no"));
        (bytes memory ones, bytes memory others) = (_signed(providerKey, one), _signed(operatorKey, other));
        (bytes32 first, bytes32 second) = (annex.receiptDigest(one), annex.receiptDigest(other));

        vm.expectEmit(address(serving));
        emit IReceipts.ReceiptsConflict(provider, one.request, signer, first, second);
        annex.publishConflict(one, ones, other, others);

        vm.expectRevert(abi.encodeWithSelector(IReceipts.NoConflict.selector, first, first));
        annex.publishConflict(one, ones, one, ones);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.InvalidReceipt.selector, provider, other.request));
        annex.publishConflict(one, ones, other, ones);
        other.request = "another request";
        vm.expectRevert(
            abi.encodeWithSelector(IReceipts.NoConflict.selector, first, annex.receiptDigest(other))
        );
        annex.publishConflict(one, ones, other, others);
    }

    function _receipt(bytes32 response) private view returns (IReceipts.Receipt memory) {
        return IReceipts.Receipt({
            provider: provider,
            signer: signer,
            token: ETHER,
            request: "request",
            response: response,
            model: MODEL,
            inputTokens: 12,
            outputTokens: 17,
            inputPrice: 0.001 ether,
            outputPrice: 0.002 ether,
            tally: _tally(0, 46_000_000_000, 29)
        });
    }

    function _signed(uint256 secret, IReceipts.Receipt memory receipt) private view returns (bytes memory) {
        return _sign(secret, annex.receiptDigest(receipt));
    }

    function _receiptHash(IReceipts.Receipt memory r) private pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Receipt(address provider,address signer,address token,bytes32 request,bytes32 response,string model,uint256 inputTokens,uint256 outputTokens,uint256 inputPrice,uint256 outputPrice,uint128 tally)"
        );
        return keccak256(
            bytes.concat(
                abi.encode(typehash, r.provider, r.signer, r.token, r.request, r.response),
                abi.encode(keccak256(bytes(r.model)), r.inputTokens, r.outputTokens),
                abi.encode(r.inputPrice, r.outputPrice, r.tally)
            )
        );
    }
}
