"""Tags on clients and cars: owned by ``services/clients``."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Question,
    Revision,
    View,
)

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""As on the web: ``#d32f2f``."""
GREY = "#9e9e9e"


class TagView(View):
    id: UUID
    name: str
    colour: Colour
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateTag(Command[TagView]):
    """Refused: ``name_taken``."""

    subject: ClassVar[str] = "cmd.clients.create_tag.v1"

    name: Name
    colour: Colour = GREY


class ChangeTag(Command[TagView]):
    """Fields that are not named stay. Refused: ``tag_not_found``, ``name_taken``,
    ``field_required``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.clients.change_tag.v1"

    tag_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    colour: Colour | None = None


class RemoveTag(Command[Done]):
    """It goes from all clients and cars too. Refused: ``tag_not_found``, ``tag_in_segment``."""

    subject: ClassVar[str] = "cmd.clients.remove_tag.v1"

    tag_id: UUID


class ListTags(Question[Page[TagView]]):
    """By name."""

    subject: ClassVar[str] = "ask.clients.tags.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class Tags(View):
    """Those that a client or a car has now, by name."""

    items: tuple[TagView, ...]


class TagClient(Command[Tags]):
    """Set already: nothing changes. Refused: ``client_not_found``, ``client_merged``,
    ``client_erased``, ``tag_not_found``."""

    subject: ClassVar[str] = "cmd.clients.tag_client.v1"

    client_id: UUID
    tag_id: UUID


class UntagClient(Command[Tags]):
    """As ``TagClient``."""

    subject: ClassVar[str] = "cmd.clients.untag_client.v1"

    client_id: UUID
    tag_id: UUID


class TagVehicle(Command[Tags]):
    """Set already: nothing changes. Refused: ``vehicle_not_found``, ``tag_not_found``."""

    subject: ClassVar[str] = "cmd.clients.tag_vehicle.v1"

    vehicle_id: UUID
    tag_id: UUID


class UntagVehicle(Command[Tags]):
    """As ``TagVehicle``."""

    subject: ClassVar[str] = "cmd.clients.untag_vehicle.v1"

    vehicle_id: UUID
    tag_id: UUID


class GetClientTags(Question[Tags]):
    """Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.clients.client_tags.v1"

    client_id: UUID


class GetVehicleTags(Question[Tags]):
    """Refused: ``vehicle_not_found``."""

    subject: ClassVar[str] = "ask.clients.vehicle_tags.v1"

    vehicle_id: UUID


class TagSaved(Event):
    """A tag was made or edited. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.tag_saved.v1"

    tag: TagView

    def aggregate_id(self) -> UUID:
        return self.tag.id


class TagRemoved(Event):
    """A tag went, from all that had it. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.tag_removed.v1"

    tag: TagView

    def aggregate_id(self) -> UUID:
        return self.tag.id


class ClientTagged(Event):
    """A client's tags are others now: ``tags`` are all of them, ``changes`` says which came or
    went. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.client_tagged.v1"

    client_id: UUID
    tags: tuple[TagView, ...]

    def aggregate_id(self) -> UUID:
        return self.client_id


class VehicleTagged(Event):
    """As ``ClientTagged``, of a car. Producer: clients. Consumer: audit."""

    subject: ClassVar[str] = "evt.clients.vehicle_tagged.v1"

    vehicle_id: UUID
    tags: tuple[TagView, ...]

    def aggregate_id(self) -> UUID:
        return self.vehicle_id
