"""What formulas can call, and templates use as filters: one table, filled area by area."""

from shared.formulas.functions import choices, dates, lists, numbers, texts
from shared.formulas.functions.choices import empty
from shared.formulas.functions.table import FUNCTIONS, Function, Parameter

AREAS = (numbers, dates, texts, lists, choices)
"""In the order in which the reference shows them."""

__all__ = ["AREAS", "FUNCTIONS", "Function", "Parameter", "empty"]
