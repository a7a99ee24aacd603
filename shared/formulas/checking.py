"""Saved only if it evaluates: a formula or template, tried on the sample order."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.formulas.errors import FormulaError
from shared.formulas.language import Formula, compile_formula
from shared.formulas.model import ORDER_MODEL
from shared.formulas.objects import Model
from shared.formulas.sample import SAMPLE, SAMPLE_TIME
from shared.formulas.templates import Template, compile_template
from shared.roles import SERVICE

type Wants = Literal["number", "condition", "text", "any"]


def check_formula(text: str, *, wants: Wants, model: Model = ORDER_MODEL) -> Formula:
    """Compiles and computes it. Raises ``FormulaError``: also when its result is of a kind that
    is not wanted. ``text`` is any single value; a null is of every kind."""
    formula = compile_formula(text, model=model)
    value = formula.evaluate(SAMPLE, viewer=SERVICE, at=SAMPLE_TIME, extra=_samples(model))
    known = formula.type.kind
    kind = _kind(value) if known == "any" else known
    fits = {
        "number": kind in ("number", "money", "null"),
        "condition": kind in ("condition", "null"),
        "text": kind != "list",
        "any": True,
    }
    if not fits[wants]:
        raise FormulaError(f"wanted_{wants}", line=1, column=1)
    return formula


def check_template(text: str, *, model: Model = ORDER_MODEL, html: bool = False) -> Template:
    """Compiles and renders it. Raises ``FormulaError``."""
    template = compile_template(text, model=model, html=html)
    template.render(SAMPLE, viewer=SERVICE, at=SAMPLE_TIME, extra=_samples(model))
    return template


def _samples(model: Model) -> dict[str, object]:
    return {name: extra.sample for name, extra in model.extras.items()}


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "condition"
        case Decimal():
            return "number"
        case list():
            return "list"
        case datetime():
            return "date"
        case _:
            return "text"
