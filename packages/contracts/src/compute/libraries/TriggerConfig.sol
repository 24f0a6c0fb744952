// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITriggerRegistry} from "../interfaces/ITriggerRegistry.sol";
import {Cron} from "./Cron.sol";

/// @notice Reads and checks the byte strings that `ITriggerRegistry` describes.
library TriggerConfig {
    struct Config {
        uint256 maxFailures;
        uint256 maxDelay;
        uint256 gasLimit;
        address target;
        uint256 dataLength;
        /// @dev Of cron triggers only: whether every tick runs in order, and the compiled expression with its text.
        bool backfill;
        uint256 cron;
        bytes expression;
        /// @dev Of webhook triggers only: the payload's mode, the key's kind, and the key, of P-256 its x.
        uint256 payload;
        uint256 keyKind;
        uint256 key;
        /// @dev Of event triggers only: who emits, which topics are compared, and the first of those.
        uint256 emitter;
        uint256 topics;
        bytes32 topic;
        /// @dev Of events of other chains only: which chain, and who attests them; the chain is 0 for this one.
        uint256 chainId;
        uint256 quorumId;
    }

    uint256 internal constant VERSION = 1;

    /// @dev All up to the call's data.
    uint256 internal constant HEADER = 28;

    /// @dev A cron trigger's policy and offset.
    uint256 internal constant CRON_HEADER = 2;

    uint256 internal constant PAYLOAD_HASH = 1;
    uint256 internal constant KEY_P256 = 1;
    uint256 internal constant KEY_ERC1271 = 2;

    /// @dev A webhook's key that is an address, packed into a word.
    uint256 internal constant TEXT_KEY = 1 << 255;
    uint256 internal constant TEXT_ERC1271 = 1 << 248;
    uint256 internal constant TEXT_HASH_ONLY = 1 << 249;

    /// @dev An event's emitter with the byte of topics, packed into a word.
    uint256 internal constant TEXT_EVENT = 1 << 254;
    uint256 internal constant TEXT_TOPICS = 248;

    /// @dev In an event trigger's byte of topics: the log is of another chain. Its id and the quorum's follow that byte.
    uint256 internal constant OTHER_CHAIN = 16;
    uint256 internal constant SOURCE = 40;

    uint256 private constant MAX_GAS_LIMIT = 10_000;
    uint256 private constant MAX_DATA = 4096;
    uint256 private constant MAX_EXPRESSION = 128;

    /// @dev NIST P-256: the field's prime, and b of y^2 = x^3 - 3x + b.
    uint256 private constant P256_P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff;
    uint256 private constant P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b;

    function parse(ITriggerRegistry.TriggerType triggerType, bytes memory config)
        internal
        view
        returns (Config memory parsed)
    {
        require(config.length >= HEADER, ITriggerRegistry.InvalidConfigLength(config.length, HEADER));
        uint256 version = read(config, 0, 1);
        require(version == VERSION, ITriggerRegistry.UnknownConfigVersion(uint8(version)));
        parsed.maxFailures = read(config, 1, 1);
        parsed.maxDelay = read(config, 2, 2);
        parsed.gasLimit = read(config, 4, 2);
        parsed.target = address(uint160(read(config, 6, 20)));
        parsed.dataLength = read(config, 26, 2);
        _require(parsed.maxDelay != 0, "maxDelay", parsed.maxDelay);
        _require(parsed.gasLimit <= MAX_GAS_LIMIT, "gasLimit", parsed.gasLimit);
        _require(parsed.dataLength <= MAX_DATA, "dataLength", parsed.dataLength);
        if (parsed.gasLimit == 0) {
            _require(parsed.target == address(0), "target", uint160(parsed.target));
            _require(parsed.dataLength == 0, "dataLength", parsed.dataLength);
        }

        uint256 at = HEADER + parsed.dataLength;
        require(config.length >= at, ITriggerRegistry.InvalidConfigLength(config.length, at));
        if (triggerType == ITriggerRegistry.TriggerType.Cron) _parseCron(config, at, parsed);
        else if (triggerType == ITriggerRegistry.TriggerType.Webhook) _parseWebhook(config, at, parsed);
        else _parseEvent(config, at, parsed);
    }

    /// @notice The target, zero for the agent.
    function targetOf(bytes memory config) internal pure returns (address) {
        return address(uint160(read(config, 6, 20)));
    }

    /// @notice The data of the call.
    function dataOf(bytes memory config) internal pure returns (bytes memory data) {
        data = slice(config, HEADER);
        uint256 size = read(config, 26, 2);
        // Shortens what follows the header to the data, with which it begins.
        assembly ("memory-safe") {
            mstore(data, size)
        }
    }

    function _parseCron(bytes memory config, uint256 at, Config memory parsed) private view {
        // Places in a config, which was paid for.
        unchecked {
            uint256 least = at + CRON_HEADER + 1;
            require(config.length >= least, ITriggerRegistry.InvalidConfigLength(config.length, least));
            uint256 most = at + CRON_HEADER + MAX_EXPRESSION;
            require(config.length <= most, ITriggerRegistry.InvalidConfigLength(config.length, most));
            uint256 policy = read(config, at, 1);
            int8 quarterHours = int8(uint8(read(config, at + 1, 1)));
            _require(policy <= 1, "policy", policy);
            _require(quarterHours >= -56 && quarterHours <= 56, "offset", uint8(quarterHours));

            parsed.backfill = policy == 1;
            parsed.expression = slice(config, at + CRON_HEADER);
            parsed.cron = Cron.parse(parsed.expression, quarterHours);
        }
        bool due = Cron.nextTick(parsed.cron, block.timestamp) != 0;
        require(due, ITriggerRegistry.NeverDue(string(parsed.expression)));
    }

    function _parseWebhook(bytes memory config, uint256 at, Config memory parsed) private pure {
        require(config.length >= at + 2, ITriggerRegistry.InvalidConfigLength(config.length, at + 2));
        parsed.payload = read(config, at, 1);
        parsed.keyKind = read(config, at + 1, 1);
        _require(parsed.payload <= PAYLOAD_HASH, "payload", parsed.payload);
        _require(parsed.keyKind <= KEY_ERC1271, "key", parsed.keyKind);
        bool point = parsed.keyKind == KEY_P256;
        uint256 wanted = at + 2 + (point ? 64 : 20);
        require(config.length == wanted, ITriggerRegistry.InvalidConfigLength(config.length, wanted));

        parsed.key = read(config, at + 2, point ? 32 : 20);
        bool valid = point ? _isOnP256(parsed.key, read(config, at + 34, 32)) : parsed.key != 0;
        _require(valid, "key", parsed.key);
    }

    function _parseEvent(bytes memory config, uint256 at, Config memory parsed) private view {
        require(config.length >= at + 21, ITriggerRegistry.InvalidConfigLength(config.length, at + 21));
        uint256 topics = read(config, at + 20, 1);
        parsed.emitter = read(config, at, 20);
        parsed.topics = topics;
        _require(parsed.emitter != 0, "emitter", parsed.emitter);
        _require(topics < 32, "topics", topics);
        uint256 count = (topics & 1) + ((topics >> 1) & 1) + ((topics >> 2) & 1) + ((topics >> 3) & 1);
        uint256 topicsAt = at + 21 + (topics & OTHER_CHAIN != 0 ? SOURCE : 0);
        uint256 wanted = topicsAt + 32 * count;
        require(config.length == wanted, ITriggerRegistry.InvalidConfigLength(config.length, wanted));

        if (count != 0) parsed.topic = bytes32(read(config, topicsAt, 32));
        if (topics & OTHER_CHAIN == 0) return;
        (parsed.chainId, parsed.quorumId) = sourceOf(config, at);
        _require(parsed.chainId != 0 && parsed.chainId != block.chainid, "chainId", parsed.chainId);
    }

    /// @notice The other chain and the quorum of an event trigger whose emitter is at `at`.
    function sourceOf(bytes memory config, uint256 at) internal pure returns (uint256, uint256) {
        return (read(config, at + 21, 8), read(config, at + 29, 32));
    }

    /// @notice Where what depends on the kind begins: behind the call's data.
    function tailOf(bytes memory config) internal pure returns (uint256) {
        return HEADER + read(config, HEADER - 2, 2);
    }

    /// @dev A point off the curve signs nothing, so its trigger could never fire.
    function _isOnP256(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= P256_P || y >= P256_P) return false;
        uint256 cube = mulmod(mulmod(x, x, P256_P), x, P256_P);
        uint256 right = addmod(addmod(cube, mulmod(P256_P - 3, x, P256_P), P256_P), P256_B, P256_P);
        return mulmod(y, y, P256_P) == right;
    }

    function _require(bool valid, string memory field, uint256 value) private pure {
        if (!valid) revert ITriggerRegistry.InvalidConfig(field, value);
    }

    /// @dev `size` bytes from `at` as a number; the caller has checked that they are there.
    function read(bytes memory config, uint256 at, uint256 size) internal pure returns (uint256 value) {
        // Reads one word that begins inside of `config`; what is behind the field is shifted out.
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), mload(add(add(config, 0x20), at)))
        }
    }

    function slice(bytes memory config, uint256 from) internal pure returns (bytes memory rest) {
        rest = new bytes(config.length - from);
        // Both are `config.length - from` bytes long.
        assembly ("memory-safe") {
            mcopy(add(rest, 0x20), add(add(config, 0x20), from), mload(rest))
        }
    }
}
