"""Tags: what one is made of, and what an edit changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.clients.domain.edits import changes_between, named_fields
from shared.contracts.base import Change
from shared.contracts.tags import ChangeTag, CreateTag, TagView
from shared.refusals import Refused, ensure_revision


def new_tag(command: CreateTag, tag_id: UUID, now: datetime) -> TagView:
    return TagView(
        id=tag_id,
        name=command.name,
        colour=command.colour.lower(),
        revision=1,
        created_at=now,
        updated_at=now,
    )


def changed_tag(
    tag: TagView, command: ChangeTag, now: datetime
) -> tuple[TagView, tuple[Change, ...]]:
    """Raises ``Refused``: ``field_required``, ``revision_conflict``."""
    ensure_revision(command.expected_revision, tag.revision)
    fields = named_fields(command, "tag_id")
    for name, value in fields.items():
        if value is None:
            raise Refused("field_required", field=name)
    if "colour" in fields:
        fields["colour"] = fields["colour"].lower()
    edited = tag.model_copy(update=fields)
    changes = changes_between(tag, edited, fields)
    if not changes:
        return tag, ()
    revised = edited.model_copy(update={"revision": tag.revision + 1, "updated_at": now})
    return revised, changes


def tagged(
    tags: tuple[TagView, ...], tag: TagView, *, on: bool
) -> tuple[tuple[TagView, ...], tuple[Change, ...]]:
    """A thing's tags with or without this one, by name, and what that changes."""
    if (tag.id in {other.id for other in tags}) == on:
        return tags, ()
    others = [other for other in tags if other.id != tag.id]
    now = tuple(sorted([*others, tag] if on else others, key=lambda tag: tag.name.lower()))
    change = Change(field="tag", old=None if on else tag.name, new=tag.name if on else None)
    return now, (change,)
