"""Which of several values; and the operators, for templates, which have none of their own."""

from __future__ import annotations

from collections.abc import Callable

from shared.formulas import operations
from shared.formulas.functions.table import FUNCTIONS, Function, Parameter, function
from shared.formulas.objects import View
from shared.formulas.values import Value


@function(
    "when", "condition:condition, yes:any, no:any?", "either",
    ru="Одно значение, если условие верно, иначе другое; то же: a if условие else b",
    en="One value if the condition holds, else the other; the same: a if condition else b",
    example='when(Due > 0, "к оплате", "оплачено")', nulls=True, lazy=True,
)  # fmt: skip
def _when(_: View, condition: Value, yes: Value, no: Value = None) -> Value:
    return yes if operations.true(condition) else no


@function(
    "coalesce", "x:any, more:any*", "either",
    ru="Первое значение, которое не пусто", en="The first value that is not empty",
    example='coalesce(Driver.Name, Customer.Name)', nulls=True, lazy=True,
)  # fmt: skip
def _coalesce(_: View, x: Value, *more: Value) -> Value:
    return next((value for value in (x, *more) if not empty(value)), None)


def empty(value: Value) -> bool:
    return value is None or value == "" or value == ()


def _operator(name: str, run: Callable[..., Value], result: str, ru: str, en: str) -> None:
    taken = (Parameter("x", "any"), Parameter("y", "any"))
    example = f"{{{{ TotalMoney | {name}: 2 }}}}"
    FUNCTIONS[name] = Function(
        name, taken, result, run, ru, en, example, nulls=True, only_filter=True
    )


_operator(
    "plus", operations.add, "first", "Прибавить; к тексту — приписать", "Add; to a text, append"
)
_operator("minus", lambda _, x, y: operations.subtract(x, y), "first", "Вычесть", "Subtract")
_operator("times", lambda _, x, y: operations.multiply(x, y), "first", "Умножить", "Multiply")
_operator("divided_by", lambda _, x, y: operations.divide(x, y), "first", "Разделить", "Divide")
_operator("modulo", lambda _, x, y: operations.remainder(x, y), "first", "Остаток", "Remainder")
