// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What InferenceServing asks of a registry.
contract StandInRegistry {
    uint256 public count;
    mapping(address owner => uint256) public providerIdOf;
    mapping(uint256 providerId => address) public operatorOf;

    function register(address owner) external {
        providerIdOf[owner] = ++count;
    }

    function setOperator(address owner, address operator) external {
        operatorOf[providerIdOf[owner]] = operator;
    }
}
