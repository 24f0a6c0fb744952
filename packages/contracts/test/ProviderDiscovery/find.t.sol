// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderDiscovery} from "../../src/compute/ProviderDiscovery.sol";
import {ProviderFlags} from "../../src/compute/ProviderFlags.sol";
import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IProviderDiscovery} from "../../src/compute/interfaces/IProviderDiscovery.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract FindTest is ComputeTest {
    ProviderDiscovery private discovery;

    function setUp() public override {
        super.setUp();
        discovery = ProviderDiscovery(system.providerDiscovery);
        _offer('{"gpuCount":8,"gpuModel":"H100"}', 5);
        _offer('{"gpuCount":2,"gpuModel":"H100"}', 4);
        _offer('{"gpuCount":8,"gpuModel":"A100"}', 3);
        _offer("", 2);
        _offer('{"gpuCount":4,"gpuModel":"H100"}', 1);
    }

    function _offer(string memory hardware, uint256 price) private {
        address owner = address(uint160(0xbeef0000 + price));
        vm.deal(owner, 1 ether);
        vm.prank(owner);
        registry.register{value: 0.1 ether}(ENDPOINT, hardware, price);
    }

    function _assertFound(
        IProviderDiscovery.Filter memory filter,
        uint256[5] memory wanted,
        string memory what
    ) private view {
        (uint256[] memory ids, uint256 next) = discovery.find(filter, 0, 100);
        vm.assertEq(next, 0, "the end");
        for (uint256 i = 0; i < ids.length; i++) {
            vm.assertEq(ids[i], wanted[i], what);
        }
        vm.assertTrue(ids.length == 5 || wanted[ids.length] == 0, string.concat(what, ": all of them"));
    }

    /// @dev Three guardians flag it.
    function _flag(uint256 providerId) private {
        ProviderFlags flags = ProviderFlags(system.providerFlags);
        for (uint256 i = 0; i < 3; i++) {
            address guardian = address(uint160(0xa0 + i));
            vm.deal(guardian, 1 ether);
            vm.startPrank(guardian);
            staking.stake{value: 1 ether}();
            staking.becomeGuardian();
        }
        skip(7 days);
        for (uint256 i = 0; i < 3; i++) {
            vm.startPrank(address(uint160(0xa0 + i)));
            if (i == 0) flags.open(providerId, "it lies");
            else flags.vote(providerId, true);
        }
        vm.stopPrank();
        skip(3 days);
        flags.resolve(providerId);
    }

    /// REG-26: a filter that asks for nothing finds all; model, number of GPUs and price narrow it.
    function test_filtersByClaim() external view {
        IProviderDiscovery.Filter memory filter;
        _assertFound(filter, [uint256(1), 2, 3, 4, 5], "anything");
        filter.gpuModelHash = keccak256("H100");
        _assertFound(filter, [uint256(1), 2, 5, 0, 0], "the model");
        filter.minGpuCount = 4;
        _assertFound(filter, [uint256(1), 5, 0, 0, 0], "so many of the model");
        filter.maxPricePerHour = 4;
        _assertFound(filter, [uint256(5), 0, 0, 0, 0], "at that price");
        filter.gpuModelHash = 0;
        _assertFound(filter, [uint256(3), 5, 0, 0, 0], "of any model");
    }

    /// REG-26: who left, is inactive or is flagged is found no more, if that is asked for.
    function test_filtersByState() external {
        vm.prank(registry.ownerOf(1));
        registry.setActive(false);
        vm.prank(registry.ownerOf(2));
        registry.unregister();
        _flag(3);
        IProviderDiscovery.Filter memory filter;
        _assertFound(filter, [uint256(1), 3, 4, 5, 0], "registered");
        filter.rentable = true;
        _assertFound(filter, [uint256(3), 4, 5, 0, 0], "rentable");
        filter.unflagged = true;
        _assertFound(filter, [uint256(4), 5, 0, 0, 0], "unflagged");
    }

    /// REG-27: an attestation registry that fails proves nothing, and stops nothing.
    function test_survivesTheAttestationRegistry() external {
        vm.mockCallRevert(
            system.attestationRegistry, abi.encodeCall(IAttestationRegistry.attestation, (1)), "no"
        );
        (uint8 level,,,,,) = registry.attestation(1);
        vm.assertEq(level, 0, "claimed");
        _rent(1, 1);
        vm.prank(registry.ownerOf(5));
        registry.unregister();
    }

    /// REG-26: pages count the ids looked at, whatever is found among them.
    function test_pages() external view {
        IProviderDiscovery.Filter memory filter;
        filter.maxPricePerHour = 2;
        (uint256[] memory ids, uint256 next) = discovery.find(filter, 0, 3);
        vm.assertEq(ids.length, 0, "none of three");
        vm.assertEq(next, 4, "goes on");
        (ids, next) = discovery.find(filter, next, 3);
        vm.assertEq(ids.length, 2, "both of two");
        vm.assertEq(next, 0, "the end");
    }

    /// REG-26: exploit: providers whose claims are as dear to read as can be make no page too dear for a node's limit on calls,
    /// so they hide nobody who registered later.
    function test_exploit_pageOfHostileClaims() external {
        bytes memory hardware = '{"a":[';
        while (hardware.length < 1200) hardware = bytes.concat(hardware, "true,");
        hardware = bytes.concat(hardware, '1],"');
        while (hardware.length < 2044) hardware = bytes.concat(hardware, "a");
        for (uint256 price = 100; price < 120; price++) {
            _offer(string.concat(string(hardware), '":1}'), price);
        }
        IProviderDiscovery.Filter memory filter;
        filter.minGpuCount = 1;
        (uint256[] memory ids, uint256 next) = discovery.find{gas: 40_000_000}(filter, 6, 20);
        vm.assertEq(ids.length, 0, "none");
        vm.assertEq(next, 0, "to the end");
    }
}
