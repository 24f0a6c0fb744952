// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a contract asks of an ERC-8004 identity registry that others wrote and may change.
/// @dev Each call has its gas, no more than a word of an answer is read, and failure is an answer: whatever the registry does, the
/// caller goes on.
library Agents {
    /// @notice The call needs `wanted` gas left for the agent; it had `left`. What is not used comes back.
    error GasTooLow(uint256 left, uint256 wanted);

    uint256 private constant MINT_GAS = 500_000;
    uint256 private constant HAND_OVER_GAS = 100_000;
    uint256 private constant READ_GAS = 50_000;
    /// @dev Of what is left a call passes on 63/64 at most.
    uint256 private constant WANTED = (MINT_GAS + HAND_OVER_GAS + READ_GAS) * 64 / 63 + 50_000;

    /// @notice Mints an agent and hands its token to `owner`.
    /// @dev Reverts where the gas left could not pay for it: else whoever estimates gas would find that it works without an agent.
    function mint(address identity, string memory uri, address owner)
        internal
        returns (bool minted, uint256 agentId)
    {
        require(gasleft() >= WANTED, GasTooLow(gasleft(), WANTED));
        (minted, agentId) = _ask(identity, MINT_GAS, abi.encodeWithSignature("register(string)", uri));
        if (!minted) return (false, 0);
        bytes memory handOver =
            abi.encodeWithSignature("transferFrom(address,address,uint256)", address(this), owner, agentId);
        _call(identity, HAND_OVER_GAS, handOver);
        minted = ownerOf(identity, agentId) == owner;
    }

    /// @notice Who owns the agent; 0 if nobody does or the registry does not say.
    function ownerOf(address identity, uint256 agentId) internal view returns (address) {
        bytes memory question = abi.encodeWithSignature("ownerOf(uint256)", agentId);
        (bool ok, uint256 answer) = (false, 0);
        // Reads one word into scratch space, and only if the answer has one.
        assembly ("memory-safe") {
            ok := staticcall(READ_GAS, identity, add(question, 32), mload(question), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            answer := mload(0)
        }
        return ok && answer <= type(uint160).max ? address(uint160(answer)) : address(0);
    }

    function _ask(address target, uint256 gasLimit, bytes memory data)
        private
        returns (bool ok, uint256 answer)
    {
        // Reads one word into scratch space, and only if the answer has one.
        assembly ("memory-safe") {
            ok := call(gasLimit, target, 0, add(data, 32), mload(data), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            answer := mload(0)
        }
    }

    function _call(address target, uint256 gasLimit, bytes memory data) private {
        // Reads nothing of the answer, whether it worked included.
        assembly ("memory-safe") {
            pop(call(gasLimit, target, 0, add(data, 32), mload(data), 0, 0))
        }
    }
}
