// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {ISnpJudge} from "../interfaces/ISnpJudge.sol";
import {P384} from "./P384.sol";
import {RsaPss} from "./RsaPss.sol";
import {Sha384} from "./Sha384.sol";
import {SnpEvidence} from "./SnpEvidence.sol";
import {Vcek} from "./Vcek.sol";

/// @notice Trusts AMD's root keys, fixed at deployment, and nothing else. Keeps no state, holds no money.
contract SnpJudge is ISnpJudge {
    uint256 private constant ALWAYS_ONE = 1 << 17;
    uint256 private constant MIGRATION_AGENT = 1 << 18;
    uint256 private constant DEBUG = 1 << 19;
    /// @dev In the flags of a report: the chip's id is masked, and the bits of the signing key, zero for a VCEK.
    uint256 private constant HIDES_CHIP = 0x1e;

    /// @dev The root keys lie as the code of an account, which cannot change.
    address private immutable _ROOTS;

    /// @param moduli The root keys of Milan, Genoa and Turin, 512 bytes each.
    constructor(bytes[3] memory moduli) {
        for (uint256 i = 0; i < moduli.length; i++) {
            require(moduli[i].length == RsaPss.BYTES && moduli[i][0] & 0x80 != 0, RootMalformed(i));
        }
        _ROOTS = SSTORE2.write(bytes.concat(moduli[0], moduli[1], moduli[2]));
    }

    /// @inheritdoc ISnpJudge
    function roots() external view returns (bytes memory) {
        return SSTORE2.read(_ROOTS);
    }

    /// @inheritdoc ISnpJudge
    function isFaulty(Fault fault, Claims calldata claims, bytes calldata evidence, bytes calldata hints)
        external
        view
        returns (bool)
    {
        // What is not of its form has that fault, and every other with it: there is nothing to look at.
        if (!SnpEvidence.isWellFormed(evidence)) return true;
        if (fault == Fault.Form) return false;
        if (fault == Fault.Authority) return !_isAuthoritySigned(evidence);
        if (fault == Fault.Key) return !_isKeySigned(evidence);
        if (fault == Fault.Certificate) return !Vcek.isOf(evidence);
        if (fault == Fault.Signature) return !_isReportSigned(evidence, hints);

        bytes calldata report = SnpEvidence.report(evidence);
        if (fault == Fault.Policy) {
            uint256 policy = SnpEvidence.littleEndian(report[8:16]);
            return policy & (ALWAYS_ONE | MIGRATION_AGENT | DEBUG) != ALWAYS_ONE;
        }
        if (fault == Fault.ReportData) {
            return bytes32(report[80:112]) != claims.reportData || bytes32(report[112:144]) != 0;
        }
        if (fault == Fault.Workload) {
            return keccak256(bytes.concat(report[8:16], report[144:192])) != claims.workload;
        }
        bool hidden = SnpEvidence.littleEndian(report[72:76]) & HIDES_CHIP != 0;
        return hidden || keccak256(report[416:480]) != claims.chip;
    }

    function _isAuthoritySigned(bytes calldata evidence) private view returns (bool) {
        (bytes calldata message, bytes calldata signature) =
            SnpEvidence.signedParts(SnpEvidence.authority(evidence));
        uint256 from = uint8(evidence[0]) * RsaPss.BYTES;
        return RsaPss.verify(message, signature, SSTORE2.read(_ROOTS, from, from + RsaPss.BYTES));
    }

    function _isKeySigned(bytes calldata evidence) private view returns (bool) {
        (bytes calldata message, bytes calldata signature) =
            SnpEvidence.signedParts(SnpEvidence.chipKey(evidence));
        (bool found, bytes memory modulus) = Vcek.rsaKey(SnpEvidence.authority(evidence));
        return found && RsaPss.verify(message, signature, modulus);
    }

    function _isReportSigned(bytes calldata evidence, bytes calldata hints) private view returns (bool) {
        (bool found, P384.Point memory key) = Vcek.p384Key(SnpEvidence.chipKey(evidence));
        if (!found) return false;
        (uint256 high, uint256 low) = Sha384.hash(SnpEvidence.signedPart(evidence));
        bytes calldata report = SnpEvidence.report(evidence);
        P384.Signature memory signature;
        (signature.r1, signature.r0) = _number(report[672:720]);
        (signature.s1, signature.s0) = _number(report[744:792]);
        return P384.verify(high, low, signature, key, hints);
    }

    function _number(bytes calldata field) private pure returns (uint256 high, uint256 low) {
        return (SnpEvidence.littleEndian(field[32:]), SnpEvidence.littleEndian(field[:32]));
    }
}
