"""What goods are sold for, by what they cost: the markup matrix. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from services.inventory.domain.catalogue import name_key
from services.inventory.domain.costing import kopecks
from shared.contracts.base import MAX_MONEY
from shared.contracts.inventory import MarkupRule
from shared.refusals import Refused
from shared.rounding import round_to_step

type Scope = tuple[str, str]
"""Keys of a group and a vendor; empty: of any."""


class Matrix:
    """Checked rules, by the products that they are for."""

    def __init__(self, rules: Iterable[MarkupRule]) -> None:
        self._bands: defaultdict[Scope, list[MarkupRule]] = defaultdict(list)
        for rule in rules:
            self._bands[_key(rule.group), _key(rule.vendor)].append(rule)

    def check(self) -> None:
        """Refused: ``markup_ambiguous``, ``markup_overlap``, ``markup_gap``."""
        for bands in self._bands.values():
            _check(sorted(bands, key=lambda rule: rule.cost_from))

    def price(self, cost: Decimal, group: str | None, vendor: str | None) -> Decimal | None:
        """For goods of one group and vendor that cost so much; ``None``: no rule is for them."""
        for scope in (
            (_key(group), _key(vendor)),
            (_key(group), ""),
            ("", _key(vendor)),
            ("", ""),
        ):
            for rule in self._bands.get(scope, ()):
                if rule.cost_from <= cost and (rule.cost_to is None or cost < rule.cost_to):
                    return _marked_up(cost, rule)
        return None


def _key(name: str | None) -> str:
    return name_key(name) if name else ""


def _marked_up(cost: Decimal, rule: MarkupRule) -> Decimal:
    """Rounding never makes goods cheaper than they were bought, nor dearer than money can be."""
    added = cost * rule.percent / 100 if rule.percent is not None else rule.fixed or Decimal(0)
    price = round_to_step(cost + added, rule.step, rule.mode)
    if price < cost:
        price = round_to_step(cost, rule.step, "up")
    return min(price, MAX_MONEY)


def _check(bands: Sequence[MarkupRule]) -> None:
    """Each band begins where the one before it ends, the first at zero; the last has no end."""
    end: Decimal | None = Decimal(0)
    for rule in bands:
        if (rule.percent is None) == (rule.fixed is None):
            raise _wrong("markup_ambiguous", rule, rule.cost_from)
        if end is not None and rule.cost_from > end:
            raise _wrong("markup_gap", rule, end)
        is_empty = rule.cost_to is not None and rule.cost_to <= rule.cost_from
        if end is None or rule.cost_from < end or is_empty:
            raise _wrong("markup_overlap", rule, rule.cost_from)
        end = rule.cost_to
    if end is not None:
        raise _wrong("markup_gap", bands[-1], end)


def _wrong(code: str, rule: MarkupRule, at: Decimal) -> Refused:
    return Refused(code, group=rule.group or "*", vendor=rule.vendor or "*", cost=kopecks(at))
