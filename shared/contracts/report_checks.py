"""What services that keep sums for reports answer when asked to reckon them anew."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.base import View


class ReportDifference(View):
    """A sum that is not what its source rows come to."""

    report: str
    key: str
    kept: Decimal
    reckoned: Decimal


class ReportCheck(View):
    checked: int
    """Sums that were reckoned anew."""
    unfolded: int
    """Rows that the sums do not know yet; reports count them all the same."""
    differences: tuple[ReportDifference, ...]
    """At most a hundred."""
