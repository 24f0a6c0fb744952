// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {Channels} from "../libraries/Channels.sol";
import {Funds} from "./Funds.sol";

/// @notice Who signs: session keys, whose they are, until when they get money and how much they may reserve; and providers.
abstract contract Keys is EIP712, Funds {
    bytes32 private constant SESSION_TYPEHASH =
        keccak256("Session(address owner,address signer,uint128 cap,uint40 expiry)");

    /* STORAGE */

    /// @dev `cap of ether in gwei 56 | expiry 40 | owner 160`.
    mapping(address signer => uint256) internal _sessions;
    mapping(address signer => mapping(address token => uint256)) internal _tokenCaps;

    /* INTERNAL */

    /// @dev The key's session, registered now if it is new; `owner`'s, and not expired, or it reverts.
    function _sessionFor(
        address owner,
        address token,
        address signer,
        uint128 cap,
        uint40 expiry,
        bytes calldata consent
    ) internal {
        uint256 session = _sessions[signer];
        if (session == 0) session = _register(owner, token, signer, cap, expiry, consent);
        _requireFundable(owner, signer, session);
    }

    function _requireFundable(address owner, address signer, uint256 session) internal view {
        require(session != 0, UnknownSigner(signer));
        require(_ownerIn(session) == owner, SignerTaken(signer, _ownerIn(session)));
        require(block.timestamp < _expiryIn(session), SessionExpired(signer, _expiryIn(session)));
    }

    /// @dev Out of the caller's money; the key is his.
    function _fundChannel(address provider, address token, address signer, uint256 amount) internal {
        _fund(Channels.CHANNELS, msg.sender, provider, token, signer, amount);
        (uint256 fromBalance, uint256 short) = _spend(token, amount);
        emit ChannelFunded(msg.sender, signer, provider, token, amount, fromBalance);

        if (short != 0) _pull(token, short);
    }

    function _capOf(address signer, address token) internal view returns (uint256) {
        return token == ETHER ? (_sessions[signer] >> 200) * 1 gwei : _tokenCaps[signer][token];
    }

    /// @dev Takes what is reserved off the cap, which is not exceeded. In ether rounded up to whole gwei, against the key.
    function _drawCap(address signer, address token, uint256 amount) internal {
        if (token == ETHER) _sessions[signer] -= ((amount + 1 gwei - 1) / 1 gwei) << 200;
        else _tokenCaps[signer][token] -= amount;
    }

    function _ownerIn(uint256 session) internal pure returns (address) {
        return address(uint160(session));
    }

    function _expiryIn(uint256 session) internal pure returns (uint256) {
        return uint40(session >> 160);
    }

    function _ownerOf(address signer) internal view returns (address) {
        return _ownerIn(_sessions[signer]);
    }

    /// @dev Signed by the provider, or by its operator of now.
    function _isAgreed(address provider, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        return
            _isSignedBy(provider, digest, signature) || _isSignedBy(_operatorOf(provider), digest, signature);
    }

    /// @dev An account with code may sign by its key too: under EIP-7702 it is the same account.
    function _isSignedBy(address account, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (account == address(0)) return false;
        return ECDSA.tryRecoverCalldata(digest, signature) == account
            || SignatureCheckerLib.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    function _register(
        address owner,
        address token,
        address signer,
        uint128 cap,
        uint40 expiry,
        bytes calldata consent
    ) private returns (uint256 session) {
        require(signer != address(0), InvalidConsent(owner, signer));
        bytes32 digest = _sessionDigest(owner, signer, cap, expiry);
        require(ECDSA.tryRecoverCalldata(digest, consent) == signer, InvalidConsent(owner, signer));

        session = (uint256(expiry) << 160) | uint160(owner);
        if (token == ETHER) {
            session |= _gweiOf(cap) << 200;
            cap = uint128((session >> 200) * 1 gwei);
        } else {
            _tokenCaps[signer][token] = cap;
            emit CapSet(signer, token, cap);
            cap = 0;
        }

        _sessions[signer] = session;
        emit SessionKeyRegistered(owner, signer, cap, expiry);
    }

    function _sessionDigest(address owner, address signer, uint128 cap, uint40 expiry)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedData(
            EfficientHashLib.hash(
                uint256(SESSION_TYPEHASH), uint160(owner), uint160(signer), uint256(cap), uint256(expiry)
            )
        );
    }

    function _gweiOf(uint128 cap) internal pure returns (uint256 gweis) {
        gweis = cap / 1 gwei;
        if (gweis > type(uint56).max) gweis = type(uint56).max;
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Jeju InferenceServing", "1");
    }
}
