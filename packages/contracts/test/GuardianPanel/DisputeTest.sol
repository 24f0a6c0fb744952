// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice Three guardians of age, and a session of 24 hours that runs.
abstract contract DisputeTest is ComputeTest {
    address[3] internal guardians = [address(0xa1), address(0xa2), address(0xa3)];
    uint256 internal sessionId;

    function setUp() public virtual override {
        super.setUp();
        for (uint256 i = 0; i < 3; i++) {
            _guard(guardians[i]);
        }
        skip(7 days);
        sessionId = _run(24);
    }

    function _guard(address account) internal {
        vm.deal(account, 10 ether);
        vm.startPrank(account);
        staking.stake{value: 1 ether}();
        staking.becomeGuardian();
        vm.stopPrank();
    }

    function _dispute() internal {
        vm.prank(renter);
        rental.dispute{value: 1 ether}(sessionId);
    }

    function _vote(address guardian, bool againstProvider) internal {
        vm.prank(guardian);
        panel.vote(sessionId, againstProvider);
    }

    /// @dev `against` of the three guardians vote against the provider, `inFavour` in favour.
    function _resolve(uint256 against, uint256 inFavour) internal {
        for (uint256 i = 0; i < against + inFavour; i++) {
            _vote(guardians[i], i < against);
        }
        skip(3 days);
        panel.resolve(sessionId);
    }
}
