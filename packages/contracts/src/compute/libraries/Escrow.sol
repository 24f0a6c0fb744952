// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComputeRental} from "../interfaces/IComputeRental.sol";
import {SshKey} from "./SshKey.sol";

/// @notice A rental as it is stored, and what of its deposit is whose.
library Escrow {
    /// @dev Two slots, then the key.
    struct Rental {
        address renter;
        uint40 previousOfRenter;
        uint40 previousOfProvider;
        SshKey.Form keyForm;
        Terms terms;
        bytes32 keyBody;
        bytes32 keyComment;
        bytes32 accessHash;
    }

    /// @dev One slot. `since` is when the rental was made, then when it was activated. `ranSeconds` is set at the end.
    /// `paidSeconds` is what the provider has collected the pay of.
    struct Terms {
        uint80 pricePerHour;
        uint32 providerId;
        uint40 since;
        uint24 durationHours;
        uint32 ranSeconds;
        uint32 paidSeconds;
        IComputeRental.Status status;
        bool endedByProvider;
    }

    uint256 private constant MINIMUM_PAID_TIME = 10 minutes;
    uint256 private constant MATURING_TIME = 1 hours;

    /// @notice Ends the rental now, or at its end if that is past. Changes `terms`, the rental's own, likewise.
    function close(
        Rental storage rental,
        Terms memory terms,
        IComputeRental.Status newStatus,
        bool byProvider
    ) internal {
        // Fits 32 bits as long as nobody rents for 136 years.
        terms.ranSeconds = uint32(_elapsed(terms));
        terms.status = newStatus;
        terms.endedByProvider = byProvider;
        rental.terms = terms;
    }

    /// @notice Takes what has matured and is not collected. `terms` are the rental's own. `isLast` says, once, that the rental will never pay again.
    function takeMatured(Rental storage rental, Terms memory terms)
        internal
        returns (uint256 amount, bool isLast)
    {
        uint256 earned = earnedSeconds(terms);
        uint256 matured = _maturedSeconds(terms, earned);
        if (matured == terms.paidSeconds) return (0, false);

        amount = payOf(terms, matured) - payOf(terms, terms.paidSeconds);
        isLast = matured == earned && currentStatus(terms) == IComputeRental.Status.Ended;

        if (isLast && terms.status == IComputeRental.Status.Running) {
            close(rental, terms, IComputeRental.Status.Ended, false);
        }
        rental.terms.paidSeconds = uint32(matured);
    }

    /// @notice As stored, but for a rental that ran until its end and that nobody closed yet.
    function currentStatus(Terms memory terms) internal view returns (IComputeRental.Status) {
        IComputeRental.Status stored = terms.status;
        bool isOver = stored == IComputeRental.Status.Running && _elapsed(terms) == _fullTime(terms);
        return isOver ? IComputeRental.Status.Ended : stored;
    }

    /// @notice When the rental ends or ended.
    function endTime(Terms memory terms) internal pure returns (uint256) {
        return terms.since + (_isOpen(terms) ? _fullTime(terms) : terms.ranSeconds);
    }

    function deposit(Terms memory terms) internal pure returns (uint256) {
        return uint256(terms.pricePerHour) * terms.durationHours;
    }

    /// @notice Pay of the rental's first `time` seconds, rounded down. Payments are differences of this, so that they add up.
    function payOf(Terms memory terms, uint256 time) internal pure returns (uint256) {
        return terms.pricePerHour * time / 1 hours;
    }

    /// @notice The seconds that the provider has earned so far.
    function earnedSeconds(Terms memory terms) internal view returns (uint256) {
        IComputeRental.Status stored = terms.status;
        if (stored == IComputeRental.Status.Running) return _elapsed(terms);
        if (stored != IComputeRental.Status.Ended) return 0;
        uint256 ran = terms.ranSeconds;
        if (terms.endedByProvider) return ran > MATURING_TIME ? ran - MATURING_TIME : 0;
        return ran < MINIMUM_PAID_TIME ? MINIMUM_PAID_TIME : ran;
    }

    /// @notice What is earned and not collected: payable now, and later.
    function owed(Terms memory terms) internal view returns (uint256 matured, uint256 unmatured) {
        uint256 earned = earnedSeconds(terms);
        uint256 untilNow = payOf(terms, _maturedSeconds(terms, earned));
        matured = untilNow - payOf(terms, terms.paidSeconds);
        unmatured = payOf(terms, earned) - untilNow;
    }

    function _maturedSeconds(Terms memory terms, uint256 earned) private view returns (uint256) {
        uint256 age = block.timestamp - terms.since;
        uint256 matured = age > MATURING_TIME ? age - MATURING_TIME : 0;
        return matured < earned ? matured : earned;
    }

    /// @dev Seconds since the rental began, at most until its end.
    function _elapsed(Terms memory terms) private view returns (uint256) {
        uint256 age = block.timestamp - terms.since;
        uint256 full = _fullTime(terms);
        return age < full ? age : full;
    }

    function _fullTime(Terms memory terms) private pure returns (uint256) {
        return uint256(terms.durationHours) * 1 hours;
    }

    function _isOpen(Terms memory terms) private pure returns (bool) {
        return terms.status == IComputeRental.Status.Pending || terms.status == IComputeRental.Status.Running;
    }
}
