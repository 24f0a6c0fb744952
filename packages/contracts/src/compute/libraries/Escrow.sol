// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {SshKey} from "./SshKey.sol";

/// @notice A rental as it is stored, and what of its deposit is whose.
library Escrow {
    /// @dev Two slots, then the key. `since` is when the session was made, then when it was activated. `ranSeconds` is set at
    /// the end. `paidSeconds` is what the provider has collected the pay of.
    struct Rental {
        address renter;
        uint40 previousOfRenter;
        uint40 previousOfProvider;
        SshKey.Form keyForm;
        uint80 pricePerHour;
        uint32 providerId;
        uint40 since;
        uint24 durationHours;
        uint32 ranSeconds;
        uint32 paidSeconds;
        IComputeRental.Status status;
        bool endedByProvider;
        bytes32 keyBody;
        bytes32 keyComment;
        bytes32 accessHash;
    }

    uint256 private constant MINIMUM_PAID_TIME = 10 minutes;
    uint256 private constant MATURING_TIME = 1 hours;

    /// @notice Ends the rental now, or at its end if that is past.
    function close(Rental storage rental, IComputeRental.Status newStatus, bool byProvider) internal {
        // Fits 32 bits as long as nobody rents for 136 years.
        rental.ranSeconds = uint32(_elapsed(rental));
        rental.status = newStatus;
        rental.endedByProvider = byProvider;
    }

    /// @notice Takes what has matured and is not collected. `isLast` says, once, that the rental will never pay again.
    function takeMatured(Rental storage rental) internal returns (uint256 amount, bool isLast) {
        uint256 paidSeconds = rental.paidSeconds;
        uint256 earned = earnedSeconds(rental);
        uint256 matured = _maturedSeconds(rental, earned);
        if (matured == paidSeconds) return (0, false);

        amount = payOf(rental, matured) - payOf(rental, paidSeconds);
        isLast = matured == earned && currentStatus(rental) == IComputeRental.Status.Ended;

        if (isLast && rental.status == IComputeRental.Status.Running) {
            close(rental, IComputeRental.Status.Ended, false);
        }
        rental.paidSeconds = uint32(matured);
    }

    /// @notice As stored, but for a rental that ran until its end and that nobody closed yet.
    function currentStatus(Rental storage rental) internal view returns (IComputeRental.Status) {
        IComputeRental.Status stored = rental.status;
        bool isOver = stored == IComputeRental.Status.Running && _elapsed(rental) == _fullTime(rental);
        return isOver ? IComputeRental.Status.Ended : stored;
    }

    /// @notice When the rental ends or ended.
    function endTime(Rental storage rental) internal view returns (uint256) {
        return rental.since + (_isOpen(rental) ? _fullTime(rental) : rental.ranSeconds);
    }

    function deposit(Rental storage rental) internal view returns (uint256) {
        return uint256(rental.pricePerHour) * rental.durationHours;
    }

    /// @notice Pay of the rental's first `time` seconds, rounded down. Payments are differences of this, so that they add up.
    function payOf(Rental storage rental, uint256 time) internal view returns (uint256) {
        return rental.pricePerHour * time / 1 hours;
    }

    /// @notice The seconds that the provider has earned so far.
    function earnedSeconds(Rental storage rental) internal view returns (uint256) {
        IComputeRental.Status stored = rental.status;
        if (stored == IComputeRental.Status.Running) return _elapsed(rental);
        if (stored != IComputeRental.Status.Ended) return 0;
        uint256 ran = rental.ranSeconds;
        if (rental.endedByProvider) return ran > MATURING_TIME ? ran - MATURING_TIME : 0;
        return ran < MINIMUM_PAID_TIME ? MINIMUM_PAID_TIME : ran;
    }

    /// @notice What is earned and not collected: payable now, and later.
    function owed(Rental storage rental) internal view returns (uint256 matured, uint256 unmatured) {
        uint256 earned = earnedSeconds(rental);
        uint256 untilNow = payOf(rental, _maturedSeconds(rental, earned));
        matured = untilNow - payOf(rental, rental.paidSeconds);
        unmatured = payOf(rental, earned) - untilNow;
    }

    function _maturedSeconds(Rental storage rental, uint256 earned) private view returns (uint256) {
        uint256 age = block.timestamp - rental.since;
        uint256 matured = age > MATURING_TIME ? age - MATURING_TIME : 0;
        return matured < earned ? matured : earned;
    }

    /// @dev Seconds since the rental began, at most until its end.
    function _elapsed(Rental storage rental) private view returns (uint256) {
        uint256 age = block.timestamp - rental.since;
        uint256 full = _fullTime(rental);
        return age < full ? age : full;
    }

    function _fullTime(Rental storage rental) private view returns (uint256) {
        return uint256(rental.durationHours) * 1 hours;
    }

    function _isOpen(Rental storage rental) private view returns (bool) {
        return
            rental.status == IComputeRental.Status.Pending || rental.status == IComputeRental.Status.Running;
    }
}
