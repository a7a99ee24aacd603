"""What print forms there are, and the life of their templates: versions that are only ever added."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.refusals import Refused

type Language = Literal["ru", "en"]
type Copy = Literal["client", "internal"]

LANGUAGES: tuple[Language, ...] = ("ru", "en")
CLIENT = "client"
SHIPPED_REVISION = 1
"""Of every template, before anybody has edited it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of paper that an order is printed as."""

    code: str
    name_ru: str
    name_en: str
    internal_viewer: str | None = None
    """Through whose eyes the station's own copy is made; without one there is only the client's."""

    def name(self, language: str) -> str:
        return self.name_ru if language == "ru" else self.name_en

    def viewer(self, copy: Copy) -> str:
        """Through whose eyes a copy is made: that decides what it can show at all.
        Raises ``form_without_internal_copy``."""
        if copy == "client":
            return CLIENT
        if self.internal_viewer is None:
            raise Refused("form_without_internal_copy", form=self.code)
        return self.internal_viewer

    def file_name(self, language: str, number: str) -> str:
        """Without its ending: ``Заказ-наряд A-000123``."""
        return re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", f"{self.name(language)} {number}")


# The technician's copy names the materials that the work needs, and no cost: it hangs on the car.
_FORMS = (
    Form("work_order", "Заказ-наряд", "Work order", internal_viewer="technician"),
    Form("acceptance_act", "Акт приёма-передачи автомобиля", "Vehicle acceptance act"),
    Form("estimate", "Предварительная калькуляция", "Estimate"),
    Form("completion_act", "Акт выполненных работ", "Completion act"),
    Form("invoice", "Счёт", "Invoice"),
    Form("goods_receipt", "Товарный чек", "Goods receipt"),
    Form("warranty_card", "Гарантийный талон", "Warranty card"),
)
FORMS = {form.code: form for form in _FORMS}


def form_named(code: str) -> Form:
    """Raises ``form_not_found``."""
    if code not in FORMS:
        raise Refused("form_not_found", form=code)
    return FORMS[code]


# --- templates ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version of a form's template in one language."""

    id: UUID
    form: str
    language: str
    revision: int
    template: str | None
    """``None``: from here on the shipped file holds again, also the one of a later release."""
    restored: int | None
    """The revision that this one brought back."""
    note: str | None
    author: str
    at: datetime


def revision_of(current: Version | None) -> int:
    return current.revision if current else SHIPPED_REVISION


def next_version(
    current: Version | None,
    expected_revision: int | None,
    edited: Version,
) -> Version:
    """The version that follows ``current``. Raises ``revision_conflict``."""
    actual = revision_of(current)
    if expected_revision is not None and expected_revision != actual:
        raise Refused("revision_conflict", actual=actual, expected=expected_revision)
    return replace(edited, revision=actual + 1)


# --- looks -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """What all forms of the station have in common."""

    revision: int
    accent: str
    """``#rrggbb``: of headings and rules."""
    logo: bytes | None
    """PNG."""
    author: str | None
    at: datetime | None


SHIPPED_LOOK = Look(revision=1, accent="#1d4e89", logo=None, author=None, at=None)


def next_look(current: Look, expected_revision: int | None, edited: Look) -> Look:
    """The look that follows ``current``. Raises ``revision_conflict``."""
    if expected_revision is not None and expected_revision != current.revision:
        raise Refused("revision_conflict", actual=current.revision, expected=expected_revision)
    return replace(edited, revision=current.revision + 1)
