// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakeActions} from "./StakeActions.sol";

/// @notice What wallets do with their balances in the ledger.
abstract contract LedgerActions is StakeActions {
    function deposit(uint256 who, uint256 whom, uint256 amount) external {
        bytes memory call = abi.encodeCall(LEDGER.depositFor, (address(_wallet(whom))));
        _act(who, address(LEDGER), bound(amount, 1, 10 ether), call);
    }

    function depositToken(uint256 who, uint256 whom, uint256 amount) external {
        amount = bound(amount, 1, 1e20);
        bytes memory call =
            abi.encodeCall(LEDGER.depositTokenFor, (address(_wallet(whom)), address(TOKEN), amount));
        _act(who, address(LEDGER), 0, call);
    }

    /// @dev Now and then one wei more than there is, or out of another's balance, which nobody allowed.
    function withdraw(uint256 who, uint256 amount) external {
        if (amount % 16 == 1) {
            address other = address(_wallet(_holder(who, ETHER)));
            return _act(who, address(LEDGER), 0, abi.encodeCall(LEDGER.draw, (other, ETHER, 1)));
        }
        who = _holder(who, ETHER);
        uint256 most = LEDGER.getBalance(address(_wallet(who)));
        amount = amount % 16 == 0 ? most + 1 : bound(amount, 0, most);
        _act(who, address(LEDGER), 0, abi.encodeCall(LEDGER.withdraw, (amount)));
    }

    function withdrawToken(uint256 who, uint256 amount) external {
        who = _holder(who, address(TOKEN));
        uint256 most = LEDGER.getTokenBalance(address(_wallet(who)), address(TOKEN));
        amount = amount % 16 == 0 ? most + 1 : bound(amount, 0, most);
        _act(who, address(LEDGER), 0, abi.encodeCall(LEDGER.withdrawToken, (address(TOKEN), amount)));
    }

    function allow(uint256 who, bool inToken, uint256 amount) external {
        bytes memory call = abi.encodeCall(
            LEDGER.allow, (address(RENTAL), inToken ? address(TOKEN) : ETHER, bound(amount, 0, 100 ether))
        );
        _act(who, address(LEDGER), 0, call);
    }

    /// @dev The first wallet from `who` on that has a balance.
    function _holder(uint256 who, address token) private view returns (uint256) {
        for (uint256 i = 0; i < WALLETS; i++) {
            if (LEDGER.getTokenBalance(address(_wallet(who % WALLETS + i)), token) != 0) {
                return who % WALLETS + i;
            }
        }
        return who;
    }
}
