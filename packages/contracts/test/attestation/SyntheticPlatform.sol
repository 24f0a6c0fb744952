// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeSystem} from "../../script/ComputeSystem.sol";
import {AttestationRegistry} from "../../src/compute/attestation/AttestationRegistry.sol";
import {Pccs} from "../../src/compute/attestation/Pccs.sol";
import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IPccs} from "../../src/compute/interfaces/IPccs.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";
import {SyntheticCollateral} from "./SyntheticCollateral.sol";
import {SyntheticQuote} from "./SyntheticQuote.sol";

/// @notice The production contracts on a root of our own (`scripts/syntheticPki.ts`), for what real quotes cannot show:
/// collateral and quotes are made here, signed with that root's keys.
abstract contract SyntheticPlatform is ComputeTest {
    using SyntheticCollateral for SyntheticCollateral.TcbInfo;
    using SyntheticCollateral for SyntheticCollateral.Identity;
    using SyntheticQuote for SyntheticQuote.Td;

    uint256 internal constant NOW = 1_767_225_600;
    uint256 internal constant ATTESTATION_KEY = 0xa77e57;

    string internal fixture = vm.readFile("../../test/vectors/intel-synthetic.json");

    uint256 internal providerId;
    uint256 internal otherId;
    Pccs internal pccs;
    AttestationRegistry internal attestations;
    bytes32 internal authority;
    bytes32 internal signer;
    IPccs.Pck internal pck;
    IPccs.Pck internal otherPck;

    function setUp() public virtual override {
        super.setUp();
        ComputeSystem.Settings memory settings = ComputeSystem.usual();
        (settings.rootX, settings.rootY) = (bytes32(_fixture("rootX")), bytes32(_fixture("rootY")));
        _use(ComputeSystem.deploy(address(this), settings));
        providerId = _register();
        vm.prank(renter);
        otherId = registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE);
        vm.roll(1000);
        vm.setBlockhash(998, keccak256("block 998"));
        pccs = Pccs(system.pccs);
        attestations = AttestationRegistry(system.attestationRegistry);

        pccs.updateCrl(pccs.rootKey(), _fixture("rootCrl"));
        authority = pccs.addAuthority(_fixture("platformCa"));
        signer = pccs.addAuthority(_fixture("signer"));
        pccs.updateCrl(authority, _fixture("pckCrl"));
        _bring(SyntheticCollateral.tcbInfo(NOW - 1 hours, 17));
        _bring(SyntheticCollateral.identity(NOW - 1 hours, 17));
        pck = pccs.registerPck(authority, _fixture("pck"));
        otherPck = pccs.registerPck(authority, _fixture("otherPck"));
    }

    function _fixture(string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(fixture, string.concat(".", key));
    }

    function _key(string memory key) internal view returns (uint256) {
        return uint256(bytes32(_fixture(key)));
    }

    function _bring(SyntheticCollateral.TcbInfo memory info) internal {
        bytes memory json = bytes(info.json());
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(json));
        pccs.updateTcbInfo(signer, json, r, s);
    }

    function _bring(SyntheticCollateral.Identity memory identity) internal {
        bytes memory json = bytes(identity.json());
        (bytes32 r, bytes32 s) = vm.signP256(_key("signerKey"), sha256(json));
        pccs.updateQeIdentity(signer, json, r, s);
    }

    /// @dev The text of TCB info and of the identity of the quoting enclave.
    function _documents(uint256 issueDate, uint256 evaluation)
        internal
        pure
        returns (bytes memory, bytes memory)
    {
        return (
            bytes(SyntheticCollateral.tcbInfo(issueDate, evaluation).json()),
            bytes(SyntheticCollateral.identity(issueDate, evaluation).json())
        );
    }

    function _binding() internal pure returns (IAttestationRegistry.Binding memory) {
        return IAttestationRegistry.Binding({
            agentId: 7,
            sshHostKeyHash: keccak256("ssh host key"),
            tlsSpkiHash: keccak256("tls key"),
            gpuEvidenceHash: keccak256("gpu evidence"),
            blockNumber: 998
        });
    }

    /// @dev A domain of `provider`'s on the machine of `pck`, bound as `_binding` says.
    function _td() internal view returns (SyntheticQuote.Td memory td) {
        td = SyntheticQuote.td();
        td.reportDataHigh = attestations.bindingHash(provider, _binding());
    }

    function _sign(SyntheticQuote.Td memory td)
        internal
        view
        returns (bytes memory quote, bytes memory signatures)
    {
        return _signAs(td, _key("pckKey"));
    }

    function _signAs(SyntheticQuote.Td memory td, uint256 pckKey)
        internal
        pure
        returns (bytes memory quote, bytes memory signatures)
    {
        quote = td.quote();
        signatures = SyntheticQuote.signatures(quote, td.qe, ATTESTATION_KEY, pckKey);
    }

    function _attest(SyntheticQuote.Td memory td) internal {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
    }

    function _expectRefusal(SyntheticQuote.Td memory td, bytes memory reason) internal {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.expectRevert(reason);
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
    }

    function _expectRefusal(SyntheticQuote.Td memory td, bytes4 selector) internal {
        (bytes memory quote, bytes memory signatures) = _sign(td);
        vm.expectPartialRevert(selector);
        vm.prank(provider);
        attestations.attest(providerId, quote, signatures, pck, 17, _binding());
    }
}
