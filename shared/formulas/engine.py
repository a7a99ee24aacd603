"""The template engine as templates may use it: few tags, our functions as filters, and limits.

Of python-liquid's tags those that load, include, recurse or count stay out. What a template reads
goes through the object model, and every part of it costs steps of the same budget that formulas
have.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.ast import BlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import Identifier
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, for_tag, if_tag, unless_tag
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token
from liquid.undefined import is_undefined
from markupsafe import Markup, escape

from shared.formulas import markup
from shared.formulas.errors import FormulaError
from shared.formulas.functions import FUNCTIONS, Function
from shared.formulas.language import Formula
from shared.formulas.model import FOR_LOOP
from shared.formulas.objects import Thing, View
from shared.formulas.values import Value, text_of

MAX_LOOP = 1_000
MAX_NESTING = 30
MAX_VARIABLES_BYTES = 100_000
MAX_MESSAGE_BYTES = 50_000
MAX_PAGE_BYTES = 1_000_000
"""An HTML page may be longer than a message: many lines, each with its tags."""

_CALC = re.compile(r"([^\W\d]\w{0,59})\s*=(?!=)(.+)", re.DOTALL)


class Names(Mapping[str, Value]):
    """The order's names at the top of a template."""

    def __init__(self, view: View) -> None:
        self._view = view

    def __getitem__(self, name: str) -> Value:
        if name not in self._view.model.root.by_name:
            raise KeyError(name)
        return self._view.root.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._view.model.root.by_name)

    def __len__(self) -> int:
        return len(self._view.model.root.by_name)


class Context(RenderContext):
    """One rendering. Both are set before it starts."""

    view: View
    formulas: Mapping[int, Formula]
    """What filters compute for every item, by the place of the filter."""
    held_bytes = 0

    def assign(self, key: str, val: Any) -> None:
        """A variable; all of them together may hold so much text. (The engine's own count would
        go through all of them each time.)"""
        self.held_bytes += sys.getsizeof(val, 100) - sys.getsizeof(self.locals.get(key), 100)
        self.locals[key] = val
        if self.held_bytes > MAX_VARIABLES_BYTES:
            raise FormulaError("variables_too_large")

    def get_item(self, obj: Any, key: Any) -> Any:
        """A field of a thing, or an item of a list; of anything else, nothing."""
        self.view.spend(1)
        if isinstance(obj, for_tag.ForLoop):
            obj = Thing(FOR_LOOP, obj, self.view)
        if isinstance(obj, Thing):
            if key in obj.kind.by_name:
                return obj.get(key)
        elif isinstance(obj, tuple):
            if key in ("first", "last"):
                return obj[0 if key == "first" else -1] if obj else None
            if key == "size":
                return Decimal(len(obj))
            if isinstance(key, int | Decimal) and not isinstance(key, bool):
                return obj[int(key)]
        elif isinstance(obj, str) and key == "size":
            return Decimal(len(obj))
        raise KeyError(key)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        assert token is not None
        return partial(self._filtered, FUNCTIONS[name], token)

    def _filtered(self, called: Function, token: Token, *given: object) -> Value:
        """A function, called as a filter: what stands before the bar is its first argument."""
        arguments: list[Any] = [self.value(item) for item in given]
        try:
            if called.over_items:
                arguments = self._over_items(called, token, arguments)
            return called.call(self.view, arguments)
        except FormulaError as error:
            raise error.at(*markup.place_of(token.source, token.start_index)) from None

    def _over_items(self, called: Function, token: Token, arguments: list[Any]) -> list[Any]:
        items, *rest = arguments
        if formula := self.formulas.get(token.start_index):
            each = formula
            return [items, lambda item: each.value(self.view, self.variable, item), *rest[1:]]
        if called.name == "join":
            return [items, None, *rest]
        return [tuple(arguments)] if rest else [items]

    def variable(self, name: str) -> Value:
        return self.value(self.resolve(name, default=None))

    def value(self, found: object) -> Value:
        """What the engine computes with, as a value of formulas."""
        match found:
            case bool() | None | Decimal() | tuple() | Thing():
                return found
            case str():
                return str(found)
            case int():
                return Decimal(found)
            case range():
                return tuple(Decimal(item) for item in bounded(found))
            case for_tag.ForLoop():
                return Thing(FOR_LOOP, found, self.view)
            case _ if is_undefined(found) or not hasattr(found, "astimezone"):
                return None
            case _:
                return found  # type: ignore[return-value]

    def printed(self, found: object) -> str:
        """As it goes into the text; in HTML escaped, unless it is markup of our own making."""
        if self.autoescape and isinstance(found, Markup):
            return found
        said = text_of(self.value(found), self.view.language)
        self.view.spend(len(said) // 100)
        return escape(said) if self.autoescape else said


def bounded(found: range) -> range:
    if found.stop - found.start > MAX_LOOP:
        raise FormulaError("loop_too_long", limit=MAX_LOOP)
    return found


def placed(node: Node, render: Callable[[], int]) -> int:
    """What fails while rendering fails at the node, unless a nearer place is known."""
    try:
        return render()
    except FormulaError as error:
        raise error.at(*markup.place_of(node.token.source, node.token.start_index)) from None


class _OutputNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, Context)
        return placed(
            self, lambda: buffer.write(context.printed(self.expression.evaluate(context)))
        )


