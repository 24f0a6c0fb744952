// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TriggerTest} from "./TriggerTest.sol";

contract TriggersOfTest is TriggerTest {
    /// TRG-7: an agent's triggers are listed newest first, page by page, and nobody else's.
    function test_pages(uint256 count, uint256 limit) external {
        count = bound(count, 0, 12);
        limit = bound(limit, 1, 13);
        for (uint256 i = 0; i < count; ++i) {
            _create(CRON, _cron("* * * * *"));
            vm.prank(stranger);
            triggers.createTrigger(CRON, _cron("* * * * *"));
        }

        uint256 seen = 0;
        uint256 cursor = 0;
        do {
            uint256[] memory page;
            (page, cursor) = triggers.triggersOf(agent, cursor, limit);
            for (uint256 i = 0; i < page.length; ++i) {
                vm.assertEq(page[i], 2 * (count - seen) - 1, "id");
                ++seen;
            }
        } while (cursor != 0);
        vm.assertEq(seen, count, "all of them");
    }

    /// TRG-7: no limit is too large, and a cursor of another agent's lists nothing.
    function test_anyLimitAndCursor(uint256 cursor) external {
        _create(CRON, _cron("* * * * *"));
        vm.assume(cursor > 1);

        (uint256[] memory all, uint256 next) = triggers.triggersOf(agent, 0, type(uint256).max);
        vm.assertEq(all.length, 1, "all");
        vm.assertEq(next, 0, "the end");
        (all, next) = triggers.triggersOf(agent, cursor, 10);
        vm.assertEq(all.length, 0, "none");
        vm.assertEq(next, 0, "the end");
        (all,) = triggers.triggersOf(stranger, 1, 10);
        vm.assertEq(all.length, 0, "not the stranger's");
    }
}
