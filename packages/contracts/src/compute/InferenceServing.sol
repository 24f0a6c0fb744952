// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {Meters} from "./inference/Meters.sol";
import {Offers} from "./inference/Offers.sol";
import {IInferenceServing} from "./interfaces/IInferenceServing.sol";
import {Channels} from "./libraries/Channels.sol";
import {Vouchers} from "./libraries/Vouchers.sol";

/// @notice Channels, meters and prices of inference.
/// @dev Trusted: a session key with what its owner put into its channels; a provider with the meters opened for it; the
///      registry, fixed at deployment, with saying who a provider's operator is, which signs closes that the owner or the
///      session key must submit. Nobody else moves money, and no key can withdraw another's.
/// @dev Money is never stuck: it is in a free balance, which its account withdraws in one call, to any address; or in a
///      channel or meter, which the owner closes alone, within 24 hours and one hour. No loop stands between.
/// @dev The contract's ether is the sum of free balances, of `deposit - claimed` over channels, and over meters.
contract InferenceServing is EIP712, Meters {
    using Channels for bytes32;
    using Channels for uint256;

    bytes32 private constant SESSION_TYPEHASH =
        keccak256("Session(address owner,address signer,uint128 cap,uint40 expiry)");
    bytes32 private constant CLOSE_TYPEHASH =
        keccak256("Close(address provider,address signer,address token,uint128 tally,uint256 deadline)");
    uint256 private constant MAX_CLOSE_AHEAD = 10 minutes;

    /* STORAGE */

    /// @dev `cap in gwei 56 | expiry 40 | owner 160`.
    mapping(address signer => uint256) private _sessions;

    constructor(address registry) Offers(registry) {}

    /* CHANNELS */

    /// @inheritdoc IInferenceServing
    function openChannel(
        address provider,
        address token,
        uint256 amount,
        address signer,
        uint128 cap,
        uint40 expiry,
        bytes calldata consent
    ) external payable {
        uint256 session = _sessions[signer];
        if (session == 0) session = _register(signer, cap, expiry, consent);
        _fundChannel(provider, token, signer, amount, session);
    }

    /// @inheritdoc IInferenceServing
    function fundChannel(address provider, address token, address signer, uint256 amount) external payable {
        uint256 session = _sessions[signer];
        require(session != 0, UnknownSigner(signer));

        _fundChannel(provider, token, signer, amount, session);
    }

    /// @inheritdoc IInferenceServing
    function settle(address provider, address token, bytes calldata packed)
        external
        returns (uint256 credited)
    {
        credited = Vouchers.settle(_domainSeparator(), Channels.CHANNELS, provider, token, packed);

        // Channels of other tokens cannot be opened yet, so nothing was credited.
        if (credited == 0) {
            _requireEther(token);
            return 0;
        }
        _credit(provider, credited);
        emit Settled(provider, credited);
    }

    /// @inheritdoc IInferenceServing
    function closeChannel(
        address provider,
        address token,
        address signer,
        uint128 tally,
        uint256 deadline,
        bytes calldata providerSignature
    ) external {
        (bytes32 slot, uint256 word) = _openChannelOf(provider, token, signer);
        _requireParty(signer);
        _requireCurrent(tally, word);
        _requireAgreement(provider, token, signer, tally, deadline, providerSignature);

        uint256 claimed = uint256(tally).claimedOf();
        if (claimed > word.depositOf()) claimed = word.depositOf();
        uint256 paid = claimed - word.claimedOf();
        word = word.claim(paid, uint256(tally).tokensOf());

        _credit(provider, paid);
        _close(provider, token, signer, slot, word, paid);
    }

    /// @inheritdoc IInferenceServing
    function requestClose(address provider, address token, address signer) external {
        (bytes32 slot, uint256 word) = _openChannelOf(provider, token, signer);
        _requireParty(signer);
        require(word.closeAtOf() == 0, ChannelClosing(signer, provider, word.closeAtOf()));

        uint256 closeAt = block.timestamp + word.closeWindowOf() * 1 hours;

        slot.store(word.requestClose(closeAt));
        emit CloseRequested(signer, provider, token, closeAt);
    }

    /// @inheritdoc IInferenceServing
    function finalizeClose(address provider, address token, address signer) external {
        (bytes32 slot, uint256 word) = _openChannelOf(provider, token, signer);
        _requireCloseTime(word.closeAtOf(), signer, provider);

        _close(provider, token, signer, slot, word, 0);
    }

    /// @inheritdoc IInferenceServing
    function channelOf(address provider, address token, address signer)
        external
        view
        returns (Channel memory)
    {
        return Channels.slotOf(Channels.CHANNELS, provider, token, signer).load().unpack();
    }

    /// @inheritdoc IInferenceServing
    function sessionOf(address signer) external view returns (address owner, uint128 cap, uint40 expiry) {
        uint256 session = _sessions[signer];
        return (address(uint160(session)), uint128(session >> 200) * 1 gwei, uint40(session >> 160));
    }

    /// @inheritdoc IInferenceServing
    function voucherDigest(address provider, address token, uint128 tally) external view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(Vouchers.VOUCHER_TYPEHASH, provider, token, tally)));
    }

    /* LATER */

    /// @inheritdoc IInferenceServing
    function reserve(address, address, bytes calldata) external pure {
        revert NotYetSupported("reserve");
    }

    /* INTERNAL */

    function _register(address signer, uint128 cap, uint40 expiry, bytes calldata consent)
        private
        returns (uint256 session)
    {
        require(signer != address(0), InvalidConsent(msg.sender, signer));
        bytes32 digest =
            _hashTypedData(keccak256(abi.encode(SESSION_TYPEHASH, msg.sender, signer, cap, expiry)));
        bool consents = ECDSA.tryRecoverCalldata(digest, consent) == signer;
        require(consents, InvalidConsent(msg.sender, signer));

        uint256 capGwei = cap / 1 gwei;
        if (capGwei > type(uint56).max) capGwei = type(uint56).max;
        session = (capGwei << 200) | (uint256(expiry) << 160) | uint160(msg.sender);

        _sessions[signer] = session;
        emit SessionKeyRegistered(msg.sender, signer, uint128(capGwei * 1 gwei), expiry);
    }

    function _fundChannel(address provider, address token, address signer, uint256 amount, uint256 session)
        private
    {
        require(address(uint160(session)) == msg.sender, SignerTaken(signer, address(uint160(session))));
        uint256 expiry = uint40(session >> 160);
        require(block.timestamp < expiry, SessionExpired(signer, expiry));

        uint256 fromBalance = _fund(Channels.CHANNELS, provider, token, signer, amount);
        emit ChannelFunded(msg.sender, signer, provider, token, amount, fromBalance);
    }

    function _close(address provider, address token, address signer, bytes32 slot, uint256 word, uint256 paid)
        private
    {
        uint256 refund = word.leftOf();

        slot.store(word.close());
        _credit(_ownerOf(signer), refund);
        emit ChannelClosed(signer, provider, token, paid, refund);
    }

    function _openChannelOf(address provider, address token, address signer)
        private
        view
        returns (bytes32 slot, uint256 word)
    {
        slot = Channels.slotOf(Channels.CHANNELS, provider, token, signer);
        word = slot.load();
        require(word.closeWindowOf() != 0, ChannelNotOpen(signer, provider));
    }

    function _ownerOf(address signer) private view returns (address) {
        return address(uint160(_sessions[signer]));
    }

    function _requireParty(address signer) private view {
        bool party = msg.sender == signer || msg.sender == _ownerOf(signer);
        require(party, NotParty(signer, msg.sender));
    }

    function _requireCurrent(uint128 tally, uint256 word) private pure {
        uint256 signed = tally;
        bool current = signed.epochOf() == word.epochOf() && signed.claimedOf() >= word.claimedOf();
        require(current, StaleTally(tally, uint128(word)));
    }

    function _requireAgreement(
        address provider,
        address token,
        address signer,
        uint128 tally,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        bool timely =
            block.timestamp <= deadline && deadline <= block.timestamp + MAX_CLOSE_AHEAD;
        require(timely, InvalidDeadline(deadline, block.timestamp));
        bytes32 digest =
            _hashTypedData(keccak256(abi.encode(CLOSE_TYPEHASH, provider, signer, token, tally, deadline)));
        bool signed =
            _isSignedBy(provider, digest, signature) || _isSignedBy(_operatorOf(provider), digest, signature);
        require(signed, InvalidProviderSignature(provider));
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

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Jeju InferenceServing", "1");
    }
}
