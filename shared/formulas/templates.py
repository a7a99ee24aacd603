"""Templates: text with the order's names in it, in Liquid, over the same model and masking.

    Здравствуйте! {{ Vehicle.Plate }} готов, к оплате {{ Due | money }}.
    {% for line in Services %}{{ line.Name }}: {{ line.CustomerTotal | money }}{% endfor %}
    {% calc bonus = TotalMoney * 0.05 %}

Filters are the functions of formulas; ``calc`` is a formula. Every name is known to exist before
anything is rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from liquid import BoundTemplate
from liquid.exceptions import (
    BlockNestingError,
    ContextDepthError,
    LiquidError,
    LiquidTypeError,
    LoopIterationLimitError,
    OutputStreamLimitError,
)

from shared.formulas import markup
from shared.formulas.engine import MAX_LOOP, MESSAGES, PAGES, Context, Names
from shared.formulas.errors import FormulaError
from shared.formulas.language import Formula
from shared.formulas.model import ORDER_MODEL
from shared.formulas.objects import Model, Subject, View
from shared.formulas.template_names import NameCheck

MAX_MESSAGE_STEPS = 30_000
MAX_PAGE_STEPS = 500_000
"""Of one rendering: a page may show four hundred works and as many goods, some 530 steps for each
pair. Pages render in confined processes, which end what takes too long all the same."""


@dataclass(frozen=True, slots=True)
class Template:
    """A text that has been understood."""

    text: str
    model: Model
    html: bool
    bound: BoundTemplate
    formulas: Mapping[int, Formula]

    def render(
        self,
        order: Subject,
        *,
        viewer: str,
        at: datetime,
        language: str = "ru",
        extra: Mapping[str, object] = {},
    ) -> str:
        """The text for this viewer: ``client``, ``service`` or a role.

        In HTML every value is escaped, except what ``extra`` gives as ``Markup``. Raises
        ``FormulaError`` for what only the values can tell.
        """
        view = View(
            self.model,
            order,
            viewer=viewer,
            at=at,
            language=language,
            extra=extra,
            steps=MAX_PAGE_STEPS if self.html else MAX_MESSAGE_STEPS,
        )
        context = Context(self.bound, globals=Names(view))
        context.view, context.formulas = view, self.formulas
        buffer = context.get_buffer()
        try:
            self.bound.render_with_context(context, buffer)
        except LiquidError as error:
            raise _in_our_words(error) from None
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            # What the engine itself makes of strange arguments, such as a negative limit.
            raise FormulaError("template_syntax", line=1, column=1) from None
        return buffer.getvalue()


def compile_template(text: str, *, model: Model = ORDER_MODEL, html: bool = False) -> Template:
    """Understands a template. Raises ``FormulaError`` with line and column; so also for a name
    that does not exist, wherever it stands. ``html``: values are escaped."""
    try:
        bound = (PAGES if html else MESSAGES).from_string(text)
        formulas = NameCheck(model).check(bound.nodes)
    except LiquidError as error:
        raise _in_our_words(error) from None
    except RecursionError:
        raise FormulaError("too_deep", line=1, column=1) from None
    return Template(text, model, html, bound, formulas)


_CODES: tuple[tuple[type[LiquidError], str], ...] = (
    (LoopIterationLimitError, "loop_too_long"),
    (OutputStreamLimitError, "output_too_long"),
    (ContextDepthError, "too_deep"),
    (BlockNestingError, "too_deep"),
    (LiquidTypeError, "not_comparable"),
)


def _in_our_words(error: LiquidError) -> FormulaError:
    """The engine's complaint, in both languages and with its place."""
    cause = error.__cause__
    if isinstance(cause, FormulaError):
        return cause
    if isinstance(cause, RecursionError):
        return FormulaError("too_deep", line=1, column=1)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "template_syntax")
    limit = MAX_LOOP if code == "loop_too_long" else None
    token = error.token
    line, column = (1, 1)
    if token is not None and token.start_index >= 0:
        line, column = markup.place_of(token.source, token.start_index)
    return FormulaError(code, line=line, column=column, limit=limit)
