// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceServing} from "../interfaces/IInferenceServing.sol";
import {Channels} from "../libraries/Channels.sol";
import {Tokens} from "../libraries/Tokens.sol";
import {Meters} from "./Meters.sol";

/// @notice Free balances and channels that refill themselves from their owner's ledger.
/// @dev The ledger pays before the money is counted here, by exactly what is then counted: nothing that moves money out of what is
///      counted twice can be entered meanwhile, and what is left is read anew after it.
abstract contract Refills is Meters {
    using Channels for bytes32;
    using Channels for uint256;
    using Tokens for address;

    /// @dev Where the session key begins in the key of a channel.
    uint256 private constant SIGNER = 96;

    /// @inheritdoc IInferenceServing
    function topUp(address account, bytes32 key) external nonReentrant {
        if (uint256(key) >> 160 == 0) _topUpBalance(account, key);
        else _topUpChannel(account, key);
    }

    function _topUpBalance(address account, bytes32 key) private {
        address token = address(uint160(uint256(key)));
        mapping(address account => uint256) storage balances = _balancesIn(token);
        uint256 left = balances[account];
        uint256 amount = _drawDue(account, key, token, left);

        // Of ether nobody but the ledger and this contract had control meanwhile; of a token its code had.
        if (token != ETHER) left = balances[account];
        // No overflow: see `_credit`.
        unchecked {
            balances[account] = left + amount;
        }
    }

    function _topUpChannel(address account, bytes32 key) private {
        (address signer, uint256 number) =
            (address(uint160(uint256(key) >> SIGNER)), uint256(uint96(uint256(key))));
        require(number != 0 && number <= _offering.length, UnknownTopUp(key));
        Offering memory offering = _offering[number - 1];
        _requireFundable(account, signer, _sessions[signer]);
        (address provider, address token) = (offering.provider, offering.token);
        uint256 word = Channels.slotOf(Channels.CHANNELS, provider, token, signer).load();
        require(word.closeWindowOf() != 0, ChannelNotOpen(signer, provider));
        uint256 amount = _drawDue(account, key, token, word.leftOf());

        _fund(Channels.CHANNELS, account, provider, token, signer, amount);
        emit ChannelFunded(account, signer, provider, token, amount, 0);
    }

    function _drawDue(address account, bytes32 key, address token, uint256 left)
        private
        returns (uint256 amount)
    {
        if (token == ETHER) return LEDGER.drawDue(account, key, ETHER, left);
        uint256 before = token.balanceHere();
        amount = LEDGER.drawDue(account, key, token, left);
        token.requireArrived(before, amount);
    }
}
