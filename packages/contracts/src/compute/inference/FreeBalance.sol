// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../interfaces/IInferenceRecords.sol";
import {ILedgerManager} from "../interfaces/ILedgerManager.sol";
import {NonReentrant} from "../libraries/NonReentrant.sol";
import {Tokens} from "../libraries/Tokens.sol";

/// @notice The free balances of users and providers in ether and tokens: what is neither in a channel nor in a meter.
abstract contract FreeBalance is IInferenceRecords, NonReentrant {
    using Tokens for address;

    address internal constant ETHER = address(0);

    ILedgerManager public immutable LEDGER;

    /* STORAGE */

    mapping(address account => uint256) private _balances;
    mapping(address token => mapping(address account => uint256)) private _tokenBalances;

    constructor(ILedgerManager ledger) {
        LEDGER = ledger;
    }

    /* INTERNAL */

    /// @dev Where balances of a currency lie.
    function _balancesIn(address token)
        internal
        view
        returns (mapping(address account => uint256) storage balances)
    {
        if (token == ETHER) return _balances;
        return _tokenBalances[token];
    }

    function _credit(address token, address account, uint256 amount) internal {
        if (amount == 0) return;
        if (token == ETHER) return _creditEther(account, amount);
        // All balances of a token together are what came in here by checked amounts, which is less than 2^256.
        unchecked {
            _tokenBalances[token][account] += amount;
        }
    }

    function _creditEther(address account, uint256 amount) internal {
        // All balances together are ether that was sent here, which is less than 2^256 wei.
        unchecked {
            _balances[account] += amount;
        }
    }

    function _debit(address token, address account, uint256 amount) internal {
        mapping(address account => uint256) storage balances = _balancesIn(token);
        uint256 balance = balances[account];
        require(amount <= balance, InsufficientBalance(account, balance, amount));

        balances[account] = balance - amount;
    }

    /// @dev Spends `amount` out of the value sent and, where that is short, of the caller's free balance; what the value
    ///      exceeds it by is deposited. Touches no balance when the two are the same. In a token: out of the free balance, and
    ///      what that lacks, `short`, is to be pulled from the caller by the end of the call.
    function _spend(address token, uint256 amount) internal returns (uint256 fromBalance, uint256 short) {
        if (token != ETHER) {
            require(msg.value == 0, EtherNotWanted(msg.value));
            fromBalance = _tokenBalances[token][msg.sender];
            if (fromBalance > amount) fromBalance = amount;
            if (fromBalance != 0) _debit(token, msg.sender, fromBalance);
            return (fromBalance, amount - fromBalance);
        }
        if (msg.value == amount) return (0, 0);
        if (msg.value > amount) {
            uint256 rest = msg.value - amount;
            _credit(ETHER, msg.sender, rest);
            emit Deposited(msg.sender, msg.sender, rest);
        } else {
            fromBalance = amount - msg.value;
            _debit(ETHER, msg.sender, fromBalance);
        }
    }

    /// @dev Takes what `_spend` was short of, exactly. Warning: hands control to the token.
    function _pull(address token, uint256 amount) internal nonReentrant {
        token.pull(msg.sender, amount);
    }

    /// @dev Warning: hands control to the token or to `to`; what calls this is guarded.
    function _send(address token, address to, uint256 amount) internal {
        if (token != ETHER) return token.push(to, amount);
        // Not this contract's business what the receiver returns: none of it is copied.
        bool taken;
        assembly ("memory-safe") {
            taken := call(gas(), to, amount, 0, 0, 0, 0)
        }
        require(taken, TransferRefused(to, amount));
    }
}
