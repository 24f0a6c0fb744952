// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {IInferenceAnnex} from "../../src/compute/interfaces/IInferenceAnnex.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {TestToken} from "../utils/TestToken.sol";
import {InferenceHandler} from "./InferenceHandler.sol";

contract InferenceInvariants is Test {
    address private constant ETHER = address(0);
    uint128 private constant CAP = 5 ether;

    InferenceHandler private handler;
    InferenceServing private serving;

    function setUp() external {
        handler = new InferenceHandler();
        serving = handler.contractUnderTest();
        for (uint256 i = 0; i < handler.COINS(); ++i) {
            handler.deposit(0, i, 20 ether);
            handler.open(0, i, 0, 0, 5 ether, 5 ether);
            handler.open(1, i, 1, 1, 5 ether, 6 ether);
            handler.openMeter(0, i, 1, 5 ether, 5 ether);
        }
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](16);
        actions[0] = handler.deposit.selector;
        actions[1] = handler.withdraw.selector;
        actions[2] = handler.open.selector;
        actions[3] = handler.settle.selector;
        actions[4] = handler.requestClose.selector;
        actions[5] = handler.finalizeClose.selector;
        actions[6] = handler.closeChannel.selector;
        actions[7] = handler.openMeter.selector;
        actions[8] = handler.recordUsage.selector;
        actions[9] = handler.closeMeter.selector;
        actions[10] = handler.finalizeMeter.selector;
        actions[11] = handler.setModel.selector;
        actions[12] = handler.wait.selector;
        actions[13] = handler.reserve.selector;
        actions[14] = handler.topUp.selector;
        actions[15] = handler.misbehave.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetSender(makeAddr("fuzzer"));
    }

    /// INF-1, INF-5, INF-14, INF-20, INF-21, in one campaign, so that each state is judged by all of them.
    function invariant_holdsWhatItOwes() external view {
        _assertHoldsWhatIsOwed();
        _assertPaysNoMoreThanWasSigned();
        _assertUsageIsTheSum();
    }

    /// INF-1, INF-20: of each currency the contract holds the sum of free balances, of what is left in channels and of what is left
    ///        on meters, to the wei.
    function _assertHoldsWhatIsOwed() private view {
        for (uint256 c = 0; c < handler.COINS(); ++c) {
            address coin = handler.coins(c);
            uint256 owed = 0;
            for (uint256 i = 0; i < handler.COUNT(); ++i) {
                owed += handler.balanceOf(handler.users(i), coin);
                owed += handler.balanceOf(handler.providers(i), coin);
                for (uint256 j = 0; j < handler.COUNT(); ++j) {
                    owed += _left(serving.channelOf(handler.providers(j), coin, handler.signers(i)));
                    owed += _left(serving.meterOf(handler.users(i), handler.providers(j), coin));
                }
            }
            vm.assertEq(_held(coin), owed, "owed");
        }
    }

    /// INF-5, INF-21: no channel has paid more than its key ever signed, and no key reserved more than its cap.
    function _assertPaysNoMoreThanWasSigned() private view {
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            for (uint256 c = 0; c < handler.COINS(); ++c) {
                (address coin, address signer) = (handler.coins(c), handler.signers(i));
                vm.assertLe(handler.reserved(coin, signer), CAP, "reserved");
                for (uint256 j = 0; j < handler.COUNT(); ++j) {
                    address provider = handler.providers(j);
                    uint256 claimed = serving.channelOf(provider, coin, signer).claimed;
                    vm.assertLe(claimed, handler.signed(coin, signer, provider), "claimed");
                }
            }
        }
    }

    /// INF-14: a user's usage is the sum over all keys that are his, and all his meters, by currency.
    function _assertUsageIsTheSum() private view {
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            for (uint256 c = 0; c < handler.COINS(); ++c) {
                (address user, address coin) = (handler.users(i), handler.coins(c));
                (, uint256 cost) = serving.getTokenUsage(user, coin);
                vm.assertEq(cost, _spent(user, coin), "cost");
            }
        }
    }

    /// INF-20: at the end of every run all users close what is open, and everybody withdraws everything.
    function afterInvariant() external {
        handler.behave();
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            _closeAll(handler.users(i));
        }
        for (uint256 c = 0; c < handler.COINS(); ++c) {
            for (uint256 i = 0; i < handler.COUNT(); ++i) {
                _withdrawAll(handler.users(i), handler.coins(c));
                _withdrawAll(handler.providers(i), handler.coins(c));
            }
            vm.assertEq(_held(handler.coins(c)), 0, "nothing is left");
        }
    }

    function _spent(address user, address coin) private view returns (uint256 spent) {
        for (uint256 j = 0; j < handler.COUNT(); ++j) {
            spent += serving.meterOf(user, handler.providers(j), coin).claimed;
            (address owner,,) = serving.sessionOf(handler.signers(j));
            for (uint256 k = 0; k < handler.COUNT() && owner == user; ++k) {
                spent += serving.channelOf(handler.providers(k), coin, handler.signers(j)).claimed;
            }
        }
    }

    function _closeAll(address user) private {
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, type(uint256).max);
        for (uint256 i = 0; i < entries.length; ++i) {
            IInferenceRecords.ChannelEntry memory entry = entries[i];
            if (entry.channel.closeWindow == 0) continue;
            vm.startPrank(user);
            if (entry.metered) {
                if (entry.channel.closeAt == 0) serving.closeMeter(entry.provider, entry.token);
                skip(1 hours);
                serving.finalizeMeter(entry.provider, entry.token);
            } else {
                if (entry.channel.closeAt == 0) {
                    serving.requestClose(entry.provider, entry.token, entry.signer);
                }
                skip(24 hours);
                serving.finalizeClose(entry.provider, entry.token, entry.signer);
            }
            vm.stopPrank();
        }
    }

    function _withdrawAll(address account, address coin) private {
        uint256 balance = handler.balanceOf(account, coin);
        if (balance == 0) return;
        vm.prank(account);
        if (coin == ETHER) serving.withdraw(balance);
        else IInferenceAnnex(address(serving)).withdrawToken(coin, balance);
    }

    function _held(address coin) private view returns (uint256) {
        return coin == ETHER ? address(serving).balance : TestToken(coin).balanceOf(address(serving));
    }

    function _left(IInferenceRecords.Channel memory channel) private pure returns (uint256) {
        return channel.deposit - channel.claimed;
    }
}
