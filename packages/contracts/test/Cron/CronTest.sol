// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {Cron} from "../../src/compute/libraries/Cron.sol";

abstract contract CronTest is Test {
    /// @dev External, so that a refusal can be expected.
    function parse(string memory text, int8 quarterHours) public pure returns (uint256) {
        return Cron.parse(bytes(text), quarterHours);
    }

    /// @dev An expression of random fields, each of the forms that there are.
    function _expression(uint256 seed) internal pure returns (string memory text) {
        uint256[5] memory least = [uint256(0), 0, 1, 1, 0];
        uint256[5] memory most = [uint256(59), 23, 31, 12, 7];
        for (uint256 field = 0; field < 5; ++field) {
            seed = uint256(keccak256(abi.encode(seed)));
            string memory separator = field == 0 ? "" : " ";
            text = string.concat(text, separator, _field(seed, least[field], most[field]));
        }
    }

    function _field(uint256 seed, uint256 least, uint256 most) private pure returns (string memory) {
        uint256 form = seed % 8;
        uint256 from = least + (seed >> 8) % (most - least + 1);
        uint256 to = from + (seed >> 16) % (most - from + 1);
        string memory step = string.concat("/", vm.toString(1 + (seed >> 24) % (most - least)));
        string memory range = string.concat(vm.toString(from), "-", vm.toString(to));
        if (form < 3) return "*";
        if (form == 3) return vm.toString(from);
        if (form == 4) return string.concat("*", step);
        if (form == 5) return range;
        if (form == 6) return string.concat(range, step);
        return string.concat(range, ",", vm.toString(least + (seed >> 32) % (most - least + 1)));
    }
}
