"""Formulas, explained and tried out: ``services/documents``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.base import Question, View

Language = Literal["ru", "en"]
FormulaText = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
ValueKind = Literal["number", "money", "text", "date", "condition", "null", "any", "object", "list"]


class FormulaField(View):
    """One name of an object."""

    name: str
    aliases: tuple[str, ...]
    label: str
    kind: ValueKind
    of: str | None
    """Of an object or a list: what is in it, by the object's name."""
    hidden_from: str | None
    """In words; null: everyone sees it."""
    value: str | None
    """As it is printed, of the first of the ``places``; null: there is none."""
    is_hidden: bool
    """From who asks, on this order."""


class FormulaObject(View):
    """A kind of thing, and its names."""

    name: str
    label: str
    places: tuple[str, ...]
    """Where an order has one: ``Customer``, ``Services[0]``. Empty: only in templates."""
    fields: tuple[FormulaField, ...]


class FormulaFunction(View):
    """A function of formulas, which is a filter of templates too."""

    name: str
    signature: str
    label: str
    example: str
    value: str | None
    """What the example comes to, on this order."""
    only_filter: bool
    """For templates only: formulas have an operator for it."""


class FormulaReference(View):
    """All that formulas and templates can name and call."""

    language: Language
    order_id: UUID | None
    """Null: the values are those of a made-up order that has everything."""
    order_number: str
    objects: tuple[FormulaObject, ...]
    functions: tuple[FormulaFunction, ...]


class GetFormulaReference(Question[FormulaReference]):
    """Each name with its value for the order, as the asking person may see it; without an order,
    for one that has everything. Refused: ``order_not_found``."""

    subject: ClassVar[str] = "ask.documents.formula_reference.v1"

    order_id: UUID | None = None
    language: Language = "ru"


class TriedFormula(View):
    """What a text comes to, for who asks."""

    kind: ValueKind
    text: str
    """As it is printed."""


class TryFormula(Question[TriedFormula]):
    """Nothing is kept. Without an order it is tried on one that has everything.

    Refused: ``formula_invalid`` (line, column, name, nearest), ``order_not_found``.
    """

    subject: ClassVar[str] = "ask.documents.try_formula.v1"

    text: FormulaText
    kind: Literal["formula", "template"] = "formula"
    order_id: UUID | None = None
    language: Language = "ru"
