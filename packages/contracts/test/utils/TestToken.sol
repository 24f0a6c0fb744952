// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ECDSA} from "solady/utils/ECDSA.sol";

/// @notice A token of 6 decimals with permits and EIP-3009, and the vices of others: fees, lists, pauses, hooks, lies.
contract TestToken is ERC20 {
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    uint256 public fee;
    uint256 public senderFee;
    bool public isPaused;
    bool public isSilent;
    bool public isApprovedOnce;
    bool public burnsGas;
    uint256 public answerLength;
    mapping(address => bool) public isBlocked;
    mapping(address => mapping(bytes32 => bool)) public authorizationState;

    address private _hookOf;
    address private _target;
    bytes private _data;
    bool public hookSucceeded;

    function name() public pure override returns (string memory) {
        return "Test Dollar";
    }

    function symbol() public pure override returns (string memory) {
        return "TUSD";
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @dev As a token that rebases, or a thief of its keys.
    function drain(address account, uint256 amount) external {
        _burn(account, amount);
    }

    function setFees(uint256 fee_, uint256 senderFee_) external {
        (fee, senderFee) = (fee_, senderFee_);
    }

    function setPaused(bool isPaused_) external {
        isPaused = isPaused_;
    }

    /// @dev Says false instead of reverting.
    function setSilent(bool isSilent_) external {
        isSilent = isSilent_;
    }

    function setBurnsGas(bool burnsGas_) external {
        burnsGas = burnsGas_;
    }

    /// @dev A transfer fails with so many bytes of reason.
    function setAnswerLength(uint256 answerLength_) external {
        answerLength = answerLength_;
    }

    function setBlocked(address account, bool isBlocked_) external {
        isBlocked[account] = isBlocked_;
    }

    /// @dev Calls `target` whenever tokens move to `account`.
    function setHook(address account, address target, bytes calldata data) external {
        (_hookOf, _target, _data) = (account, target, data);
    }

    /// @dev An allowance is changed from and to zero only.
    function setApproveOnce(bool isApprovedOnce_) external {
        isApprovedOnce = isApprovedOnce_;
    }

    function approve(address spender, uint256 amount) public override returns (bool) {
        require(!isApprovedOnce || amount == 0 || allowance(msg.sender, spender) == 0, "approve 0 first");
        return super.approve(spender, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        while (burnsGas) {}
        uint256 length = answerLength;
        if (length != 0) {
            assembly ("memory-safe") {
                revert(0, length)
            }
        }
        if (isSilent && (isPaused || isBlocked[to])) return false;
        bool done = super.transfer(to, amount);
        _after(msg.sender, to);
        return done;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        while (burnsGas) {}
        bool done = super.transferFrom(from, to, amount);
        _after(from, to);
        return done;
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external virtual {
        require(to == msg.sender, "caller must be the payee");
        require(block.timestamp > validAfter && block.timestamp < validBefore, "not valid now");
        require(!authorizationState[from][nonce], "used");
        bytes32 digest = authorizationDigest(from, to, value, validAfter, validBefore, nonce);
        require(ECDSA.recover(digest, v, r, s) == from, "invalid signature");
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
        _after(from, to);
    }

    function authorizationDigest(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) public view returns (bytes32) {
        bytes32 hash = keccak256(
            abi.encode(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        return keccak256(abi.encodePacked("\x19\x01", DOMAIN_SEPARATOR(), hash));
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal view override {
        require(from == address(0) || (!isPaused && !isBlocked[to] && !isBlocked[from]), "blocked");
    }

    function _after(address from, address to) private {
        if (fee != 0) _burn(to, fee);
        if (senderFee != 0) _burn(from, senderFee);
        if (to == _hookOf && _target != address(0)) (hookSucceeded,) = _target.call(_data);
    }
}
