// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../../src/compute/interfaces/IComputeRental.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract GetSessionTest is ComputeTest {
    uint256 private providerId;

    function setUp() public override {
        super.setUp();
        providerId = _register();
    }

    function _assertRoundTrip(string memory key) private {
        vm.prank(renter);
        uint256 sessionId = rental.createSession{value: PRICE}(providerId, 1, key);
        vm.assertEq(rental.getSession(sessionId).sshPublicKey, key, "the key, byte for byte");
    }

    /// RENT-4: `getSession` gives the key back byte for byte, however it is stored.
    function test_givesKeysBack() external {
        _assertRoundTrip(ED25519_KEY);
        _assertRoundTrip(string.concat(ED25519_KEY, " me"));
        _assertRoundTrip(string.concat(ED25519_KEY, " 1234567890123456789012345678901"));
        _assertRoundTrip(string.concat(ED25519_KEY, " 12345678901234567890123456789012"));
        _assertRoundTrip(string.concat(ED25519_KEY, " "));
        _assertRoundTrip(string.concat(ED25519_KEY, "  "));
        _assertRoundTrip(string.concat(ED25519_KEY, "="));
        _assertRoundTrip(string.concat(ED25519_KEY, unicode" zoë"));
        _assertRoundTrip("ssh-ed25519 AAAA");
        _assertRoundTrip("ecdsa-sha2-nistp256 AAAA");
        _assertRoundTrip("ecdsa-sha2-nistp384 AAAA");
        _assertRoundTrip("ecdsa-sha2-nistp521 AAAA");
        _assertRoundTrip("sk-ssh-ed25519@openssh.com AAAA");
        _assertRoundTrip("sk-ecdsa-sha2-nistp256@openssh.com AAAA");
    }

    /// RENT-4: `getSession` gives back what only looks like a packed key, such as one in another base64 alphabet.
    function test_givesLookalikesBack(uint256 at, bytes1 char) external {
        char = bytes1(uint8(bound(uint8(char), 0x20, 0xff)));
        vm.assume(char != 0x7f);
        bytes memory key = bytes(ED25519_KEY);
        key[bound(at, 12, key.length - 1)] = char;
        _assertRoundTrip(string(key));
    }

    /// RENT-4: a byte that only its highest bit tells from base64 is no base64.
    function test_givesHighBytesBack() external {
        for (uint256 at = 37; at < 80; at++) {
            bytes memory key = bytes(ED25519_KEY);
            key[at] |= 0x80;
            _assertRoundTrip(string(key));
        }
    }

    /// RENT-4: `getSession` gives back every ed25519 point.
    function test_givesEveryPointBack(bytes32 point) external {
        bytes memory wire = abi.encodePacked(hex"0000000b", "ssh-ed25519", hex"00000020", point);
        _assertRoundTrip(string.concat("ssh-ed25519 ", vm.toBase64(wire)));
    }

    /// RENT-4: a key has at most 2,048 bytes.
    function test_givesTheLongestKeyBack() external {
        bytes memory key = new bytes(2048);
        for (uint256 i = 0; i < 2048; i++) {
            key[i] = i < 8 ? bytes("ssh-rsa ")[i] : bytes1("A");
        }
        _assertRoundTrip(string(key));

        vm.expectRevert(
            abi.encodeWithSelector(IComputeRental.SshKeyMalformed.selector, string.concat(string(key), "A"))
        );
        vm.prank(renter);
        rental.createSession{value: PRICE}(providerId, 1, string.concat(string(key), "A"));
    }

    /// RENT-4: wherever in a key a control character stands, the key is refused.
    function test_revertsWhen_aControlCharacterIsAnywhere(uint256 at, bytes1 char, uint256 length) external {
        length = bound(length, 1, 100);
        bytes memory body = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            body[i] = bytes1(uint8(0x20 + (uint256(keccak256(abi.encode(at, i))) % 0xe0)));
            if (body[i] == 0x7f) body[i] = 0x80;
        }
        _assertRoundTrip(string.concat("ssh-rsa ", string(body)));

        char = uint8(char) % 33 == 32 ? bytes1(0x7f) : bytes1(uint8(char) % 33);
        body[at % length] = char;
        string memory key = string.concat("ssh-rsa ", string(body));
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.SshKeyMalformed.selector, key));
        vm.prank(renter);
        rental.createSession{value: PRICE}(providerId, 1, key);
    }

    /// RENT-13: a session that never was is told from one that is over.
    function test_revertsWhen_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IComputeRental.SessionUnknown.selector, 1));
        rental.getSession(1);
        vm.assertEq(uint8(rental.statusOf(1)), uint8(IComputeRental.Status.None), "status");
    }
}
