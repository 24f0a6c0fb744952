// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceRecords} from "../interfaces/IInferenceRecords.sol";

/// @notice A posted price that falls at once and rises after an hour.
library Prices {
    uint256 internal constant RISE_DELAY = 1 hours;

    struct Price {
        uint104 current;
        uint104 next;
        uint40 effectiveAt;
        bool posted;
    }

    function get(Price storage price) internal view returns (uint256) {
        return _isPending(price.effectiveAt) ? price.current : price.next;
    }

    /// @dev 0 when no rise is pending.
    function pendingUntil(Price storage price) internal view returns (uint256) {
        return _isPending(price.effectiveAt) ? price.effectiveAt : 0;
    }

    /// @dev A rise that was announced keeps its time as long as it is not exceeded; anything higher waits the whole hour, so
    ///      posting again and again never brings a price forward.
    function post(Price storage price, uint256 next) internal {
        require(next <= type(uint104).max, IInferenceRecords.PriceTooLarge(next));
        uint256 current = price.posted ? get(price) : next;
        uint256 pending = pendingUntil(price);

        uint256 effectiveAt = 0;
        if (next > current) {
            effectiveAt = pending != 0 && next <= price.next ? pending : block.timestamp + RISE_DELAY;
        }

        price.current = uint104(next < current ? next : current);
        price.next = uint104(next);
        price.effectiveAt = uint40(effectiveAt);
        price.posted = true;
    }

    function _isPending(uint256 effectiveAt) private view returns (bool) {
        return block.timestamp < effectiveAt;
    }
}
