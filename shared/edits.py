"""What every edit has in common: what it names, what of that may not be empty, what it changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel

from shared.contracts.base import Change, View
from shared.refusals import Refused

type Changes = tuple[Change, ...]


class Kept(Protocol):
    """A frozen row of a service, and how it is shown."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def revision(self) -> int: ...

    def view(self) -> View: ...


def named_fields(command: BaseModel, *beside: str) -> dict[str, Any]:
    """What the command says something about; a null among it clears. ``beside``: the fields that
    say what is edited, or how."""
    named = command.model_fields_set - {*beside, "expected_revision"}
    return {name: getattr(command, name) for name in type(command).model_fields if name in named}


def ensure_filled(fields: Mapping[str, Any], required: Collection[str]) -> None:
    """Refused: ``field_required``, where one of these is to be cleared."""
    for name, value in fields.items():
        if value is None and name in required:
            raise Refused("field_required", field=name)


def changes_between(old: View, new: View, fields: Collection[str]) -> Changes:
    """The edited fields whose value is another one now, in the order of the card."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        Change(field=name, old=before[name], new=after[name])
        for name in before
        if name in fields and getattr(old, name) != getattr(new, name)
    )


def edited[ViewT: View](
    view: ViewT, fields: Mapping[str, Any], now: datetime
) -> tuple[ViewT, Changes]:
    """The view with these values, one revision on, and what that changed; an edit that changes
    nothing gives the same view. Nothing is validated again."""
    new = view.model_copy(update=fields)
    changes = changes_between(view, new, fields)
    if not changes:
        return view, ()
    revision = view.revision + 1  # type: ignore[attr-defined]
    return new.model_copy(update={"revision": revision, "updated_at": now}), changes


def edited_row[KeptT: Kept](
    row: KeptT, fields: Mapping[str, Any], now: datetime
) -> tuple[KeptT, Changes]:
    """The same of a row."""
    new = replace(row, **fields)
    changes = changes_between(row.view(), new.view(), fields)
    if not changes:
        return row, ()
    return replace(new, revision=row.revision + 1, updated_at=now), changes