class _Output(output.Output):
    node_class = _OutputNode


class _AssignNode(assign_tag.AssignNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return placed(self, lambda: super(_AssignNode, self).render_to_output(context, buffer))


class _CaptureNode(capture_tag.CaptureNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return placed(self, lambda: super(_CaptureNode, self).render_to_output(context, buffer))


class _CaptureTag(capture_tag.CaptureTag):
    node_class = _CaptureNode


class _AssignTag(assign_tag.AssignTag):
    node_class = _AssignNode


class CalcNode(Node):
    """``{% calc name = formula %}``: the language of formulas, inside a template."""

    def __init__(self, token: Token, name: Identifier, said: str, start: int) -> None:
        super().__init__(token)
        self.name = name
        self.said = said
        self.start = start
        self.formula: Formula | None = None
        """Set when the names that can be said here are known."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, Context)
        assert self.formula is not None
        try:
            value = self.formula.value(context.view, context.variable)
        except FormulaError as error:
            raise self.moved(error) from None
        context.assign(self.name, value)
        return 0

    def moved(self, error: FormulaError) -> FormulaError:
        return error.moved(*markup.place_of(self.token.source, self.start))

    def template_scope(self) -> Iterable[Identifier]:
        yield self.name


class _CalcTag(Tag):
    name = "calc"
    block = False

    def parse(self, stream: TokenStream) -> Node:
        token = stream.eat(TOKEN_TAG)
        inside = stream.current
        found = _CALC.fullmatch(inside.value) if inside.kind == TOKEN_EXPRESSION else None
        if found is None:
            line, column = markup.place_of(token.source, token.start_index)
            raise FormulaError("calc_syntax", line=line, column=column)
        name = Identifier(found[1], token=token)
        return CalcNode(token, name, found[2], inside.start_index + found.start(2))


class RepeatedBlock(BlockNode):
    """The inside of a loop: each time it is rendered it costs what stands in it."""

    steps = 0

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        assert isinstance(context, Context)
        context.view.spend(self.steps)
        return super().render_to_output(context, buffer)


class _BoundedRange(RangeLiteral):
    def evaluate(self, context: RenderContext) -> range:
        return bounded(super().evaluate(context))


class _ForNode(for_tag.ForNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return placed(self, lambda: super(_ForNode, self).render_to_output(context, buffer))


class _ForTag(for_tag.ForTag):
    node_class = _ForNode

    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        assert isinstance(node, _ForNode)
        node.block = RepeatedBlock(node.block.token, node.block.nodes)
        over = node.expression.iterable
        if isinstance(over, RangeLiteral):
            # The engine would make a list of a reversed one before it counts.
            node.expression.iterable = _BoundedRange(over.token, over.start, over.stop)
        return node


_TAGS: Sequence[type[Tag]] = (
    content.Literal,
    illegal.Illegal,
    _Output,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    _ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    _AssignTag,
    _CaptureTag,
    _CalcTag,
)


class Engine(Environment):
    """python-liquid, with nothing registered but what stands here."""

    block_nesting_limit = MAX_NESTING
    context_depth_limit = MAX_NESTING
    loop_iteration_limit = MAX_LOOP
    output_stream_limit = MAX_MESSAGE_BYTES

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in _TAGS:
            self.add_tag(tag)

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        return markup.tokens


class _PageEngine(Engine):
    output_stream_limit = MAX_PAGE_BYTES


MESSAGES = Engine()
PAGES = _PageEngine(autoescape=True)
