// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceAnnex} from "../interfaces/IInferenceAnnex.sol";
import {Keys} from "./Keys.sol";

/// @notice Code that InferenceServing runs as its own: nothing of it counts where it stands itself.
abstract contract Delegated is IInferenceAnnex, Keys {
    address private immutable SELF = address(this);

    /// @dev In every function by which money could come to a place that has no way out for it.
    function _requireDelegated() internal view {
        require(address(this) != SELF, NotServing(SELF));
    }
}
