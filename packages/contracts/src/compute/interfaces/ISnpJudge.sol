// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice Recomputes what a verdict on a SEV-SNP machine says, from its published evidence.
/// @dev Evidence is one byte for the product (0 Milan, 1 Genoa, 2 Turin), the report (1,184 bytes), and the certificates of
/// the chip's key (VCEK) and of AMD's authority (ASK), both DER of at most 4,096 bytes. Nothing else is trusted than AMD's root keys (ARK).
interface ISnpJudge {
    /// @notice What can be wrong with a verdict. Each is a proof by itself: one is enough.
    enum Fault {
        /// The evidence has another form (certificates are of version 3), or its report another version, algorithm or length.
        Form,
        /// The guest may be debugged or migrated.
        Policy,
        /// The report was made for something else: other report data than the binding's.
        ReportData,
        /// Something else runs: another launch measurement or policy.
        Workload,
        /// It is another chip, or one that hides itself.
        Chip,
        /// AMD's root key did not sign the authority.
        Authority,
        /// The authority did not sign the chip's key.
        Key,
        /// The key is of another chip, or of other firmware versions than the report's.
        Certificate,
        /// The key did not sign the report.
        Signature
    }

    /// @notice What a verdict says.
    struct Claims {
        /// keccak256 of guest policy (8 bytes as in the report) and launch measurement.
        bytes32 workload;
        /// keccak256 of the chip's id.
        bytes32 chip;
        /// The first half of the report data; the second is zero.
        bytes32 reportData;
    }

    /// @notice A root key has 4,096 bits.
    error RootMalformed(uint256 product);

    /// @notice AMD's root keys, in the order of the products: 512 bytes each.
    function roots() external view returns (bytes memory moduli);

    /// @notice Whether the claims have this fault, by recomputation.
    /// @dev `false` says that this fault is not there; another may be. Reverts where a part that the fault rests on cannot be
    /// read: then an earlier fault in the list is there. For `Signature`, `hints` are the divisions of the recomputation
    /// (`P384`), each checked; wrong ones revert and decide nothing. Other faults take none.
    function isFaulty(Fault fault, Claims calldata claims, bytes calldata evidence, bytes calldata hints)
        external
        view
        returns (bool);
}
