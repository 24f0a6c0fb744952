// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @notice A token that sends and says that it did not, as some do.
contract DenyingToken is ERC20 {
    function name() public pure override returns (string memory) {
        return "Denying";
    }

    function symbol() public pure override returns (string memory) {
        return "NO";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        return false;
    }
}
