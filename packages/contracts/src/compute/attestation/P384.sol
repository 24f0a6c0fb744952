// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ModExp} from "./ModExp.sol";
import {P384Field} from "./P384Field.sol";

/// @notice Verifies ECDSA signatures on P-384, with the divisions done off chain.
/// @dev A hint is the slope of a line through two points of the curve, or the inverse of s. Each is checked by
/// multiplication before it is used, and a number that passes is the only one that does: s * w = 1 modulo a prime, and
/// slope * (x2 - x1) = y2 - y1 where x2 - x1 is not zero, have one solution each. So hints save gas and decide nothing:
/// with wrong ones the call reverts, and with right ones the answer is the signature's own.
library P384 {
    struct Signature {
        uint256 r1;
        uint256 r0;
        uint256 s1;
        uint256 s0;
    }

    struct Point {
        uint256 x1;
        uint256 x0;
        uint256 y1;
        uint256 y0;
    }

    /// @dev The sum so far, the point at infinity at first, and where in calldata the next hint is.
    struct State {
        Point sum;
        bool infinite;
        uint256 next;
        uint256 end;
    }

    /// @notice The hint at this position of calldata is not the number that it stands for.
    error HintWrong(uint256 at);

    /// @notice The hints end too early, or go on after the last that is needed.
    error HintsWrong(uint256 at);

    uint256 private constant HINT = 48;
    uint256 private constant ORDER_HIGH = 0xffffffffffffffffffffffffffffffff;
    uint256 private constant ORDER_LOW = 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973;
    uint256 private constant B_HIGH = 0xb3312fa7e23ee7e4988e056be3f82d19;
    uint256 private constant B_LOW = 0x181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef;

    /// @notice Whether `key` signed the digest `e1 * 2^256 + e0`.
    /// @dev Where r, s or the key are none, the answer is no, and no hint is looked at.
    function verify(
        uint256 e1,
        uint256 e0,
        Signature memory signature,
        Point memory key,
        bytes calldata hints
    ) internal view returns (bool) {
        if (!isScalar(signature.r1, signature.r0) || !isScalar(signature.s1, signature.s0)) return false;
        if (!isOnCurve(key)) return false;
        State memory state;
        state.infinite = true;
        (state.next, state.end) = _range(hints);
        uint256[4] memory scalars = _scalars(e1, e0, signature, state);
        _sum(state, scalars, _generators(), _multiples(key, state));
        require(state.next == state.end, HintsWrong(state.next));
        return !state.infinite && _isModOrder(state.sum, signature);
    }

    /// @notice Whether a number is from 1 to the order less 1.
    function isScalar(uint256 a1, uint256 a0) internal pure returns (bool) {
        return a1 | a0 != 0 && (a1 < ORDER_HIGH || (a1 == ORDER_HIGH && a0 < ORDER_LOW));
    }

    /// @notice Whether the coordinates are below the prime and fulfil y^2 = x^3 - 3x + b.
    function isOnCurve(Point memory point) internal pure returns (bool) {
        (uint256 x1, uint256 x0) = (point.x1, point.x0);
        if (!P384Field.isReduced(x1, x0) || !P384Field.isReduced(point.y1, point.y0)) return false;
        (uint256 a1, uint256 a0) = P384Field.times(x1, x0, x1, x0);
        (a1, a0) = P384Field.minus(a1, a0, 0, 3);
        (a1, a0) = P384Field.times(a1, a0, x1, x0);
        (a1, a0) = P384Field.plus(a1, a0, B_HIGH, B_LOW);
        (x1, x0) = P384Field.times(point.y1, point.y0, point.y1, point.y0);
        return a1 == x1 && a0 == x0;
    }

    /// @dev What to multiply the generator and the key by: digest / s, and r / s.
    function _scalars(uint256 e1, uint256 e0, Signature memory signature, State memory state)
        private
        view
        returns (uint256[4] memory scalars)
    {
        uint256 at = state.next;
        (uint256 w1, uint256 w0) = _hint(state);
        (uint256 one1, uint256 one0) = _timesModOrder(w1, w0, signature.s1, signature.s0);
        require(one1 == 0 && one0 == 1, HintWrong(at));
        (scalars[0], scalars[1]) = _timesModOrder(e1, e0, w1, w0);
        (scalars[2], scalars[3]) = _timesModOrder(signature.r1, signature.r0, w1, w0);
    }

    /// @dev The sum of both scalars times their points: four doublings and up to two additions for each four bits.
    function _sum(
        State memory state,
        uint256[4] memory scalars,
        Point[16] memory generators,
        Point[16] memory multiples
    ) private pure {
        for (uint256 bit = 384; bit != 0;) {
            // Counts down to zero in steps that divide 384.
            unchecked {
                bit -= 4;
            }
            if (!state.infinite) {
                _double(state);
                _double(state);
                _double(state);
                _double(state);
            }
            uint256 digit = _digit(scalars[0], scalars[1], bit);
            if (digit != 0) _add(state, generators[digit]);
            digit = _digit(scalars[2], scalars[3], bit);
            if (digit != 0) _add(state, multiples[digit]);
        }
    }

    /// @dev Doubling the point at infinity is the caller's not to do. No point has y = 0: the order is odd.
    function _double(State memory state) private pure {
        Point memory point = state.sum;
        uint256 at = state.next;
        (uint256 l1, uint256 l0) = _hint(state);
        // 2 y slope = 3 (x^2 - 1)
        (uint256 a1, uint256 a0) = P384Field.times(point.x1, point.x0, point.x1, point.x0);
        (a1, a0) = P384Field.minus(a1, a0, 0, 1);
        (uint256 b1, uint256 b0) = P384Field.plus(a1, a0, a1, a0);
        (a1, a0) = P384Field.plus(a1, a0, b1, b0);
        (b1, b0) = P384Field.times(l1, l0, point.y1, point.y0);
        (b1, b0) = P384Field.plus(b1, b0, b1, b0);
        require(a1 == b1 && a0 == b0, HintWrong(at));
        _move(point, l1, l0, point.x1, point.x0);
    }

    /// @dev Adds a point that is not infinity.
    function _add(State memory state, Point memory other) private pure {
        Point memory point = state.sum;
        if (state.infinite) {
            (point.x1, point.x0, point.y1, point.y0) = (other.x1, other.x0, other.y1, other.y0);
            state.infinite = false;
            return;
        }
        (uint256 a1, uint256 a0) = P384Field.minus(other.x1, other.x0, point.x1, point.x0);
        if (a1 | a0 == 0) {
            if (other.y1 == point.y1 && other.y0 == point.y0) _double(state);
            else state.infinite = true;
            return;
        }
        uint256 at = state.next;
        (uint256 l1, uint256 l0) = _hint(state);
        (a1, a0) = P384Field.times(l1, l0, a1, a0);
        (uint256 b1, uint256 b0) = P384Field.minus(other.y1, other.y0, point.y1, point.y0);
        require(a1 == b1 && a0 == b0, HintWrong(at));
        _move(point, l1, l0, other.x1, other.x0);
    }

    /// @dev Along the line of this slope through the point and one with this x, to where it meets the curve again, mirrored.
    function _move(Point memory point, uint256 l1, uint256 l0, uint256 x1, uint256 x0) private pure {
        (x1, x0) = P384Field.plus(x1, x0, point.x1, point.x0);
        (uint256 a1, uint256 a0) = P384Field.times(l1, l0, l1, l0);
        (a1, a0) = P384Field.minus(a1, a0, x1, x0);
        (x1, x0) = P384Field.minus(point.x1, point.x0, a1, a0);
        (point.x1, point.x0) = (a1, a0);
        (a1, a0) = P384Field.times(l1, l0, x1, x0);
        (point.y1, point.y0) = P384Field.minus(a1, a0, point.y1, point.y0);
    }

    /// @dev The key times 1 to 15. None is infinity, nor equal to the key: its order is a prime far above.
    function _multiples(Point memory key, State memory state) private pure returns (Point[16] memory table) {
        table[1] = key;
        _add(state, key);
        for (uint256 i = 2; i < 16; i++) {
            _add(state, key);
            Point memory point = state.sum;
            table[i] = Point(point.x1, point.x0, point.y1, point.y0);
        }
        state.infinite = true;
    }

    /// @dev The generator times 1 to 15.
    function _generators() private pure returns (Point[16] memory table) {
        bytes memory packed = hex"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
            hex"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
            hex"08d999057ba3d2d969260045c55b97f089025959a6f434d651d207d19fb96e9e4fe0e86ebe0e64f85b96a9c75295df61"
            hex"8e80f1fa5b1b3cedb7bfe8dffd6dba74b275d875bc6cc43e904e505f256ab4255ffd43e94d39e22d61501e700a940e80"
            hex"077a41d4606ffa1464793c7e5fdc7d98cb9d3910202dcd06bea4f240d3566da6b408bbae5026580d02d7e5c70500c831"
            hex"c995f7ca0b0c42837d0bbe9602a9fc998520b41c85115aa5f7684c0edc111eacc24abd6be4b5d298b65f28600a2f1df1"
            hex"138251cd52ac9298c1c8aad977321deb97e709bd0b4ca0aca55dc8ad51dcfc9d1589a1597e3a5120e1efd631c63e1835"
            hex"cacae29869a62e1631e8a28181ab56616dc45d918abc09f3ab0e63cf792aa4dced7387be37bba569549f1c02b270ed67"
            hex"11de24a2c251c777573cac5ea025e467f208e51dbff98fc54f6661cbe56583b037882f4a1ca297e60abcdbc3836d84bc"
            hex"8fa696c77440f92d0f5837e90a00e7c5284b447754d5dee88c986533b6901aeb3177686d0ae8fb33184414abe6c1713a"
            hex"627be1acd064d2b2226fe0d26f2d15d3c33ebcbb7f0f5da51cbd41f26257383021317d7202ff30e50937f0854e35c5df"
            hex"09766a4cb3f8b1c21be6dda6c14f1575b2c95352644f774c99864f613715441604c45b8d84e165311733a408d3f0f934"
            hex"283c1d7365ce4788f29f8ebf234edffead6fe997fbea5ffa2d58cc9dfa7b1c508b05526f55b9ebb2040f05b48fb6d0e1"
            hex"9475c99061e41b88ba52efdb8c1690471a61d867ed799729d9c92cd01dbd225630d84ede32a78f9e64664cdac512ef8c"
            hex"1692778ea596e0be75114297a6fa383445bf227fbe58190a900c3c73256f11fb5a3258d6f403d5ece6e9b269d822c87d"
            hex"dcd2365700d4106a835388ba3db8fd0e22554adc6d521cd4bd1c30c2ec0eec196bade1e9cdd1708d6f6abfa4022b0ad2"
            hex"8f0a39a4049bcb3ef1bf29b8b025b78f2216f7291e6fd3bac6cb1ee285fb6e21c388528bfee2b9535c55e4461079118b"
            hex"62c77e1438b601d6452c4a5322c3a9799a9b3d7ca3c400c6b7678854aed9b3029e743efedfd51b68262da4f9ac664af8"
            hex"a669c5563bd67eec678d29d6ef4fde864f372d90b79b9e88931d5c29291238cced8e85ab507bf91aa9cb2d13186658fb"
            hex"a988b72ae7c1279f22d9083db5f0ecddf70119550c183c31c502df78c3b705a8296d8195248288d997784f6ab73a21dd"
            hex"099056e27da7b998da1eeec2904816c57fe935ed5837c37456c9fd14892d3f8c4749b66e3afb81d626356f3b55b4ddd8"
            hex"2e4c0c234e30ab96688505544ac5e0396fc4eed8dfc363fd43ff93f41b52a3255466d51263aaff357d5dba8138c5e0bb"
            hex"952a7a349bd49289ab3ac421dcf683d08c2ed5e41f6d0e21648af2691a481406da4a5e22da817cb466da2ea77d2a7022"
            hex"a0320faf84b5bc0563052deae6f66f2e09fb8036ce18a0ebb9028b096196b50d031aa64589743e229ef6bacce21bd16e"
            hex"a567ba97b67aea5bafdaf5002ffcc6ab9632bff9f01f873f6267bcd1f0f11c139ee5f441abd99f1baaf1ca1e3b5cbce7"
            hex"de1b38b3989f3318644e4147af164ecc5185595046932ec086329be057857d66776bcb8272218a7d6423a12736f429cc"
            hex"e8c8f94d44fbc2396bbeac481b89d2b0877b1dffd23e7dc95de541eb651cca2c41aba24dbc02de6637209accf0f59ea0"
            hex"891ae44356fc8ae0932bcbf6de52c8a933b86191e7728d79c8319413a09d0f48fc468ba05509de22d7ee5c9e1b67b888"
            hex"b3d13fc8b32b01058cc15c11d813525522a94156fff01c205b21f9f7da7c4e9ca849557a10b6383b4b88701a9606860b"
            hex"152919e7df9162a61b049b2536164b1beebac4a11d749af484d1114373dfbfd9838d24f8b284af50985d588d33f7bd62";
        for (uint256 i = 1; i < 16; i++) {
            Point memory point = table[i];
            // 15 points of 96 bytes each lie in `packed`.
            assembly ("memory-safe") {
                let from := add(packed, add(32, mul(96, sub(i, 1))))
                mstore(point, shr(128, mload(from)))
                mstore(add(point, 32), mload(add(from, 16)))
                mstore(add(point, 64), shr(128, mload(add(from, 48))))
                mstore(add(point, 96), mload(add(from, 64)))
            }
        }
    }

    function _hint(State memory state) private pure returns (uint256 a1, uint256 a0) {
        uint256 at = state.next;
        // Positions in calldata are far below 2^255.
        unchecked {
            require(at + HINT <= state.end, HintsWrong(at));
            state.next = at + HINT;
        }
        return P384Field.load(at);
    }

    function _digit(uint256 high, uint256 low, uint256 bit) private pure returns (uint256) {
        return (bit < 256 ? low >> bit : high >> (bit - 256)) & 15;
    }

    /// @dev The product modulo the order, of any two numbers below 2^384.
    function _timesModOrder(uint256 a1, uint256 a0, uint256 b1, uint256 b0)
        private
        view
        returns (uint256 r1, uint256 r0)
    {
        bytes memory product = P384Field.product(a1, a0, b1, b0);
        bytes memory result = ModExp.power(product, hex"01", abi.encodePacked(uint128(ORDER_HIGH), ORDER_LOW));
        // The result is as long as the order, 48 bytes.
        assembly ("memory-safe") {
            r1 := shr(128, mload(add(result, 32)))
            r0 := mload(add(result, 48))
        }
    }

    /// @dev Whether x, below the prime and so below twice the order, is r modulo the order.
    function _isModOrder(Point memory sum, Signature memory signature) private pure returns (bool) {
        (uint256 r1, uint256 r0) = (signature.r1, signature.r0);
        if (sum.x1 == r1 && sum.x0 == r0) return true;
        // r is below the order, so r + order has at most 385 bits and its words do not overflow.
        unchecked {
            uint256 low = r0 + ORDER_LOW;
            return sum.x0 == low && sum.x1 == r1 + ORDER_HIGH + (low < r0 ? 1 : 0);
        }
    }

    function _range(bytes calldata data) private pure returns (uint256 from, uint256 end) {
        // Reads only where the slice begins.
        assembly ("memory-safe") {
            from := data.offset
        }
        end = from + data.length;
    }
}
