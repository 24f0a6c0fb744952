// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComputeStaking} from "../../src/compute/ComputeStaking.sol";
import {AttestationRegistry} from "../../src/compute/attestation/AttestationRegistry.sol";
import {AttesterQuorums} from "../../src/compute/attestation/AttesterQuorums.sol";
import {SnpJudge} from "../../src/compute/attestation/SnpJudge.sol";
import {ValidationRegistry} from "../../src/compute/identity/ValidationRegistry.sol";
import {IAttestationRegistry} from "../../src/compute/interfaces/IAttestationRegistry.sol";
import {IVerdicts} from "../../src/compute/interfaces/IVerdicts.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

/// @notice A quorum of two of three attesters, and the machine of `scripts/snpFixture.ts`, whose report is bound to a registry at
/// a fixed address.
abstract contract VerdictTest is ComputeTest {
    uint256 internal constant NOW = 1_767_225_600;

    string internal fixture = vm.readFile("../../test/vectors/snp-synthetic.json");

    AttestationRegistry internal attestations;
    AttesterQuorums internal quorums;
    ComputeStaking internal attesters;
    ValidationRegistry internal validations;
    /// @dev Their addresses ascend.
    uint256[] internal keys;
    mapping(address member => uint256 key) private _keyOf;
    /// @dev How many of them sign.
    uint8 private _signing;
    uint256 internal quorumId;
    uint256 internal providerId;
    uint256 internal otherId;
    bytes internal evidence;
    bytes internal hints;
    bytes32 private _workload;
    bytes32 private _chip;
    bytes32 private _reportData;

    function setUp() public virtual override {
        super.setUp();
        providerId = _register();
        vm.prank(renter);
        otherId = registry.register{value: 0.1 ether}(ENDPOINT, HARDWARE, PRICE);
        vm.roll(1000);
        vm.setBlockhash(998, keccak256("block 998"));
        address place = address(bytes20(_fixture(".registry")));
        attesters = new ComputeStaking(address(registry), address(panel), place);
        quorums = new AttesterQuorums(attesters);
        bytes[] memory roots = vm.parseJsonBytesArray(fixture, ".roots");
        SnpJudge judge = new SnpJudge([roots[0], roots[1], roots[2]]);
        validations = ValidationRegistry(system.validationRegistry);
        deployCodeTo(
            "AttestationRegistry.sol",
            abi.encode(address(0), registry, quorums, judge, attesters, validations),
            place
        );
        attestations = AttestationRegistry(place);
        evidence = _fixture(".true.evidence");
        hints = _fixture(".true.hints");
        (_workload, _chip) = (bytes32(_fixture(".workload")), bytes32(_fixture(".chip")));
        _reportData = bytes32(_fixture(".reportData"));
        _makeQuorum(3, 2);
    }

    /// @dev Of so many new members, staked as attesters; the first of them sign.
    function _makeQuorum(uint256 size, uint8 signing) internal {
        address[] memory members = new address[](size);
        for (uint256 i = 0; i < size; i++) {
            (address member, uint256 key) =
                makeAddrAndKey(string.concat("member ", vm.toString(i), " of ", vm.toString(size)));
            (members[i], _keyOf[member]) = (member, key);
            attesters.stakeFor{value: 1 ether}(member);
            vm.prank(member);
            attesters.becomeAttester();
        }
        quorumId = quorums.createQuorum(members, signing);
        (members, _signing) = quorums.quorumOf(quorumId);
        delete keys;
        for (uint256 i = 0; i < size; i++) {
            keys.push(_keyOf[members[i]]);
        }
    }

    function _fixture(string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(fixture, key);
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

    /// @dev What is true of the fixture's machine.
    function _verdict() internal view returns (IVerdicts.Verdict memory verdict) {
        verdict.quorumId = quorumId;
        verdict.providerId = providerId;
        verdict.provider = provider;
        verdict.evidence = IVerdicts.Evidence.SevSnp;
        verdict.workload = _workload;
        verdict.devices = new bytes32[](1);
        verdict.devices[0] = _chip;
        verdict.reportData = _reportData;
        verdict.evidenceHash = keccak256(evidence);
        verdict.issuedAt = uint40(block.timestamp);
        verdict.expiry = uint40(block.timestamp + 7 days - 1);
    }

    /// @dev The same, said of other evidence.
    function _verdictOn(bytes memory other) internal view returns (IVerdicts.Verdict memory verdict) {
        verdict = _verdict();
        verdict.evidenceHash = keccak256(other);
    }

    /// @dev By the first members.
    function _sign(IVerdicts.Verdict memory verdict) internal view returns (bytes memory signatures) {
        bytes32 digest = attestations.verdictHash(verdict);
        for (uint256 i = 0; i < _signing; i++) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[i], digest);
            signatures = bytes.concat(signatures, abi.encodePacked(r, s, v));
        }
    }

    function _signers() internal view returns (address[] memory signers) {
        signers = new address[](_signing);
        for (uint256 i = 0; i < signers.length; i++) {
            signers[i] = vm.addr(keys[i]);
        }
    }

    function _put(IVerdicts.Verdict memory verdict, bytes memory shown) internal {
        bytes memory signatures = _sign(verdict);
        vm.prank(provider);
        attestations.attestByQuorum(verdict, _binding(), signatures, shown);
    }

    function _expectRefusal(IVerdicts.Verdict memory verdict, bytes memory reason) internal {
        bytes memory signatures = _sign(verdict);
        vm.expectRevert(reason);
        vm.prank(provider);
        attestations.attestByQuorum(verdict, _binding(), signatures, evidence);
    }

    function _levelOf(uint256 id) internal view returns (uint8 level) {
        (level,,,,,) = attestations.attestation(id);
    }
}
