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
        uint256 terms;
        bytes32 keyBody;
        bytes32 keyComment;
        bytes32 accessHash;
    }

    /// @dev One slot, read and written whole: `pricePerHour 80 | providerId 32 | since 40 | durationHours 24 | ranSeconds 32 |
    /// paidSeconds 32 | status 8 | marks 8`, from the lowest bit. `since` is when the rental was made, then when it was activated.
    /// `ranSeconds` is set at the end. `paidSeconds` is what the provider was paid for.
    struct Terms {
        uint256 pricePerHour;
        uint256 providerId;
        uint256 since;
        uint256 durationHours;
        uint256 ranSeconds;
        uint256 paidSeconds;
        IComputeRental.Status status;
        uint256 marks;
    }

    /// @dev The provider ended the rental.
    uint256 internal constant ENDED_BY_PROVIDER = 1;
    /// @dev The rental is paid in a token, which its order names.
    uint256 internal constant IN_TOKEN = 2;
    /// @dev The rental was disputed: the guardians have what was not paid until then.
    uint256 internal constant DISPUTED = 4;

    uint256 private constant MINIMUM_PAID_TIME = 10 minutes;
    uint256 private constant MATURING_TIME = 1 hours;

    /// @notice The rental's terms, in one read.
    function read(Rental storage rental) internal view returns (Terms memory terms) {
        uint256 word = rental.terms;
        terms.pricePerHour = uint80(word);
        terms.providerId = uint32(word >> 80);
        terms.since = uint40(word >> 112);
        terms.durationHours = uint24(word >> 152);
        terms.ranSeconds = uint32(word >> 176);
        terms.paidSeconds = uint32(word >> 208);
        terms.status = IComputeRental.Status(uint8(word >> 240));
        terms.marks = uint8(word >> 248);
    }

    /// @notice Replaces the rental's terms, in one write.
    function write(Rental storage rental, Terms memory terms) internal {
        uint256 word = terms.pricePerHour;
        word |= terms.providerId << 80;
        word |= terms.since << 112;
        word |= terms.durationHours << 152;
        word |= terms.ranSeconds << 176;
        word |= terms.paidSeconds << 208;
        word |= uint256(terms.status) << 240;
        rental.terms = word | (terms.marks << 248);
    }

    /// @notice Writes a new rental's two slots, in one write each. Prices fit 80 bits, providers' ids 32 and hours 24.
    function open(
        Rental storage rental,
        uint256 providerId,
        uint256 pricePerHour,
        uint256 hours_,
        uint256 marks
    ) internal {
        uint256 word =
            pricePerHour | (providerId << 80) | (block.timestamp << 112) | (hours_ << 152);
        rental.terms = word | (uint256(IComputeRental.Status.Pending) << 240) | (marks << 248);
    }

    /// @notice Writes whose a new rental is, in one write. Ids of rentals fit 40 bits: making so many takes too much gas.
    function list(
        Rental storage rental,
        address renter,
        uint256 previousOfRenter,
        uint256 previousOfProvider,
        SshKey.Form keyForm
    ) internal {
        uint256 word = uint256(uint160(renter)) | (previousOfRenter << 160) | (previousOfProvider << 200);
        word |= uint256(keyForm) << 240;
        assembly ("memory-safe") {
            sstore(rental.slot, word)
        }
    }

    /// @notice Ends the rental now, or at its end if that is past. Changes `terms`, which the caller then writes.
    function close(Terms memory terms, IComputeRental.Status newStatus, bool byProvider) internal view {
        // Fits 32 bits as long as nobody rents for 136 years.
        terms.ranSeconds = _elapsed(terms);
        terms.status = newStatus;
        if (byProvider) terms.marks |= ENDED_BY_PROVIDER;
    }

    /// @notice Takes what has matured and is not paid. Changes `terms`, which the caller writes if `amount` or `isLast` says so.
    /// `isLast` says, once, that the rental will never pay again.
    function takeMatured(Terms memory terms) internal view returns (uint256 amount, bool isLast) {
        uint256 earned = earnedSeconds(terms);
        uint256 matured = _maturedSeconds(terms, earned);
        uint256 paid = terms.paidSeconds;
        if (matured == paid) return (0, false);

        amount = payOf(terms, matured) - payOf(terms, paid);
        isLast = matured == earned && currentStatus(terms) == IComputeRental.Status.Ended;
        if (isLast && terms.status == IComputeRental.Status.Running) {
            close(terms, IComputeRental.Status.Ended, false);
        }
        terms.paidSeconds = matured;
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
        return terms.pricePerHour * terms.durationHours;
    }

    /// @notice Pay of the rental's first `time` seconds, rounded down. Payments are differences of this, so that they add up.
    function payOf(Terms memory terms, uint256 time) internal pure returns (uint256) {
        // 80 bits times at most 37, divided by what is not zero.
        unchecked {
            return terms.pricePerHour * time / 1 hours;
        }
    }

    /// @notice The seconds that the provider has earned so far. Of a disputed rental, those that were paid.
    function earnedSeconds(Terms memory terms) internal view returns (uint256) {
        IComputeRental.Status stored = terms.status;
        if (stored == IComputeRental.Status.Running) return _elapsed(terms);
        if (stored != IComputeRental.Status.Ended) return 0;
        if (terms.marks & DISPUTED != 0) return terms.paidSeconds;
        uint256 ran = terms.ranSeconds;
        if (terms.marks & ENDED_BY_PROVIDER != 0) return ran > MATURING_TIME ? ran - MATURING_TIME : 0;
        return ran < MINIMUM_PAID_TIME ? MINIMUM_PAID_TIME : ran;
    }

    /// @notice What is earned and not paid: payable now, and later.
    function owed(Terms memory terms) internal view returns (uint256 matured, uint256 unmatured) {
        uint256 earned = earnedSeconds(terms);
        uint256 untilNow = payOf(terms, _maturedSeconds(terms, earned));
        matured = untilNow - payOf(terms, terms.paidSeconds);
        unmatured = payOf(terms, earned) - untilNow;
    }

    function _maturedSeconds(Terms memory terms, uint256 earned) private view returns (uint256) {
        uint256 age = block.timestamp - terms.since;
        // Of a disputed rental all that is earned is paid, whatever its age.
        if (terms.marks & DISPUTED != 0) return earned;
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
        return terms.durationHours * 1 hours;
    }

    function _isOpen(Terms memory terms) private pure returns (bool) {
        return terms.status == IComputeRental.Status.Pending || terms.status == IComputeRental.Status.Running;
    }
}
