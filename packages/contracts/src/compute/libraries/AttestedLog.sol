// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What attesters sign of a log of another chain.
library AttestedLog {
    struct Log {
        uint256 chainId;
        /// @dev `block << 64 | transaction << 32 | log in its receipt`.
        uint256 key;
        /// @dev Of the block.
        uint256 time;
        address emitter;
        bytes32[] topics;
        bytes data;
    }

    bytes32 private constant TYPE_HASH = keccak256(
        "AttestedLog(uint256 chainId,uint64 blockNumber,uint32 transactionIndex,uint32 logIndex,uint64 timestamp,address emitter,bytes32[] topics,bytes data)"
    );
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME = keccak256("Jeju TriggerRegistry");
    bytes32 private constant VERSION = keccak256("1");

    /// @dev In the domain of `registry` on this chain.
    function digest(Log memory log, address registry) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN_TYPE, NAME, VERSION, block.chainid, registry));
        bytes32 hash = keccak256(
            abi.encode(
                TYPE_HASH,
                log.chainId,
                log.key >> 64,
                uint32(log.key >> 32),
                uint32(log.key),
                log.time,
                log.emitter,
                keccak256(abi.encodePacked(log.topics)),
                keccak256(log.data)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, hash));
    }
}
