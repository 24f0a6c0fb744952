// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";

/// @notice What is signed with a webhook delivery, and by which keys.
library Deliveries {
    bytes32 private constant TYPE_HASH =
        keccak256("WebhookDelivery(uint256 triggerId,uint64 nonce,uint64 timestamp,bytes32 payloadHash)");

    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Jeju TriggerRegistry");
    bytes32 private constant VERSION = keccak256("1");

    /// @dev The precompile of EIP-7951.
    address private constant P256_VERIFY = address(0x100);

    /// @dev An ERC-1271 account that needs more would cost its sponsor too much, and could take a batch's gas.
    uint256 private constant ERC1271_GAS = 200_000;

    /// @dev In the domain of this contract on this chain.
    function digest(uint256 triggerId, uint256 nonce, uint256 time, bytes32 payloadHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domainType = DOMAIN_TYPE;
        bytes32 name = NAME;
        bytes32 version = VERSION;
        bytes32 typeHash = TYPE_HASH;
        bytes32 hash;
        // As `abi.encode` would, twice five words; what is written lies in free memory and is left there.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, domainType)
            mstore(add(data, 0x20), name)
            mstore(add(data, 0x40), version)
            mstore(add(data, 0x60), chainid())
            mstore(add(data, 0x80), address())
            let domain := keccak256(data, 0xa0)
            mstore(data, typeHash)
            mstore(add(data, 0x20), triggerId)
            mstore(add(data, 0x40), nonce)
            mstore(add(data, 0x60), time)
            mstore(add(data, 0x80), payloadHash)
            hash := keccak256(data, 0xa0)
            mstore(data, hex"1901")
            mstore(add(data, 0x02), domain)
            mstore(add(data, 0x22), hash)
            hash := keccak256(data, 0x42)
        }
        return hash;
    }

    function isSignedBy(address signer, bytes32 hash, bytes calldata signature) internal view returns (bool) {
        address recovered = ECDSA.tryRecoverCalldata(hash, signature);
        return recovered == signer && recovered != address(0);
    }

    /// @dev Takes both of a signature's two forms, (r, s) and (r, -s): a nonce works once, whichever comes.
    function isSignedByPoint(uint256 x, uint256 y, bytes32 hash, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length != 64) return false;
        (bool ok, bytes memory answer) = P256_VERIFY.staticcall(abi.encodePacked(hash, signature, x, y));
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    function isSignedByAccount(address account, bytes32 hash, bytes calldata signature)
        internal
        view
        returns (bool valid)
    {
        bytes4 magic = 0x1626ba7e;
        bytes memory data = abi.encodeWithSelector(magic, hash, signature);
        // Reads one word of the answer into scratch space, and copies no more of it.
        assembly ("memory-safe") {
            mstore(0, 0)
            let ok := staticcall(ERC1271_GAS, account, add(data, 0x20), mload(data), 0, 0x20)
            valid := and(and(ok, gt(returndatasize(), 0x1f)), eq(mload(0), magic))
        }
    }
}
