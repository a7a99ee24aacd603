"""Formulas: text in, something that computes one value out. Safe against any text.

Python's own parser reads the text, and nothing of Python runs: of its syntax tree only what is
named in ``_Compiler`` is taken, every name is looked up in the object model before anything is
computed, and what is computed are the values of ``values`` alone. Names that do not exist, and
values of the wrong kind, are told at once, with their place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from shared.contracts.work_order import WorkOrder
from shared.formulas import operations
from shared.formulas.code import (
    ARITHMETIC,
    COMPARISONS,
    CONSTANTS,
    ITEM,
    ORDERINGS,
    Code,
    Frame,
    Run,
    Scope,
    always,
    arithmetic_type,
    attribute_of,
    chosen,
    either,
    field_of,
    item_of,
    list_of,
    may_compare,
    plain,
    read,
    result_type,
    run_over,
)
from shared.formulas.errors import FormulaError, nearest
from shared.formulas.functions import FUNCTIONS, Function
from shared.formulas.model import ORDER_MODEL
from shared.formulas.objects import Model, View
from shared.formulas.parsing import OPERATOR_SIGNS, Source, kind_words
from shared.formulas.values import (
    ANY,
    CONDITION,
    NULL,
    NUMBER,
    NUMERIC,
    TEXT,
    Type,
    Value,
    text_of,
    type_named,
)

MAX_LIST_ITEMS = 100
_NUMBER = re.compile(r"\d{1,19}(\.\d{1,20})?|\.\d{1,20}")


@dataclass(frozen=True, slots=True)
class Formula:
    """A text that has been understood. ``type`` is the kind of value that it gives."""

    text: str
    model: Model
    type: Type
    code: Code

    def evaluate(
        self,
        order: WorkOrder,
        *,
        viewer: str,
        at: datetime,
        language: str = "ru",
        extra: Mapping[str, object] = {},
    ) -> Decimal | str | bool | datetime | list[object] | None:
        """The value for this viewer: a thing comes as its name, a list as a list of such values.

        ``viewer`` is ``client``, ``service`` or a role of ``shared.roles``. Raises
        ``FormulaError`` for what only the values can tell: division by zero, too much work.
        """
        view = View(self.model, order, viewer=viewer, at=at, language=language, extra=extra)
        return plain(self.value(view))

    def text_for(
        self,
        order: WorkOrder,
        *,
        viewer: str,
        at: datetime,
        language: str = "ru",
        extra: Mapping[str, object] = {},
    ) -> str:
        """The value as it is printed. Raises as ``evaluate``."""
        view = View(self.model, order, viewer=viewer, at=at, language=language, extra=extra)
        return text_of(self.value(view), language)

    def value(
        self, view: View, variables: Callable[[str], Value] = lambda _: None, *items: Value
    ) -> Value:
        """For templates: among their variables, and perhaps of one item of a list."""
        view.spend(self.code.steps)
        return self.code.run(Frame(view, variables, list(items)))


def compile_formula(text: str, *, model: Model = ORDER_MODEL) -> Formula:
    """Understands a formula over an order. Raises ``FormulaError`` with line and column."""
    return compile_in(text, Scope(model, type_named(model.root.name)))


def compile_in(text: str, scope: Scope) -> Formula:
    """The same where other names can be said too: inside a template, or of one item."""
    source = Source(text)
    code = _Compiler(source).compile(source.tree, scope)
    return Formula(text, scope.model, code.type, code)


class _Compiler:
    """From Python's syntax tree to ``Code``; a kind of node that has no method is refused."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def compile(self, node: ast.expr, scope: Scope) -> Code:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._error(node, "not_allowed", name=kind_words(node))
        code = cast(Code, method(node, scope))
        return Code(code.type, self._placed(node, code.run), code.steps)

    # --- the smallest parts -----------------------------------------------------------------

    def _constant(self, node: ast.Constant, _: Scope) -> Code:
        value = node.value
        if value is None:
            return always(NULL, None)
        if isinstance(value, bool):
            return always(CONDITION, value)
        if isinstance(value, str):
            return always(TEXT, value)
        said = self._source.said(node)
        if isinstance(value, int | float) and _NUMBER.fullmatch(said):
            # From the text itself: 0.1 is a tenth, not the nearest binary fraction.
            return always(NUMBER, Decimal(said))
        raise self._error(node, "bad_number", name=said[:40])

    def _name(self, node: ast.Name, scope: Scope) -> Code:
        name = node.id
        place: Scope | None = scope
        while place is not None:
            if name in place.fields():
                return field_of(place, place.fields()[name])
            if name == ITEM and place.outer is not None:
                return item_of(place)
            if name in place.variables:
                return Code(place.variables[name], lambda frame: frame.variables(name))
            place = place.outer
        if name in CONSTANTS:
            return always(*CONSTANTS[name])
        if name in FUNCTIONS and not FUNCTIONS[name].only_filter:
            raise self._error(node, "function_needs_call", name=name)
        raise self._unknown(node, "unknown_name", name, scope.names())

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Code:
        whole = self.compile(node.value, scope)
        name = node.attr
        if whole.type.kind in ("null", "any"):
            return Code(ANY, lambda frame: attribute_of(whole.run(frame), name), whole.steps + 1)
        if whole.type.kind != "object":
            code = "list_has_no_fields" if whole.type.kind == "list" else "value_has_no_fields"
            raise self._error_at(*self._source.name_place(node), code, name=name)
        fields = scope.model.fields_of(whole.type)
        if name not in fields:
            raise self._unknown(node, "unknown_field", name, fields)
        item = fields[name]
        return Code(item.type, lambda frame: read(whole.run(frame), item), whole.steps + 1)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Code:
        whole = self.compile(node.value, scope)
        if whole.type.kind not in ("list", "null", "any"):
            raise self._error(node.value, "list_expected")
        index = self._number(node.slice, scope)
        return Code(
            whole.type.item or ANY,
            lambda frame: operations.item_at(whole.run(frame), index.run(frame)),
            whole.steps + index.steps + 1,
        )

    def _list(self, node: ast.List, scope: Scope) -> Code:
        if len(node.elts) > MAX_LIST_ITEMS:
            raise self._error(node, "too_many_parts", limit=MAX_LIST_ITEMS)
        return list_of([self.compile(item, scope) for item in node.elts])

    # --- operators --------------------------------------------------------------------------

    def _binop(self, node: ast.BinOp, scope: Scope) -> Code:
        name = type(node.op).__name__
        if name not in ARITHMETIC and name != "Add":
            raise self._error(node, "not_allowed", name=OPERATOR_SIGNS.get(name, name))
        if name == "Add":
            return self._addition(node, scope)
        left, right = self._number(node.left, scope), self._number(node.right, scope)
        operation = ARITHMETIC[name]
        return Code(
            arithmetic_type(name, left.type, right.type),
            lambda frame: operation(left.run(frame), right.run(frame)),
            left.steps + right.steps + 1,
        )

    def _addition(self, node: ast.BinOp, scope: Scope) -> Code:
        left, right = self.compile(node.left, scope), self.compile(node.right, scope)
        kinds = {left.type.kind, right.type.kind}
        for side, said in ((left, node.left), (right, node.right)):
            if side.type.kind == "list":
                raise self._error(said, "single_value_expected")
            if not kinds & {"text", "object", "any"} and side.type.kind not in NUMERIC:
                raise self._error(said, "number_expected")
        of_texts = bool(kinds & {"text", "object"})
        kind = TEXT if of_texts else arithmetic_type("Add", left.type, right.type)
        return Code(
            kind,
            lambda frame: operations.add(frame.view, left.run(frame), right.run(frame)),
            left.steps + right.steps + 1,
        )

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Code:
        if isinstance(node.op, ast.Not):
            whole = self.compile(node.operand, scope)
            return Code(CONDITION, lambda frame: not operations.true(whole.run(frame)),
                        whole.steps + 1)  # fmt: skip
        if isinstance(node.op, ast.USub | ast.UAdd):
            number = self._number(node.operand, scope)
            if isinstance(node.op, ast.UAdd):
                return number
            return Code(number.type, lambda frame: operations.negate(number.run(frame)),
                        number.steps + 1)  # fmt: skip
        raise self._error(node, "not_allowed", name="~")

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Code:
        parts = [self.compile(part, scope) for part in node.values]
        every = all if isinstance(node.op, ast.And) else any
        return Code(
            CONDITION,
            lambda frame: every(operations.true(part.run(frame)) for part in parts),
            sum(part.steps for part in parts),
        )

    def _compare(self, node: ast.Compare, scope: Scope) -> Code:
        parts = [self.compile(part, scope) for part in (node.left, *node.comparators)]
        tests: list[Callable[[View, Value, Value], bool]] = []
        for place, operator in enumerate(node.ops):
            name = type(operator).__name__
            if name not in COMPARISONS:
                raise self._error(node, "not_allowed", name="is")
            tests.append(COMPARISONS[name])
            if name in ORDERINGS and not may_compare(parts[place].type, parts[place + 1].type):
                raise self._error(node.comparators[place], "not_comparable")

        def run(frame: Frame) -> Value:
            left = parts[0].run(frame)
            for test, part in zip(tests, parts[1:], strict=True):
                right = part.run(frame)
                if not test(frame.view, left, right):
                    return False
                left = right
            return True

        return Code(CONDITION, run, sum(part.steps for part in parts))

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Code:
        parts = [self.compile(part, scope) for part in (node.test, node.body, node.orelse)]
        return either(*parts)

    # --- functions --------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Code:
        if not isinstance(node.func, ast.Name):
            raise self._error(node, "not_allowed", name=kind_words(node.func))
        name = node.func.id
        called = FUNCTIONS.get(name)
        if called is None or called.only_filter:
            known = {item.name for item in FUNCTIONS.values() if not item.only_filter}
            raise self._unknown(node.func, "unknown_function", name, known)
        if node.keywords or any(isinstance(item, ast.Starred) for item in node.args):
            raise self._error(node, "wrong_arguments", name=called.signature)
        if called.over_items:
            return self._over_items(node, called, scope)
        if not called.takes(len(node.args)):
            raise self._error(node, "wrong_arguments", name=called.signature)
        arguments = [
            self._argument(item, called.parameter(index).kind, scope)
            for index, item in enumerate(node.args)
        ]
        if called.lazy:
            return chosen(called.name, arguments)
        return Code(
            result_type(called, [item.type for item in arguments]),
            lambda frame: called.call(frame.view, [item.run(frame) for item in arguments]),
            sum(item.steps for item in arguments) + 1,
        )

    def _over_items(self, node: ast.Call, called: Function, scope: Scope) -> Code:
        """``sum(list, expression)``: the expression is compiled among the item's names."""
        if not node.args:
            raise self._error(node, "wrong_arguments", name=called.signature)
        whole = self.compile(node.args[0], scope)
        rest = node.args[1:]
        if called.result == "each" and called.name != "sum" and rest and (
            whole.type.kind != "list"
        ):  # fmt: skip
            values = list_of([whole, *(self.compile(item, scope) for item in rest)])
            return run_over(called, values, None, [])
        if whole.type.kind not in ("list", "null"):
            raise self._error(node.args[0], "list_expected")
        item = whole.type.item or NULL
        if called.name == "join" and len(rest) == 1 and item.kind not in ("object", "null"):
            return run_over(called, whole, None, [self._argument(rest[0], "text", scope)])
        if not called.takes(len(node.args)):
            raise self._error(node, "wrong_arguments", name=called.signature)
        each = self.compile(rest[0], scope.inside(item)) if rest else None
        summed = each.type if each else item
        if called.name == "sum" and summed.kind not in NUMERIC:
            raise self._error(rest[0] if rest else node.args[0], "number_expected")
        if called.name in ("join", "min", "max") and summed.kind == "list":
            raise self._error(rest[0] if rest else node.args[0], "single_value_expected")
        more = [
            self._argument(said, called.parameter(index).kind, scope)
            for index, said in enumerate(rest[1:], start=2)
        ]
        return run_over(called, whole, each, more)

    def _argument(self, node: ast.expr, kind: str, scope: Scope) -> Code:
        """An argument of the kind that its parameter wants; told now if it cannot be one."""
        code = self.compile(node, scope)
        given = code.type.kind
        if given in ("null", "any") or kind in ("any", "condition"):
            return code
        if kind == "number" and given not in NUMERIC:
            raise self._error(node, "number_expected")
        if kind == "date" and given != "date":
            raise self._error(node, "date_expected")
        if kind == "text" and given == "list":
            raise self._error(node, "single_value_expected")
        return code

    def _number(self, node: ast.expr, scope: Scope) -> Code:
        return self._argument(node, "number", scope)

    # --- places and errors ------------------------------------------------------------------

    def _placed(self, node: ast.expr, run: Run) -> Run:
        """What fails while computing fails there."""
        line, column = self._source.place(node)

        def placed(frame: Frame) -> Value:
            try:
                return run(frame)
            except FormulaError as error:
                raise error.at(line, column) from None

        return placed

    def _error(
        self, node: ast.expr, code: str, *, name: str | None = None, limit: int | None = None
    ) -> FormulaError:
        return self._error_at(*self._source.place(node), code, name=name, limit=limit)

    def _error_at(
        self, line: int, column: int, code: str, *, name: str | None, limit: int | None = None
    ) -> FormulaError:
        return FormulaError(code, line=line, column=column, name=name, limit=limit)

    def _unknown(
        self, node: ast.expr, code: str, name: str, known: Mapping[str, object] | set[str]
    ) -> FormulaError:
        source = self._source
        place = source.name_place(node) if isinstance(node, ast.Attribute) else source.place(node)
        error = self._error_at(*place, code, name=name)
        error.nearest = nearest(name, known)
        return error
