// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract CreateSessionTest is ComputeTest {
    uint256 private providerId;

    function setUp() public override {
        super.setUp();
        providerId = _register();
    }

    function _create(uint256 value, uint256 id, uint256 durationHours, string memory key) private {
        vm.prank(renter);
        rental.createSession{value: value}(id, durationHours, key);
    }

    /// RENT-1: a rental costs exactly price × hours.
    function test_keepsTheDeposit() external {
        vm.expectEmit(address(rental));
        emit IComputeRental.SessionCreated(1, renter, providerId, 24, 0.24 ether, ED25519_KEY);
        uint256 sessionId = _rent(providerId, 24);

        IComputeRental.Session memory session = rental.getSession(sessionId);
        vm.assertEq(sessionId, 1, "first id");
        vm.assertEq(session.renter, renter, "renter");
        vm.assertEq(session.providerId, providerId, "provider");
        vm.assertEq(session.startTime, block.timestamp, "starts when made");
        vm.assertEq(session.endTime, block.timestamp + 24 hours, "full duration");
        vm.assertEq(session.deposit, 0.24 ether, "deposit");
        vm.assertEq(session.sshPublicKey, ED25519_KEY, "key");
        vm.assertTrue(session.active, "active while pending");
        vm.assertEq(address(rental).balance, 0.24 ether, "escrow");
    }

    /// RENT-1: a rental costs exactly price × hours.
    function test_revertsWhen_valueIsNotThePrice(uint256 value) external {
        value = bound(value, 0, 100 ether);
        vm.assume(value != 0.24 ether);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.WrongValue.selector, value, 0.24 ether));
        _create(value, providerId, 24, ED25519_KEY);
    }

    /// RENT-2: only a known, active and staked provider can be rented.
    function test_revertsWhen_providerIsUnknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderUnknown.selector, 7));
        _create(0.24 ether, 7, 24, ED25519_KEY);
    }

    /// RENT-2: only a known, active and staked provider can be rented.
    function test_revertsWhen_providerIsBeyondAnyId() external {
        uint256 far = providerId + (1 << 32);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderUnknown.selector, far));
        _create(0.24 ether, far, 24, ED25519_KEY);
    }

    /// RENT-2: only a known, active and staked provider can be rented.
    function test_revertsWhen_providerIsInactive() external {
        vm.prank(provider);
        registry.setActive(false);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderInactive.selector, providerId));
        _create(0.24 ether, providerId, 24, ED25519_KEY);
    }

    /// RENT-2: only a known, active and staked provider can be rented.
    function test_revertsWhen_providerUnregistered() external {
        vm.prank(provider);
        registry.unregister();
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderInactive.selector, providerId));
        _create(0.24 ether, providerId, 24, ED25519_KEY);
    }

    /// RENT-2: only a known, active and staked provider can be rented.
    function test_revertsWhen_stakeWasSlashed() external {
        vm.prank(address(panel));
        staking.slash(provider, 1);
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.ProviderInactive.selector, providerId));
        _create(0.24 ether, providerId, 24, ED25519_KEY);
    }

    /// RENT-3: a session is made for 1 to 2,160 hours.
    function test_revertsWhen_hoursAreZero() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.DurationOutOfRange.selector, 0, 2160));
        _create(0, providerId, 0, ED25519_KEY);
    }

    /// RENT-3: a session is made for 1 to 2,160 hours.
    function test_revertsWhen_hoursAreTooMany(uint256 durationHours) external {
        durationHours = bound(durationHours, 2161, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.DurationOutOfRange.selector, durationHours, 2160)
        );
        _create(0, providerId, durationHours, ED25519_KEY);
    }

    /// RENT-3: a session is made for 1 to 2,160 hours.
    function test_takesTheLongestDuration() external {
        uint256 sessionId = _rent(providerId, 2160);
        vm.assertEq(rental.getSession(sessionId).endTime, block.timestamp + 2160 hours, "end");
        vm.assertEq(rental.getSession(sessionId).deposit, 21.6 ether, "deposit");
    }

    /// RENT-4: a key is one line of at most 2,048 bytes, begins with a type OpenSSH knows, and has no control characters.
    function test_takesTheSpecsLiteralKey() external {
        _create(0.24 ether, providerId, 24, "ssh-rsa AAAA... user@host");
        vm.assertEq(rental.getSession(1).sshPublicKey, "ssh-rsa AAAA... user@host", "key");
    }

    /// RENT-4: a key is one line of at most 2,048 bytes, begins with a type OpenSSH knows, and has no control characters.
    function test_revertsWhen_keyIsMalformed() external {
        string[12] memory keys = [
            "",
            "ssh-rsa",
            "ssh-rsa ",
            "ssh-dss AAAAB3NzaC1kc3M",
            " ssh-rsa AAAA",
            "SSH-RSA AAAA",
            "command=\"/bin/sh\" ssh-rsa AAAA",
            "ssh-rsa AAAA\n",
            "ssh-rsa AAAA\nssh-rsa BBBB",
            "ssh-rsa AAAA\tme",
            "ssh-rsa AAAA \x7f",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpKPFGGTHWmjtLtIDHpMcSFwbBp9KrpYmhxHMDYcx9N\x00"
        ];
        for (uint256 i = 0; i < keys.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IComputeRental.SshKeyMalformed.selector, keys[i]));
            _create(0.24 ether, providerId, 24, keys[i]);
        }
    }

    /// RENT-2: a price change never touches sessions that exist.
    function test_keepsItsPrice() external {
        uint256 sessionId = _rent(providerId, 24);
        vm.prank(provider);
        registry.updatePricing(5 ether);
        vm.assertEq(rental.sessionDetails(sessionId).pricePerHour, PRICE, "price");
        vm.assertEq(rental.getSession(sessionId).deposit, 0.24 ether, "deposit");
    }
}
