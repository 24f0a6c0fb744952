// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPccs} from "../interfaces/IPccs.sol";
import {Crl} from "./Crl.sol";
import {PckExtension} from "./PckExtension.sol";
import {QeIdentity} from "./QeIdentity.sol";
import {TcbInfo} from "./TcbInfo.sol";
import {X509} from "./X509.sol";

/// @notice Reads what Intel signs for `Pccs`, which creates it: the code of both would not fit into one contract.
/// Has no state, trusts nobody and judges no signatures.
contract CollateralReader {
    /// @notice What a certificate says; reverts outside of its dates.
    function certificate(bytes calldata der) external view returns (X509.Certificate memory) {
        return X509.parse(der);
    }

    /// @notice What a PCK certificate says of itself and of its platform; its authority is left out.
    function pck(bytes calldata der)
        external
        view
        returns (X509.Certificate memory parsed, IPccs.Pck memory)
    {
        parsed = X509.parse(der);
        return (parsed, PckExtension.parse(parsed));
    }

    /// @notice What a revocation list says.
    function crl(bytes calldata der) external pure returns (Crl.List memory) {
        return Crl.parse(der);
    }

    /// @notice What a TCB info says; reverts unless it is one of version 3, complete.
    function tcbInfo(bytes calldata json) external pure returns (TcbInfo.Info memory) {
        return TcbInfo.parse(json);
    }

    /// @notice What an identity of a quoting enclave says; reverts unless it is one of version 2, complete.
    function qeIdentity(bytes calldata json) external pure returns (QeIdentity.Identity memory) {
        return QeIdentity.parse(json);
    }
}
