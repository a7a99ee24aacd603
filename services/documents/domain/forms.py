"""What print forms there are, and the life of their templates: versions that are only added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.forms import FormAbout, FormCopy, Language
from shared.refusals import Refused, ensure_revision

LANGUAGES: tuple[Language, ...] = ("ru", "en")
CLIENT = "client"
SHIPPED_REVISION = 1
"""Of every template, before anybody has edited it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of paper."""

    code: str
    name_ru: str
    name_en: str
    about: FormAbout = "order"
    """What it is made of: an order, or a client's statement."""
    internal_viewer: str | None = None
    """Through whose eyes the station's own copy is made; without one there is only the client's."""

    @property
    def copies(self) -> tuple[FormCopy, ...]:
        return ("client", "internal") if self.internal_viewer else ("client",)

    def name(self, language: Language) -> str:
        return self.name_ru if language == "ru" else self.name_en

    def viewer(self, copy_of: FormCopy) -> str:
        """Through whose eyes a copy is made: that decides what it can show at all.
        Raises ``form_without_internal_copy``."""
        if copy_of == "client":
            return CLIENT
        if self.internal_viewer is None:
            raise Refused("form_without_internal_copy", form=self.code)
        return self.internal_viewer

    def file_name(self, language: Language, number: str) -> str:
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
    Form("statement", "Акт сверки", "Statement of account", about="statement"),
)
FORMS = {form.code: form for form in _FORMS}


def form_named(code: str, about: FormAbout | None = None) -> Form:
    """``about``: it has to be made of that. Raises ``form_not_found``."""
    if code not in FORMS or about not in (None, FORMS[code].about):
        raise Refused("form_not_found", form=code)
    return FORMS[code]


# --- templates ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who changes something, when, and which revision was before their eyes."""

    author: str
    at: datetime
    expected_revision: int | None

    def check(self, actual: int) -> None:
        """Raises ``revision_conflict``."""
        ensure_revision(self.expected_revision, actual)


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version of a form's template in one language."""

    id: UUID
    form: str
    language: Language
    revision: int
    template: str | None
    """``None``: from here on the shipped file holds again, also the one of a later release."""
    restored: int | None
    """The revision that this one brought back."""
    note: str | None
    author: str
    at: datetime


def revision_of(version: Version | None) -> int:
    """Without a saved version, that of the shipped file."""
    return version.revision if version else SHIPPED_REVISION


def edited(
    current: Version | None,
    version_id: UUID,
    form: Form,
    language: Language,
    template: str,
    note: str | None,
    stamp: Stamp,
) -> Version:
    """The version that an edit adds. Raises ``revision_conflict``."""
    stamp.check(revision_of(current))
    return Version(
        id=version_id,
        form=form.code,
        language=language,
        revision=revision_of(current) + 1,
        template=template,
        restored=None,
        note=note,
        author=stamp.author,
        at=stamp.at,
    )


def restored(
    current: Version | None,
    version_id: UUID,
    form: Form,
    language: Language,
    older: Version | None,
    stamp: Stamp,
) -> Version:
    """The version that brings ``older`` back; ``None``: the shipped file, which the form follows
    from then on. Raises ``revision_conflict``."""
    stamp.check(revision_of(current))
    return Version(
        id=version_id,
        form=form.code,
        language=language,
        revision=revision_of(current) + 1,
        template=older.template if older else None,
        restored=revision_of(older),
        note=None,
        author=stamp.author,
        at=stamp.at,
    )


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


def changed_look(current: Look, accent: str | None, logo: bytes | None, stamp: Stamp) -> Look:
    """The look that follows; without an accent it is the usual one. Raises
    ``revision_conflict``."""
    stamp.check(current.revision)
    return Look(
        revision=current.revision + 1,
        accent=accent or SHIPPED_LOOK.accent,
        logo=logo,
        author=stamp.author,
        at=stamp.at,
    )
