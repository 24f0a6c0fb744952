// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRegistry} from "../../src/compute/interfaces/IComputeRegistry.sol";
import {ComputeTest} from "../utils/ComputeTest.sol";

contract GetProviderTest is ComputeTest {
    function setUp() public override {
        super.setUp();
        _register();
    }

    function _assertGpu(string memory hardware, uint256 gpuCount, string memory gpuModel) private {
        vm.prank(provider);
        registry.setHardware(hardware);
        IComputeRegistry.Provider memory got = registry.getProvider(1);
        vm.assertEq(got.hardwareAttestation, hardware, "as given");
        vm.assertEq(got.gpuCount, gpuCount, string.concat("gpuCount of ", hardware));
        vm.assertEq(got.gpuModel, gpuModel, string.concat("gpuModel of ", hardware));
    }

    /// REG-13: `gpuCount` and `gpuModel` are the first of their name at the top of the attestation's JSON object.
    function test_readsTheGpu() external {
        _assertGpu('{"gpuCount":1,"gpuModel":"A"}', 1, "A");
        _assertGpu('{"gpuModel":"A"}', 0, "A");
        _assertGpu(' {\n"gpuCount" : 1024 ,\t"gpuModel" : "A B" }\r\n', 1024, "A B");
        _assertGpu('{"gpuCount":1,"gpuCount":2,"gpuModel":"A","gpuModel":"B"}', 1, "A");
        _assertGpu('{"x":{"gpuCount":9,"gpuModel":"inner"},"y":[{"gpuCount":7}],"gpuCount":3}', 3, "");
        _assertGpu('{"a":"\\"gpuCount\\":5","b":[1.5e-3,-0,true,false,null,""],"gpuModel":"C"}', 0, "C");
        _assertGpu('{"a":"}","gpuCount":2,"b":"\\u00e9\\\\"}', 2, "");
        _assertGpu(unicode'{"cpu":"Zoë","gpuCount":4}', 4, "");
        _assertGpu("{}", 0, "");
    }

    /// REG-13: a count above 1,024 or a model that is long, escaped or not printable ASCII reads as 0 and "".
    function test_ignoresWhatIsNotOfTheForm() external {
        _assertGpu('{"gpuCount":1025,"gpuModel":"A"}', 0, "A");
        _assertGpu('{"gpuCount":-1,"gpuModel":"A"}', 0, "A");
        _assertGpu('{"gpuCount":1.0,"gpuModel":7}', 0, "");
        _assertGpu('{"gpuCount":1e2,"gpuModel":null}', 0, "");
        _assertGpu('{"gpuCount":"8","gpuModel":["A"]}', 0, "");
        _assertGpu('{"gpuCount":{"gpuCount":8},"gpuCount":8}', 0, "");
        _assertGpu('{"gpuModel":"A\\u0042"}', 0, "");
        _assertGpu(unicode'{"gpuModel":"Zoë"}', 0, "");
        _assertGpu(
            '{"gpuModel":"0123456789012345678901234567890123456789012345678901234567890123"}',
            0,
            "0123456789012345678901234567890123456789012345678901234567890123"
        );
        _assertGpu('{"gpuModel":"01234567890123456789012345678901234567890123456789012345678901234"}', 0, "");
    }

    /// REG-13: a text that is not one JSON object and nothing else claims no GPU.
    function test_ignoresWhatIsNoJson() external {
        string[20] memory texts = [
            "",
            "gpuCount",
            "8",
            "[]",
            '[{"gpuCount":8}]',
            '{"gpuCount":8',
            '{"gpuCount":8}}',
            '{"gpuCount":8} x',
            '{"gpuCount":8,}',
            '{,"gpuCount":8}',
            '{"gpuCount":08}',
            '{"gpuCount" 8}',
            "{'gpuCount':8}",
            "{gpuCount:8}",
            '{"gpuCount":8,"a":[1,]}',
            '{"gpuCount":8,"a":[1}}',
            '{"gpuCount":8,"a":tru}',
            '{"gpuCount":8,"a":"\\x"}',
            '{"gpuCount":8,"a":1.}',
            '{"gpuCount":8,"a":"\n"}'
        ];
        for (uint256 i = 0; i < texts.length; i++) {
            _assertGpu(texts[i], 0, "");
        }
    }

    /// REG-13: whatever the text, reading it neither fails nor costs much.
    function test_survivesAnyText(bytes memory text, uint256 seed) external {
        bytes memory alphabet = '{}[]":,\\ 01.eE+-truefalsn"gpuCount"gpuModel';
        uint256 length = text.length > 2048 ? 2048 : text.length;
        bytes memory noise = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            noise[i] = alphabet[(uint8(text[i]) + seed % 97) % alphabet.length];
        }
        vm.prank(provider);
        registry.setHardware(string.concat("{", string(noise)));
        registry.getProvider(1);
    }

    /// REG-13: whatever the text, reading it neither fails nor costs much.
    function test_boundsItsWork() external {
        string[9] memory fills = ["[", "{", '"', " ", "\\", "1,", "true,", "-1e+1,", '"":1,'];
        for (uint256 i = 0; i < fills.length; i++) {
            _assertCheap('{"a":', fills[i]);
            _assertCheap('{"a":[', fills[i]);
            _assertCheap("{", fills[i]);
        }
    }

    /// REG-13: an object of more than 512 pieces claims no GPU.
    function test_countsPieces() external {
        string memory zeros = "0";
        for (uint256 i = 1; i < 250; i++) {
            zeros = string.concat(zeros, ",0");
        }
        // Opening, two of the key and the array, 500 of the zeros with what is behind each, two more, three of the count and the end.
        _assertGpu(string.concat('{"a":[', zeros, '],"gpuCount":8}'), 8, "");
        _assertGpu(string.concat('{"a":[', zeros, ',0,0],"gpuCount":8}'), 8, "");
        _assertGpu(string.concat('{"a":[', zeros, ',0,0,0],"gpuCount":8}'), 0, "");
    }

    function _assertCheap(string memory head, string memory fill) private {
        bytes memory text = new bytes(2048);
        for (uint256 i = 0; i < text.length; i++) {
            bool inHead = i < bytes(head).length;
            text[i] = inHead ? bytes(head)[i] : bytes(fill)[(i - bytes(head).length) % bytes(fill).length];
        }
        vm.prank(provider);
        registry.setHardware(string(text));
        uint256 before = gasleft();
        registry.getProvider(1);
        vm.assertLt(before - gasleft(), 1_700_000, "gas");
    }
}
