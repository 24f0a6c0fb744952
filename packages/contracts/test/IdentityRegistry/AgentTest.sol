// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IdentityRegistry} from "../../src/compute/identity/IdentityRegistry.sol";

/// @notice A registry, and wallets that agree to be agents'.
abstract contract AgentTest is Test {
    IdentityRegistry internal identity = new IdentityRegistry();
    address internal owner = makeAddr("owner");

    function _sign(uint256 key, uint256 agentId, address wallet, address owner_, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("ERC8004IdentityRegistry"),
                keccak256("1"),
                block.chainid,
                address(identity)
            )
        );
        bytes32 consent = keccak256(
            abi.encode(
                keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)"),
                agentId,
                wallet,
                owner_,
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", domain, consent)));
        return abi.encodePacked(r, s, v);
    }
}
