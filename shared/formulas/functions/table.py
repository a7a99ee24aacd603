"""The functions of formulas, which are also the filters of templates.

Each stands in one table with its parameters, what it gives, words in two languages and an example
that the tests evaluate. A function whose first argument is null gives null, unless it says
``nulls``. What works on every item of a list is in ``lists``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.formulas import operations
from shared.formulas.errors import FormulaError
from shared.formulas.objects import View
from shared.formulas.values import (
    Value,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """``kind`` is ``number``, ``text``, ``date``, ``condition``, ``list`` or ``any``; ``each`` is
    a formula that is computed for every item of the list before it."""

    name: str
    kind: str
    optional: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is called, what it gives, and what it does."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    """A kind of value; ``first``: as the first argument; ``either``: as any of them; ``item``: as
    the list's items; ``each``: as what is computed for them."""
    run: Callable[..., Value]
    ru: str
    en: str
    example: str
    nulls: bool = False
    only_filter: bool = False
    """Templates have no operators; formulas do."""
    lazy: bool = False
    """In formulas only the argument that is needed is computed."""

    @property
    def over_items(self) -> bool:
        return len(self.parameters) > 1 and self.parameters[1].kind == "each"

    @property
    def signature(self) -> str:
        parts = [
            f"{item.name}…" if item.repeated else f"[{item.name}]" if item.optional else item.name
            for item in self.parameters
        ]
        return f"{self.name}({', '.join(parts)})"

    def takes(self, count: int) -> bool:
        needed = sum(not item.optional for item in self.parameters)
        endless = any(item.repeated for item in self.parameters)
        return needed <= count and (endless or count <= len(self.parameters))

    def parameter(self, index: int) -> Parameter:
        return self.parameters[min(index, len(self.parameters) - 1)]

    def call(self, view: View, arguments: list[Value]) -> Value:
        """Raises ``FormulaError`` for a value of the wrong kind."""
        view.spend(5)
        if arguments and arguments[0] is None and not self.nulls:
            return None
        checked = [
            _checked(value, self.parameter(index).kind, view)
            for index, value in enumerate(arguments)
        ]
        return self.run(view, *checked)


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, parameters: str, result: str, *, ru: str, en: str, example: str, **more: bool
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """``parameters``: ``x:number, digits:number?, more:any*``."""

    def register(run: Callable[..., Value]) -> Callable[..., Value]:
        taken = tuple(_parameter(said) for said in parameters.split(", ") if said)
        FUNCTIONS[name] = Function(name, taken, result, run, ru, en, example, **more)
        return run

    return register


def _parameter(said: str) -> Parameter:
    name, kind = said.split(":")
    return Parameter(name, kind.rstrip("?*"), kind.endswith(("?", "*")), kind.endswith("*"))


def _checked(value: Value, kind: str, view: View) -> Any:
    """An argument as its parameter wants it; a null argument stays null."""
    if value is None or kind in ("any", "condition", "each"):
        return value
    if kind == "text":
        said = text_of(operations.single(value), view.language)
        view.spend(len(said) // 100)
        return said
    if kind == "number" and not isinstance(value, Decimal):
        raise FormulaError("number_expected")
    if kind == "date" and not isinstance(value, datetime):
        raise FormulaError("date_expected")
    if kind == "list" and not isinstance(value, tuple):
        raise FormulaError("list_expected")
    return value
