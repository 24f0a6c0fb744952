// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";

import {FreeBalance} from "./inference/FreeBalance.sol";
import {InferenceAnnex} from "./inference/InferenceAnnex.sol";
import {Offers} from "./inference/Offers.sol";
import {Refills} from "./inference/Refills.sol";
import {IInferenceServing} from "./interfaces/IInferenceServing.sol";
import {ILedgerManager} from "./interfaces/ILedgerManager.sol";
import {Channels} from "./libraries/Channels.sol";
import {Vouchers} from "./libraries/Vouchers.sol";

/// @notice Channels, meters and prices of inference.
/// @dev Trusted: a session key with what its owner put into its channels and, up to its cap, with his free balance; a provider
///      with the meters opened for it; the registry, fixed at deployment, with saying who a provider is and who its operator,
///      which signs closes that the owner or the session key must submit; the ledger, likewise, with paying what it says it
///      draws; a token with its own money, and with nothing else. Nobody else moves money, and no key withdraws another's.
/// @dev Money is never stuck: it is in a free balance, which its account withdraws in one call, to any address; or in a
///      channel or meter, which the owner closes alone, within 24 hours and one hour. No loop stands between, and no close
///      calls a token.
/// @dev In ether and in each token the contract holds the sum of free balances, of `deposit - claimed` over channels, and over
///      meters.
contract InferenceServing is Refills {
    using Channels for bytes32;
    using Channels for uint256;

    bytes32 private constant CLOSE_TYPEHASH =
        keccak256("Close(address provider,address signer,address token,uint128 tally,uint256 deadline)");
    uint256 private constant MAX_CLOSE_AHEAD = 10 minutes;

    /// @notice Where the functions of `IInferenceAnnex` are: code of this contract, and never other code.
    address public immutable ANNEX;

    constructor(address registry, ILedgerManager ledger) FreeBalance(ledger) Offers(registry) {
        ANNEX = address(new InferenceAnnex(registry, ledger));
    }

    /// @dev Only what is drawn from the ledger comes in here; it is counted where it is drawn.
    receive() external payable {
        require(msg.sender == address(LEDGER) && _isEntered(), EtherUnasked(msg.sender));
    }

    /// @dev Functions of `IInferenceAnnex`; others are none of its either, and revert.
    fallback() external payable {
        address annex = ANNEX;
        // Ends the call, so memory is free to be written over. The annex was created here and is no caller's choice.
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), annex, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

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
        _sessionFor(msg.sender, token, signer, cap, expiry, consent);
        _fundChannel(provider, token, signer, amount);
    }

    /// @inheritdoc IInferenceServing
    function openEtherChannel(address provider, uint256 terms, bytes32 r, bytes32 vs) external payable {
        address signer = address(uint160(terms));
        uint256 session = _sessions[signer];
        if (session != 0) {
            _requireFundable(msg.sender, signer, session);
            return _fundChannel(provider, ETHER, signer, msg.value);
        }

        uint40 expiry = uint40(terms >> 160);
        uint128 cap;
        // No overflow: 56 bits times 30.
        unchecked {
            cap = uint128(terms >> 200) * 1 gwei;
        }
        require(block.timestamp < expiry, SessionExpired(signer, expiry));
        bytes32 digest = _sessionDigest(msg.sender, signer, cap, expiry);
        bool isAgreed = signer != address(0) && ECDSA.tryRecover(digest, r, vs) == signer;
        require(isAgreed, InvalidConsent(msg.sender, signer));

        _sessions[signer] = (terms >> 160 << 160) | uint160(msg.sender);
        _fundFirst(msg.sender, provider, ETHER, signer, msg.value);
        emit ChannelOpened(msg.sender, signer, provider, msg.value, cap, expiry);
    }

    /// @inheritdoc IInferenceServing
    function fundChannel(address provider, address token, address signer, uint256 amount) external payable {
        _requireFundable(msg.sender, signer, _sessions[signer]);
        _fundChannel(provider, token, signer, amount);
    }

    /// @inheritdoc IInferenceServing
    function settle(address provider, address token, bytes calldata packed)
        external
        returns (uint256 credited)
    {
        credited = Vouchers.settle(_domainSeparator(), Channels.CHANNELS, provider, token, packed);

        if (credited == 0) return 0;
        if (token == ETHER) {
            _creditEther(provider, credited);
            emit Settled(provider, credited);
        } else {
            _credit(token, provider, credited);
            emit TokenSettled(provider, token, credited);
        }
    }

    /// @inheritdoc IInferenceServing
    function settleAndWithdraw(address token, bytes calldata packed, address to)
        external
        nonReentrant
        returns (uint256 paid)
    {
        require(to != address(0), ZeroAddress());
        paid = Vouchers.settle(_domainSeparator(), Channels.CHANNELS, msg.sender, token, packed);

        if (paid == 0) return 0;
        emit PaidOut(msg.sender, token, to, paid);

        _send(token, to, paid);
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

        _credit(token, provider, paid);
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
        return (_ownerIn(session), uint128(session >> 200) * 1 gwei, uint40(session >> 160));
    }

    /// @inheritdoc IInferenceServing
    function voucherDigest(address provider, address token, uint128 tally) external view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(Vouchers.VOUCHER_TYPEHASH, provider, token, tally)));
    }

    /* INTERNAL */

    function _close(address provider, address token, address signer, bytes32 slot, uint256 word, uint256 paid)
        private
    {
        uint256 refund = word.leftOf();

        slot.store(word.close());
        _credit(token, _ownerOf(signer), refund);
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
        require(_isAgreed(provider, digest, signature), InvalidProviderSignature(provider));
    }
}
