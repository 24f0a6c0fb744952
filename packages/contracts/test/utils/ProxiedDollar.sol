// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A dollar that costs what USDC costs: behind a proxy, with a pause, and with its list of the blocked in the balances.
contract ProxiedDollar {
    bytes32 private constant CODE_SLOT = keccak256("org.zeppelinos.proxy.implementation");

    constructor() {
        address code = address(new DollarCode());
        bytes32 slot = CODE_SLOT;
        assembly {
            sstore(slot, code)
        }
    }

    fallback() external {
        bytes32 slot = CODE_SLOT;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(slot), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(done) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

contract DollarCode {
    event Transfer(address indexed from, address indexed to, uint256 value);

    uint256 private constant BLOCKED = 1 << 255;

    bool private _isPaused;
    /// @dev The highest bit: blocked.
    mapping(address account => uint256) private _balances;
    mapping(address account => mapping(address spender => uint256)) private _allowances;

    function mint(address to, uint256 amount) external {
        _balances[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        _allowances[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _transfer(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _allowances[from][msg.sender] -= amount;
        _transfer(from, to, amount);
        return true;
    }

    function balanceOf(address account) external view returns (uint256) {
        return _balances[account] & ~BLOCKED;
    }

    function _transfer(address from, address to, uint256 amount) private {
        require(!_isPaused, "paused");
        (uint256 balance, uint256 others) = (_balances[from], _balances[to]);
        require((balance | others) & BLOCKED == 0, "blocked");
        require(to != address(0) && amount <= balance, "exceeds");
        _balances[from] = balance - amount;
        _balances[to] = others + amount;
        emit Transfer(from, to, amount);
    }
}
