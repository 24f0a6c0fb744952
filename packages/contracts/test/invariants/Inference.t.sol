// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {InferenceServing} from "../../src/compute/InferenceServing.sol";
import {IInferenceRecords} from "../../src/compute/interfaces/IInferenceRecords.sol";
import {InferenceHandler} from "./InferenceHandler.sol";

contract InferenceInvariants is Test {
    address private constant ETHER = address(0);

    InferenceHandler private handler;
    InferenceServing private serving;

    function setUp() external {
        handler = new InferenceHandler();
        serving = handler.contractUnderTest();
        handler.open(0, 0, 0, 5 ether, 5 ether);
        handler.open(1, 1, 1, 5 ether, 6 ether);
        handler.openMeter(0, 1, 5 ether, 5 ether);
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](13);
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
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetSender(makeAddr("fuzzer"));
    }

    /// INF-5, INF-14, INF-20, in one campaign, so that each state is judged by all of them.
    function invariant_holdsWhatItOwes() external view {
        _assertHoldsWhatIsOwed();
        _assertPaysNoMoreThanWasSigned();
        _assertUsageIsTheSum();
    }

    /// INF-20: the contract holds the sum of free balances, of what is left in channels and of what is left on meters, to the wei.
    function _assertHoldsWhatIsOwed() private view {
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            owed += serving.getBalance(handler.users(i)) + serving.getBalance(handler.providers(i));
            for (uint256 j = 0; j < handler.COUNT(); ++j) {
                owed += _left(serving.channelOf(handler.providers(j), ETHER, handler.signers(i)));
                owed += _left(serving.meterOf(handler.users(i), handler.providers(j), ETHER));
            }
        }
        vm.assertEq(address(serving).balance, owed, "owed");
    }

    /// INF-5: no channel has paid more than its key ever signed.
    function _assertPaysNoMoreThanWasSigned() private view {
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            for (uint256 j = 0; j < handler.COUNT(); ++j) {
                (address signer, address provider) = (handler.signers(i), handler.providers(j));
                uint256 claimed = serving.channelOf(provider, ETHER, signer).claimed;
                vm.assertLe(claimed, handler.signed(signer, provider), "claimed");
            }
        }
    }

    /// INF-14: a user's usage is the sum over all keys that are his, and all his meters.
    function _assertUsageIsTheSum() private view {
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            address user = handler.users(i);
            uint256 spent = 0;
            for (uint256 j = 0; j < handler.COUNT(); ++j) {
                spent += serving.meterOf(user, handler.providers(j), ETHER).claimed;
                (address owner,,) = serving.sessionOf(handler.signers(j));
                for (uint256 k = 0; k < handler.COUNT() && owner == user; ++k) {
                    spent += serving.channelOf(handler.providers(k), ETHER, handler.signers(j)).claimed;
                }
            }
            (, uint256 cost) = serving.getUsage(user);
            vm.assertEq(cost, spent, "cost");
        }
    }

    /// INF-20: at the end of every run all users close what is open, and everybody withdraws everything.
    function afterInvariant() external {
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            _closeAll(handler.users(i));
        }
        for (uint256 i = 0; i < handler.COUNT(); ++i) {
            _withdrawAll(handler.users(i));
            _withdrawAll(handler.providers(i));
        }
        vm.assertEq(address(serving).balance, 0, "nothing is left");
    }

    function _closeAll(address user) private {
        (IInferenceRecords.ChannelEntry[] memory entries,) = serving.channelsOf(user, 0, type(uint256).max);
        for (uint256 i = 0; i < entries.length; ++i) {
            IInferenceRecords.ChannelEntry memory entry = entries[i];
            if (entry.channel.closeWindow == 0) continue;
            vm.startPrank(user);
            if (entry.metered) {
                if (entry.channel.closeAt == 0) serving.closeMeter(entry.provider, ETHER);
                skip(1 hours);
                serving.finalizeMeter(entry.provider, ETHER);
            } else {
                if (entry.channel.closeAt == 0) serving.requestClose(entry.provider, ETHER, entry.signer);
                skip(24 hours);
                serving.finalizeClose(entry.provider, ETHER, entry.signer);
            }
            vm.stopPrank();
        }
    }

    function _withdrawAll(address account) private {
        uint256 balance = serving.getBalance(account);
        if (balance == 0) return;
        vm.prank(account);
        serving.withdraw(balance);
    }

    function _left(IInferenceRecords.Channel memory channel) private pure returns (uint256) {
        return channel.deposit - channel.claimed;
    }
}
