"""What formulas can call, and templates use as filters: one table, filled area by area."""

from shared.formulas.functions import choices as choices
from shared.formulas.functions import dates as dates
from shared.formulas.functions import lists as lists
from shared.formulas.functions import numbers as numbers
from shared.formulas.functions import texts as texts
from shared.formulas.functions.choices import empty
from shared.formulas.functions.table import FUNCTIONS, Function, Parameter

__all__ = ["FUNCTIONS", "Function", "Parameter", "empty"]
