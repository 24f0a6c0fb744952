// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ComputeSystem} from "../../script/ComputeSystem.sol";
import {ComputeRegistry} from "../../src/compute/ComputeRegistry.sol";
import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {LedgerManager} from "../../src/compute/LedgerManager.sol";
import {IInferenceAnnex} from "../../src/compute/interfaces/IInferenceAnnex.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";

/// @notice A provider with a model and an operator, a user with ether, and a session key.
abstract contract InferenceTest is Test {
    uint256 internal constant PURSE = 100 ether;
    uint128 internal constant CAP = 5 ether;
    address internal constant ETHER = address(0);
    string internal constant MODEL = "jeju-demo-36m";

    InferenceServing internal serving;
    /// @dev The same address, for the functions that the annex has.
    IInferenceAnnex internal annex;
    LedgerManager internal ledger;
    ComputeRegistry internal registry;
    uint40 internal expiry;
    /// @dev What channels are in: ether, unless a test says otherwise.
    address internal currency;

    address internal provider;
    uint256 internal providerKey;
    address internal operator;
    uint256 internal operatorKey;
    address internal user;
    address internal signer;
    uint256 internal signerKey;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        expiry = uint40(block.timestamp + 30 days);
        ComputeSystem.Deployment memory made = ComputeSystem.deploy(address(this));
        registry = ComputeRegistry(made.computeRegistry);
        serving = InferenceServing(payable(made.inferenceServing));
        annex = IInferenceAnnex(made.inferenceServing);
        ledger = LedgerManager(made.ledgerManager);
        (provider, providerKey) = makeAddrAndKey("provider");
        (operator, operatorKey) = makeAddrAndKey("operator");
        (signer, signerKey) = makeAddrAndKey("signer");
        user = makeAddr("user");
        vm.deal(user, PURSE);
        _offer(provider);
        vm.prank(provider);
        registry.setOperator(operator);
    }

    /* STEPS */

    function _offer(address account) internal {
        _register(account);
        vm.prank(account);
        serving.setModel(MODEL, 0.001 ether, 0.002 ether);
    }

    function _register(address account) internal {
        vm.deal(account, 0.1 ether);
        vm.prank(account);
        registry.register{value: 0.1 ether}("https://provider.example", "{}", 0.01 ether);
    }

    /// @dev The user opens, or funds, his channel with the provider by `amount` of new money.
    function _open(uint256 amount) internal {
        _openAs(user, signer, signerKey, provider, amount);
    }

    function _openAs(address owner, address key, uint256 secret, address to, uint256 amount) internal {
        bytes memory consent = _consent(secret, owner, key);
        uint256 value = currency == ETHER ? amount : 0;
        vm.prank(owner);
        serving.openChannel{value: value}(to, currency, amount, key, CAP, expiry, consent);
    }

    function _requestClose() internal {
        vm.prank(user);
        serving.requestClose(provider, currency, signer);
    }

    function _closeUnilaterally() internal {
        _requestClose();
        skip(1 hours);
        serving.finalizeClose(provider, currency, signer);
    }

    function _settle(bytes memory packed) internal returns (uint256) {
        return serving.settle(provider, currency, packed);
    }

    /* SIGNATURES */

    function _tally(uint8 epoch, uint256 amount, uint256 tokens) internal pure returns (uint128) {
        return (uint128(epoch) << 120) | (uint128(uint80(amount)) << 40) | uint40(tokens);
    }

    function _voucher(uint128 tally) internal view returns (bytes memory) {
        return _voucherFor(signerKey, provider, tally);
    }

    function _voucherFor(uint256 secret, address to, uint128 tally) internal view returns (bytes memory) {
        return abi.encodePacked(_compact(secret, _digest(_voucherHash(to, tally))), tally);
    }

    function _voucherHash(address to, uint128 tally) internal view returns (bytes32) {
        bytes32 typehash = keccak256("Voucher(address provider,address token,uint128 tally)");
        return keccak256(abi.encode(typehash, to, currency, tally));
    }

    function _consent(uint256 secret, address owner, address key) internal view returns (bytes memory) {
        bytes32 typehash = keccak256("Session(address owner,address signer,uint128 cap,uint40 expiry)");
        return _compact(secret, _digest(keccak256(abi.encode(typehash, owner, key, CAP, expiry))));
    }

    function _termsOf(address key, uint256 gweis, uint256 until) internal pure returns (uint256) {
        return (gweis << 200) | (until << 160) | uint160(key);
    }

    /// @dev As `openEtherChannel` takes them.
    function _terms() internal view returns (uint256) {
        return _termsOf(signer, CAP / 1 gwei, expiry);
    }

    function _closeSignature(uint256 secret, uint128 tally, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        return _sign(secret, _digest(_closeHash(tally, deadline)));
    }

    function _closeHash(uint128 tally, uint256 deadline) internal view returns (bytes32) {
        bytes32 typehash =
            keccak256("Close(address provider,address signer,address token,uint128 tally,uint256 deadline)");
        return keccak256(abi.encode(typehash, provider, signer, currency, tally, deadline));
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return _digestOf(address(serving), block.chainid, structHash);
    }

    function _digestOf(address verifyingContract, uint256 chainId, bytes32 structHash)
        internal
        pure
        returns (bytes32)
    {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Jeju InferenceServing"),
                keccak256("1"),
                chainId,
                verifyingContract
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", separator, structHash));
    }

    function _sign(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev EIP-2098.
    function _compact(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(secret, digest);
        return abi.encodePacked(r, vs);
    }

    /* WHAT IS THERE */

    function _channel() internal view returns (IInferenceRecords.Channel memory) {
        return serving.channelOf(provider, currency, signer);
    }
}
