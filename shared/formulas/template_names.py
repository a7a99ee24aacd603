"""Every name of a template, looked up before it is rendered: with its scope, in reading order."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from decimal import Decimal

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import (
    FilteredExpression,
    LoopExpression,
    Path,
    StringLiteral,
)
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.primitive import (
    FalseLiteral,
    FloatLiteral,
    IntegerLiteral,
    Nil,
    RangeLiteral,
    TrueLiteral,
)
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.expression import Expression
from liquid.token import Token

from shared.formulas import markup
from shared.formulas.code import Scope, item_type, result_type
from shared.formulas.engine import CalcNode, RepeatedBlock
from shared.formulas.errors import FormulaError, nearest
from shared.formulas.functions import FUNCTIONS, Function
from shared.formulas.language import Formula, compile_in
from shared.formulas.model import FOR_LOOP
from shared.formulas.objects import Model
from shared.formulas.values import (
    ANY,
    CONDITION,
    NULL,
    NUMBER,
    TEXT,
    Type,
    type_named,
)

type Variables = ChainMap[str, Type]

MAX_FORMULA_CHARS = 10_000
"""Of all formulas of one template together."""
_LIST_FIELDS = ("first", "last", "size")


class NameCheck:
    """One template's check. Also compiles its formulas, makes its decimals exact, and counts what
    each loop's inside costs."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._root = type_named(model.root.name)
        self._formulas: dict[int, Formula] = {}
        self._formula_chars = 0

    def check(self, nodes: Iterable[Node]) -> dict[int, Formula]:
        """The formulas of its filters, by the filters' places. Raises ``FormulaError`` at the
        first name that does not exist."""
        variables: Variables = ChainMap({})
        for node in nodes:
            self._node(node, variables)
        return self._formulas

    def _node(self, node: Node, variables: Variables) -> int:
        """Checks the node and what is in it; answers its steps."""
        steps = 1
        inside = variables
        if isinstance(node, CalcNode):
            self._calc(node, variables)
            steps += 5
        elif isinstance(node, ForNode):
            steps += self._expression(node.expression)
            item = self._loop(node.expression, variables)
            inside = variables.new_child(
                {str(node.expression.identifier): item, "forloop": type_named(FOR_LOOP.name)}
            )
        else:
            for expression in node.expressions():
                steps += self._expression(expression)
                kind = self._type(expression, variables)
                if isinstance(node, AssignNode):
                    self._assign(str(node.name), kind, variables)
        for child in node.children(_NO_CONTEXT, include_partials=False):
            steps += self._node(child, inside)
        if isinstance(node, ContentNode):
            steps += len(node.text) // 100
        if isinstance(node, CaptureNode):
            self._assign(str(node.name), TEXT, variables)
        if isinstance(node, RepeatedBlock):
            node.steps = steps
        return steps

    def _assign(self, name: str, kind: Type, variables: Variables) -> None:
        top = variables.maps[-1]
        top[name] = kind.either(top[name]) if name in top else kind

    def _calc(self, node: CalcNode, variables: Variables) -> None:
        scope = Scope(self._model, self._root, None, variables)
        try:
            node.formula = self._compiled(node.said, scope)
        except FormulaError as error:
            raise node.moved(error) from None
        self._assign(str(node.name), node.formula.type, variables)

    def _loop(self, loop: LoopExpression, variables: Variables) -> Type:
        """The kind of item that a loop goes over."""
        for more in (loop.limit, loop.offset, loop.cols):
            if more is not None:
                self._type(more, variables)
        over = self._type(loop.iterable, variables)
        if over.kind == "list":
            return over.item or ANY
        if over.kind not in ("any", "null"):
            raise self._error(loop.iterable.token, "list_expected")
        return ANY

    # --- expressions ------------------------------------------------------------------------

    def _expression(self, expression: Expression) -> int:
        """Counts an expression's parts; makes its fractions exact decimals on the way."""
        steps = 1
        if isinstance(expression, FloatLiteral):
            said = expression.token.value
            if len(said) > 40:
                raise self._error(expression.token, "bad_number", name=said[:40])
            expression.value = Decimal(said)  # type: ignore[assignment]
        elif isinstance(expression, IntegerLiteral) and abs(expression.value) >= 10**19:
            raise self._error(expression.token, "bad_number", name=str(expression.token.value)[:40])
        elif isinstance(expression, FilteredExpression):
            steps += 5 * len(expression.filters or ())
        for child in expression.children():
            steps += self._expression(child)
        return steps

    def _type(self, expression: Expression, variables: Variables) -> Type:
        """The kind of value an expression gives; raises where it names what does not exist."""
        if isinstance(expression, Path):
            return self._path(expression, variables)
        if isinstance(expression, FilteredExpression):
            kind = self._type(expression.left, variables)
            for item in expression.filters or ():
                kind = self._filter(item, kind, variables)
            return kind
        for child in expression.children():
            self._type(child, variables)
        if isinstance(expression, RangeLiteral):
            return Type("list", item=NUMBER)
        for literal, kind in _LITERALS:
            if isinstance(expression, literal):
                return kind
        return CONDITION if expression.children() else ANY

    def _path(self, path: Path, variables: Variables) -> Type:
        head = path.path[0]
        token = path.token
        if not isinstance(head, str):
            raise self._error(token, "template_syntax")
        fields = self._model.root.by_name
        if head in variables:
            kind = variables[head]
        elif head in fields:
            kind = fields[head].type
        else:
            raise self._unknown(token, token.start_index, "unknown_name", head,
                                {*variables, *fields})  # fmt: skip
        at = token.start_index + len(head)
        for segment in path.path[1:]:
            if isinstance(segment, Path):
                self._path(segment, variables)
                kind = self._indexed(token, at, kind)
                at = max(token.source.find("]", at), at)
            elif isinstance(segment, str):
                at = max(token.source.find(segment, at), at)
                kind = self._field(token, at, kind, segment)
                at += len(segment)
            else:
                kind = self._indexed(token, at, kind)
        return kind

    def _indexed(self, token: Token, at: int, kind: Type) -> Type:
        if kind.kind not in ("list", "any", "null"):
            raise self._error(token, "list_expected", at=at)
        return kind.item or ANY

    def _field(self, token: Token, at: int, kind: Type, name: str) -> Type:
        if kind.kind == "object":
            fields = self._model.fields_of(kind)
            if name not in fields:
                raise self._unknown(token, at, "unknown_field", name, fields)
            return fields[name].type
        if kind.kind == "list":
            if name == "size":
                return NUMBER
            if name in _LIST_FIELDS:
                return kind.item or ANY
            raise self._error(token, "list_has_no_fields", name=name, at=at)
        if kind.kind in ("any", "null"):
            return ANY
        if kind.kind == "text" and name == "size":
            return NUMBER
        raise self._error(token, "value_has_no_fields", name=name, at=at)

    # --- filters ----------------------------------------------------------------------------

    def _filter(self, item: Filter, before: Type, variables: Variables) -> Type:
        called = FUNCTIONS.get(item.name)
        if called is None:
            raise self._unknown(item.token, item.token.start_index, "unknown_function",
                                item.name, FUNCTIONS)  # fmt: skip
        if not called.takes(len(item.args) + 1) or any(
            getattr(argument, "name", None) for argument in item.args
        ):
            raise self._error(item.token, "wrong_arguments", name=called.signature)
        kinds = [before]
        for argument in item.args:
            self._expression(argument.value)
            kinds.append(self._type(argument.value, variables))
        if called.over_items:
            return self._over_items(item, called, kinds, variables)
        return result_type(called, kinds)

    def _over_items(
        self, item: Filter, called: Function, kinds: list[Type], variables: Variables
    ) -> Type:
        """``{{ Services | sum: "CustomerTotal" }}``: the formula stands there as a text."""
        whole = kinds[0]
        if whole.kind != "list":
            if called.name in ("min", "max") and item.args:
                return result_type(called, kinds)
            if whole.kind != "null":
                raise self._error(item.token, "list_expected")
        each: Type | None = None
        if item.args and not (called.name == "join" and _is_plain(whole)):
            argument = item.args[0].value
            if not isinstance(argument, StringLiteral):
                raise self._error(item.token, "text_expected")
            each = self._each(item, argument, whole.item or NULL, variables)
        return item_type(called, whole, each)

    def _each(self, item: Filter, argument: StringLiteral, of: Type, variables: Variables) -> Type:
        scope = Scope(self._model, self._root, None, variables).inside(of)
        try:
            formula = self._compiled(argument.value, scope)
        except FormulaError as error:
            start = argument.token.start_index + 1  # after the quotation mark
            raise error.moved(*markup.place_of(argument.token.source, start)) from None
        self._formulas[item.token.start_index] = formula
        return formula.type

    def _compiled(self, said: str, scope: Scope) -> Formula:
        self._formula_chars += len(said)
        if self._formula_chars > MAX_FORMULA_CHARS:
            raise FormulaError("too_long", line=1, column=1, limit=MAX_FORMULA_CHARS)
        return compile_in(said, scope)

    # --- errors -----------------------------------------------------------------------------

    def _error(
        self, token: Token, code: str, *, name: str | None = None, at: int | None = None
    ) -> FormulaError:
        line, column = markup.place_of(token.source, token.start_index if at is None else at)
        return FormulaError(code, line=line, column=column, name=name)

    def _unknown(
        self, token: Token, at: int, code: str, name: str, known: Mapping[str, object] | set[str]
    ) -> FormulaError:
        error = self._error(token, code, name=name, at=at)
        error.nearest = nearest(name, known)
        return error


_LITERALS: tuple[tuple[type[Expression], Type], ...] = (
    (StringLiteral, TEXT),
    (IntegerLiteral, NUMBER),
    (FloatLiteral, NUMBER),
    (TrueLiteral, CONDITION),
    (FalseLiteral, CONDITION),
    (Nil, NULL),
)
# No tag of ours looks at it: only partial templates would.
_NO_CONTEXT: RenderContext = None  # type: ignore[assignment]


def _is_plain(whole: Type) -> bool:
    return whole.item is not None and whole.item.kind not in ("object", "null")
