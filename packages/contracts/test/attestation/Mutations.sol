// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice Changes signed material, one byte (4 of 5) or its structure (1 of 5), and counts what is accepted.
library Mutations {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant LONGEST_PART = 64;

    struct Tally {
        uint256 mutations;
        uint256 accepted;
        /// Of the most expensive.
        uint256 gas;
    }

    /// @notice Sends `count` mutations of `original` to `target`, each in the call that `encode` makes of it.
    /// @dev Gives the memory of each back, so that the last costs what the first did.
    function attack(
        bytes memory original,
        uint256 count,
        address target,
        function(bytes memory) internal view returns (bytes memory) encode
    ) internal returns (Tally memory tally) {
        bytes32 unchanged = keccak256(original);
        for (uint256 seed; tally.mutations < count; seed++) {
            uint256 free;
            // Everything allocated in this round is unreachable after it.
            assembly {
                free := mload(0x40)
            }
            bytes memory changed = mutate(original, uint256(keccak256(abi.encode(unchanged, seed))));
            if (keccak256(changed) != unchanged) {
                bytes memory call_ = encode(changed);
                uint256 before = gasleft();
                bool ok;
                // Nothing of the answer is copied.
                assembly {
                    ok := call(gas(), target, 0, add(call_, 32), mload(call_), 0, 0)
                }
                uint256 used = before - gasleft();
                if (used > tally.gas) tally.gas = used;
                if (ok) tally.accepted++;
                tally.mutations++;
            }
            assembly {
                mstore(0x40, free)
            }
            // A test has the gas of one block or so; the limit of interest here is that of each call.
            if (seed % 1000 == 0) vm.resetGasMetering();
        }
    }

    /// @notice A byte changed; or a part cut out, repeated, cleared, reversed; or the end cut off.
    function mutate(bytes memory original, uint256 seed) internal pure returns (bytes memory) {
        uint256 at = uint64(seed) % original.length;
        if ((seed >> 64) % 5 != 0) {
            bytes memory changed = bytes.concat(original);
            changed[at] ^= bytes1(uint8(1 + (seed >> 80) % 255));
            return changed;
        }
        uint256 end = at + 1 + (seed >> 96) % LONGEST_PART;
        if (end > original.length) end = original.length;
        bytes memory head = slice(original, 0, at);
        bytes memory part = slice(original, at, end);
        bytes memory tail = slice(original, end, original.length);
        uint256 kind = (seed >> 128) % 5;
        if (kind == 0) return bytes.concat(head, tail);
        if (kind == 1) return bytes.concat(head, part, part, tail);
        if (kind == 2) return bytes.concat(head, new bytes(part.length), tail);
        if (kind == 3) return bytes.concat(head, reversed(part), tail);
        return head;
    }

    function slice(bytes memory data, uint256 from, uint256 to) internal pure returns (bytes memory part) {
        part = new bytes(to - from);
        // Copies within the bounds of both.
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), from), sub(to, from))
        }
    }

    function reversed(bytes memory part) private pure returns (bytes memory turned) {
        turned = new bytes(part.length);
        for (uint256 i; i < part.length; i++) {
            turned[i] = part[part.length - 1 - i];
        }
    }
}
