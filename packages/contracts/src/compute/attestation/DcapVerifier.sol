// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {P256} from "solady/utils/P256.sol";
import {IDcapVerifier} from "../interfaces/IDcapVerifier.sol";
import {IPccs} from "../interfaces/IPccs.sol";
import {Der} from "./Der.sol";
import {Quote} from "./Quote.sol";

/// @notice Trusts the root key that its `Pccs` is pinned to, and nobody else. Has no state.
contract DcapVerifier is IDcapVerifier {
    /* CONSTANTS */

    uint256 private constant QE_REPORT = 128;
    uint256 private constant QE_SIGNATURE = 512;
    uint256 private constant QE_DATA = 576;
    uint256 private constant MAXIMUM_QE_DATA = 1024;
    uint256 private constant REPORT_DATA = 320;
    uint256 private constant TD_REPORT_DATA = 520;

    /* IMMUTABLES */

    /// @inheritdoc IDcapVerifier
    IPccs public immutable pccs;

    /* CONSTRUCTOR */

    constructor(IPccs pccs_) {
        pccs = pccs_;
    }

    /* VIEWS */

    /// @inheritdoc IDcapVerifier
    function verifyQuote(
        bytes calldata quote,
        bytes calldata signatures,
        IPccs.Pck calldata pck,
        uint16 evaluation
    ) public view returns (Claims memory claims) {
        IPccs.Measured memory measured;
        measured.evaluation = evaluation;
        (IPccs.Tee tee, uint256 body, bool current) = Quote.open(quote);
        (claims.tee, measured.tee) = (tee, tee);
        uint256 data = body + (tee == IPccs.Tee.TDX ? TD_REPORT_DATA : REPORT_DATA);
        (claims.reportDataHigh, claims.reportDataLow) = (Der.load(data), Der.load(data + 32));

        _checkSignatures(quote, signatures, pck);
        Quote.measureQe(_offsetOf(signatures) + QE_REPORT, measured);
        if (tee == IPccs.Tee.TDX) {
            Quote.measureTd(body, current, measured);
            claims.workload = Quote.tdWorkload(body);
        } else {
            Quote.checkEnclave(body);
            claims.workload = Quote.enclaveWorkload(body);
        }
        claims.platformId = pck.platformId;
        (claims.status, claims.expiry) = pccs.rate(pck, measured);
    }

    /* INTERNAL */

    /// @dev The PCK signs the quoting enclave's report, which names the attestation key, which signs the quote. That `pck`
    /// is what Intel signed is checked where it is rated.
    function _checkSignatures(bytes calldata quote, bytes calldata signatures, IPccs.Pck calldata pck)
        private
        view
    {
        uint256 length = signatures.length;
        require(length >= QE_DATA && length <= QE_DATA + MAXIMUM_QE_DATA, SignaturesMalformed(length));
        uint256 from = _offsetOf(signatures);
        require(
            P256.verifySignatureAllowMalleability(
                sha256(quote), Der.load(from), Der.load(from + 32), Der.load(from + 64), Der.load(from + 96)
            ),
            QuoteSignatureWrong()
        );
        bytes32 digest = sha256(signatures[QE_REPORT:QE_SIGNATURE]);
        (bytes32 r, bytes32 s) = (Der.load(from + QE_SIGNATURE), Der.load(from + QE_SIGNATURE + 32));
        require(P256.verifySignatureAllowMalleability(digest, r, s, pck.x, pck.y), QeReportSignatureWrong());

        bytes32 wanted = sha256(bytes.concat(signatures[64:QE_REPORT], signatures[QE_DATA:]));
        bytes32 found = Der.load(from + QE_REPORT + REPORT_DATA);
        bytes32 rest = Der.load(from + QE_REPORT + REPORT_DATA + 32);
        require(found == wanted && rest == 0, QeReportDataWrong(found, wanted));
    }

    function _offsetOf(bytes calldata data) private pure returns (uint256 from) {
        // Reads only where the slice begins.
        assembly ("memory-safe") {
            from := data.offset
        }
    }
}
