"""Tags: what one is made of, and what an edit changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from shared.contracts.base import Change
from shared.contracts.tags import ChangeTag, CreateTag, TagView
from shared.edits import edited, ensure_filled, named_fields
from shared.refusals import ensure_revision


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
    ensure_filled(fields, fields)
    if command.colour:
        fields["colour"] = command.colour.lower()
    return edited(tag, fields, now)


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
