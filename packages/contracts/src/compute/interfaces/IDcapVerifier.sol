// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IPccs} from "./IPccs.sol";

/// @notice Verifies Intel's quotes: SGX (version 3 and later), TDX 1.0 (version 4) and TDX 1.5 (version 5).
interface IDcapVerifier {
    /// @notice What a quote proves.
    struct Claims {
        IPccs.Tee tee;
        IPccs.Status status;
        /// When the first of the collateral and certificates behind it ends.
        uint40 expiry;
        bytes12 platformId;
        /// TDX: keccak256 of attributes, XFAM, MRTD and RTMR 0 to 2. SGX: of MRENCLAVE, MRSIGNER, product id, version.
        bytes32 workload;
        bytes32 reportDataHigh;
        bytes32 reportDataLow;
    }

    /// @notice The quote's version is none of 3, 4, 5 with the first body type that it can have.
    error QuoteVersionUnknown(uint256 version);

    /// @notice The attestation key is not ECDSA on P-256.
    error QuoteKeyTypeUnknown(uint256 keyType);

    /// @notice The TEE is neither SGX nor TDX, or cannot have this version or body. Its four bytes are as they stand.
    error QuoteTeeUnknown(uint256 tee, uint256 version);

    /// @notice The quoting enclave is not of Intel's kind.
    error QuoteVendorUnknown(bytes16 vendor);

    /// @notice Header and body do not have the length of their kind.
    error QuoteBodyMalformed(uint256 bodyType, uint256 length);

    /// @notice What authenticates a quote is shorter than its fixed parts, or its free part is too long.
    error SignaturesMalformed(uint256 length);

    /// @notice The attestation key did not sign header and body.
    error QuoteSignatureWrong();

    /// @notice The PCK certificate's key did not sign the quoting enclave's report.
    error QeReportSignatureWrong();

    /// @notice The quoting enclave did not name this attestation key.
    error QeReportDataWrong(bytes32 found, bytes32 wanted);

    /// @notice The quoting enclave can be debugged.
    error QeDebug();

    /// @notice The domain can be looked into by its host: a bit of the first byte of its attributes is set.
    error TdDebug(bytes8 attributes);

    /// @notice The enclave can be looked into by its host.
    error EnclaveDebug(bytes16 attributes);

    /// @notice Another domain has power over this one (migration); nobody here says that it can be trusted.
    error ServiceTdBound();

    /// @notice Where the collateral comes from.
    function pccs() external view returns (IPccs);

    /// @notice Verifies a quote against the collateral on chain; reverts with the first check that fails.
    /// @dev Says nothing on measurements, report data and age: those are for the caller. A rating that needs an update
    /// (`OutOfDate` and worse) is answered, not refused; a revoked one is refused.
    /// @param quote Header and body, as the attestation key signed them: 432 bytes (SGX), 632 (v4), 702 (v5).
    /// @param signatures Signature of the quote (64 bytes), attestation key (64), report of the quoting enclave (384), its
    /// signature (64), and the enclave's free data, 1,024 bytes at most. The quote's certificates are left out.
    /// @param pck What the platform's registered PCK certificate says.
    /// @param evaluation Which of Intel's evaluations to rate by; `IPccs.evaluationsOf` says which count.
    function verifyQuote(
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation
    ) external view returns (Claims memory);
}
