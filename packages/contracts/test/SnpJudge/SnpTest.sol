// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {SnpJudge} from "../../src/compute/attestation/SnpJudge.sol";
import {ISnpJudge} from "../../src/compute/interfaces/ISnpJudge.sol";

/// @notice Judges on AMD's root keys and on our own (`scripts/snpFixture.ts`): the same bytecode.
abstract contract SnpTest is Test {
    uint256 internal constant FAULTS = 9;

    string internal real = vm.readFile("../../test/vectors/snp-real.json");
    string internal synthetic = vm.readFile("../../test/vectors/snp-synthetic.json");

    SnpJudge internal amd = _judge(real);
    SnpJudge internal judge = _judge(synthetic);
    /// @dev A machine and what is true of it, kept here since reading JSON takes long.
    bytes internal evidence = _bytes(".true.evidence");
    bytes internal hints = _bytes(".true.hints");
    ISnpJudge.Claims internal claims = ISnpJudge.Claims({
        workload: bytes32(_bytes(".workload")),
        chip: bytes32(_bytes(".chip")),
        reportData: bytes32(_bytes(".reportData"))
    });

    function _judge(string memory json) private returns (SnpJudge) {
        bytes[] memory roots = vm.parseJsonBytesArray(json, ".roots");
        return new SnpJudge([roots[0], roots[1], roots[2]]);
    }

    function _bytes(string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(synthetic, key);
    }

    function _realMachine(uint256 index)
        internal
        view
        returns (ISnpJudge.Claims memory told, bytes memory shown, bytes memory helped)
    {
        string memory path = string.concat(".machines[", vm.toString(index), "]");
        shown = vm.parseJsonBytes(real, string.concat(path, ".evidence"));
        helped = vm.parseJsonBytes(real, string.concat(path, ".hints"));
        told.workload = bytes32(vm.parseJsonBytes(real, string.concat(path, ".workload")));
        told.chip = bytes32(vm.parseJsonBytes(real, string.concat(path, ".chip")));
        told.reportData = bytes32(vm.parseJsonBytes(real, string.concat(path, ".reportData")));
    }
}
