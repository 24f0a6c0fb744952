// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The guard of every function that value leaves by, in transient storage.
/// @dev A call instead of its body in each function: that saves a contract of many exits some hundred bytes.
abstract contract NonReentrant {
    /// @notice A payment cannot be entered again from within a payment.
    error Reentrancy();

    uint256 private transient _entered;

    modifier nonReentrant() {
        _lock();
        _;
        _entered = 0;
    }

    /// @dev Whether a guarded function runs: only then does ether come that it draws from the ledger. Else somebody withdraws his own
    /// to here, where nobody would count it.
    function _isEntered() internal view returns (bool) {
        return _entered != 0;
    }

    function _lock() private {
        require(_entered == 0, Reentrancy());
        _entered = 1;
    }
}
