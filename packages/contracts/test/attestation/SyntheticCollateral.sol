// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice Collateral in Intel's form, as text. Two levels: the platform of the fixture is up to date; one that
/// is a PCE version behind is not.
library SyntheticCollateral {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    string private constant ZEROS =
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

    struct TcbInfo {
        uint256 issueDate;
        uint256 evaluation;
        string fmspc;
        string pceId;
        /// The status of the level that the fixture's platform reaches.
        string status;
        /// The first component of that level; the platform has 3.
        uint256 leastSvn;
        uint256 moduleSvn;
        string moduleStatus;
        string moduleSigner;
        string moduleAttributes;
        string moduleMask;
        /// What to put in front of all members.
        string extra;
        /// An SGX platform's info: no modules, no TDX versions.
        bool sgx;
        /// How many levels there are, the last two as above.
        uint256 levelCount;
    }

    struct Identity {
        uint256 issueDate;
        uint256 evaluation;
        uint256 isvSvn;
        string status;
        string mrSigner;
        bool sgx;
    }

    function tcbInfo(uint256 issueDate, uint256 evaluation) internal pure returns (TcbInfo memory info) {
        (info.issueDate, info.evaluation, info.fmspc, info.pceId) =
        (issueDate, evaluation, "00A1B2C30000", "0000");
        (info.status, info.leastSvn) = ("UpToDate", 3);
        (info.moduleSvn, info.moduleStatus, info.moduleSigner) = (4, "UpToDate", ZEROS);
        info.levelCount = 2;
        (info.moduleAttributes, info.moduleMask) = ("0000000000000000", "FFFFFFFFFFFFFFFF");
    }

    function identity(uint256 issueDate, uint256 evaluation) internal pure returns (Identity memory made) {
        (made.issueDate, made.evaluation, made.isvSvn, made.status) = (issueDate, evaluation, 4, "UpToDate");
        made.mrSigner = "DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5";
    }

    function json(TcbInfo memory info) internal pure returns (string memory) {
        return string.concat(
            "{",
            info.extra,
            info.sgx ? '"id":"SGX","version":3,' : '"id":"TDX","version":3,',
            _dates(info.issueDate),
            '"fmspc":"',
            info.fmspc,
            '","pceId":"',
            info.pceId,
            '","tcbType":0,"tcbEvaluationDataNumber":',
            vm.toString(info.evaluation),
            info.sgx ? "," : _modules(info),
            string.concat('"tcbLevels":[', _levels(info), "]}")
        );
    }

    function _modules(TcbInfo memory info) private pure returns (string memory) {
        string memory module = string.concat(
            '"mrsigner":"',
            info.moduleSigner,
            '","attributes":"',
            info.moduleAttributes,
            '","attributesMask":"',
            info.moduleMask,
            '"'
        );
        return string.concat(
            string.concat(',"tdxModule":{', module, '},"tdxModuleIdentities":[{"id":"TDX_01",', module),
            string.concat(',"tcbLevels":[', _isvLevel(info.moduleSvn, info.moduleStatus), ","),
            string.concat(_isvLevel(2, "OutOfDate"), "]}],")
        );
    }

    function _levels(TcbInfo memory info) private pure returns (string memory levels) {
        for (uint256 i = info.levelCount; i > 2; i--) {
            levels = string.concat(levels, _level(i + 200, 13, "OutOfDateConfigurationNeeded", info.sgx), ",");
        }
        levels = string.concat(levels, _level(info.leastSvn, 13, info.status, info.sgx), ",");
        levels = string.concat(levels, _level(2, 5, "OutOfDate", info.sgx));
    }

    function json(Identity memory made) internal pure returns (string memory) {
        return string.concat(
            made.sgx ? '{"id":"QE","version":2,' : '{"id":"TD_QE","version":2,',
            _dates(made.issueDate),
            '"tcbEvaluationDataNumber":',
            vm.toString(made.evaluation),
            ',"miscselect":"00000000","miscselectMask":"FFFFFFFF",',
            '"attributes":"11000000000000000000000000000000",',
            '"attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":"',
            made.mrSigner,
            '","isvprodid":2,"tcbLevels":[',
            _isvLevel(made.isvSvn, made.status),
            "]}"
        );
    }

    function _level(uint256 leastSvn, uint256 pceSvn, string memory status, bool sgx)
        private
        pure
        returns (string memory)
    {
        string memory tdx = string.concat(
            ',"tdxtcbcomponents":[', _components([uint256(5), 0, 2, 0, 0, 0, 0, 0], true), "]"
        );
        return string.concat(
            '{"tcb":{"sgxtcbcomponents":[',
            _components([leastSvn, 3, 2, 2, 4, 1, 0, 5], !sgx),
            '],"pcesvn":',
            vm.toString(pceSvn),
            sgx ? "" : tdx,
            '},"tcbDate":"2024-03-13T00:00:00Z","tcbStatus":"',
            status,
            '","advisoryIDs":["INTEL-SA-00106","INTEL-SA-00115"]}'
        );
    }

    function _components(uint256[8] memory svns, bool described) private pure returns (string memory text) {
        for (uint256 i; i < 16; i++) {
            string memory type_ =
                described && i == 1 ? ',"category":"OS/VMM","type":"TDX Module, {1} [2]"' : "";
            text = string.concat(
                text, i == 0 ? "" : ",", '{"svn":', vm.toString(i < 8 ? svns[i] : 0), type_, "}"
            );
        }
    }

    function _isvLevel(uint256 svn, string memory status) private pure returns (string memory) {
        return string.concat(
            '{"tcb":{"isvsvn":',
            vm.toString(svn),
            '},"tcbDate":"2024-03-13T00:00:00Z","tcbStatus":"',
            status,
            '"}'
        );
    }

    function _dates(uint256 issueDate) private pure returns (string memory) {
        return
            string.concat(
                '"issueDate":"', _iso(issueDate), '","nextUpdate":"', _iso(issueDate + 30 days), '",'
            );
    }

    function _iso(uint256 time) private pure returns (string memory) {
        // forge has no formatter of dates; days since 2025-12-01 are enough here.
        uint256 day = (time - 1_764_547_200) / 1 days;
        uint256 second = time % 1 days;
        (string memory month, uint256 first) = day < 31
            ? ("2025-12-", uint256(0))
            : day < 62 ? ("2026-01-", uint256(31)) : ("2026-02-", uint256(62));
        require(day < 90, "beyond the calendar of the tests");
        return string.concat(
            month,
            _two(day - first + 1),
            "T",
            _two(second / 3600),
            string.concat(":", _two(second / 60 % 60), ":", _two(second % 60), "Z")
        );
    }

    function _two(uint256 number) private pure returns (string memory) {
        return string.concat(number < 10 ? "0" : "", vm.toString(number));
    }
}
