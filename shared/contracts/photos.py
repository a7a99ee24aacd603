"""Photos of an order: what came in, what was found, what was done. Owned by ``services/documents``.

The gateway takes the file that a camera made and redraws it: a JPEG of at most 1600 pixels, turned
upright, with nothing else of the file it came from (no place, no time, no device). Only that is
sent on and kept, beside a small one for lists.
"""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Base64Bytes, Field, StringConstraints

from shared.contracts.approvals import EstimateToken
from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Instant,
    Limit,
    Page,
    Question,
    Revision,
    View,
)

MAX_PHOTO_BYTES = 1_500_000
MAX_SMALL_BYTES = 100_000
MAX_PER_ORDER = 200
Caption = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f]*$")
]
Pixels = Annotated[int, Field(ge=1, le=1600)]


class PhotoView(View):
    """A photo without its picture, which has an address of its own."""

    id: UUID
    order_id: UUID
    line_id: UUID | None
    """The work that it is about."""
    caption: str | None
    visible_to_client: bool
    """Also on the page behind the client's link."""
    width: Pixels
    height: Pixels
    author: str
    """The sign-in of whoever brought it."""
    at: Instant
    revision: Revision


class AddPhoto(Command[PhotoView]):
    """Puts a photo on an order, whatever the order's state. ``content`` and ``small`` are the
    redrawn JPEG, large and small.

    Refused: ``order_not_found``, ``line_not_found``, ``photo_invalid``, ``photos_too_many``.
    """

    subject: ClassVar[str] = "cmd.documents.add_photo.v1"
    secret_fields: ClassVar[frozenset[str]] = frozenset({"content", "small"})

    order_id: UUID
    content: Annotated[Base64Bytes, Field(max_length=MAX_PHOTO_BYTES, repr=False)]
    small: Annotated[Base64Bytes, Field(max_length=MAX_SMALL_BYTES, repr=False)]
    width: Pixels
    height: Pixels
    line_id: UUID | None = None
    caption: Caption | None = None
    visible_to_client: bool = False


class ChangePhoto(Command[PhotoView]):
    """Fields that are not named stay; a null clears. Refused: ``photo_not_found``,
    ``revision_conflict``, ``field_required``."""

    subject: ClassVar[str] = "cmd.documents.change_photo.v1"

    photo_id: UUID
    expected_revision: Revision | None = None
    caption: Caption | None = None
    visible_to_client: bool | None = None


class RemovePhoto(Command[Done]):
    """It is shown nowhere any more, and kept all the same. Removed already: changes nothing.
    Refused: ``photo_not_found``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.documents.remove_photo.v1"

    photo_id: UUID
    expected_revision: Revision | None = None


class ListPhotos(Question[Page[PhotoView]]):
    """Of an order, oldest first. Refused: ``order_not_found``."""

    subject: ClassVar[str] = "ask.documents.photos.v1"

    order_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class PhotoFile(View):
    """A picture: a JPEG that we made."""

    content: Base64Bytes


class GetPhoto(Question[PhotoFile]):
    """Refused: ``photo_not_found``."""

    subject: ClassVar[str] = "ask.documents.photo.v1"

    photo_id: UUID


class GetSmallPhoto(Question[PhotoFile]):
    """As ``GetPhoto``, at most 320 pixels: for lists."""

    subject: ClassVar[str] = "ask.documents.small_photo.v1"

    photo_id: UUID


# --- the client, by the estimate's link ----------------------------------------------------------


class ClientPhoto(View):
    """What a client sees of a photo."""

    id: UUID
    line_id: UUID | None
    caption: str | None
    width: Pixels
    height: Pixels


class ShowClientPhotos(Question[Page[ClientPhoto]]):
    """The photos of the link's order that are meant for the client, the first hundred. Asked by
    the gateway for whoever has the link (role ``client``). Refused: ``estimate_link_invalid``."""

    subject: ClassVar[str] = "ask.documents.client_photos.v1"

    token: EstimateToken = Field(repr=False)


class ShowClientPhoto(Question[PhotoFile]):
    """Refused: ``estimate_link_invalid``, ``photo_not_found`` (also one that is not the link's
    order's, or not meant for clients)."""

    subject: ClassVar[str] = "ask.documents.client_photo.v1"

    token: EstimateToken = Field(repr=False)
    photo_id: UUID
    small: bool = False


# --- events --------------------------------------------------------------------------------------


class PhotoEvent(Event):
    """What every fact of a photo carries. It is about the photo, and belongs to the order."""

    order_id: UUID
    number: str
    photo: PhotoView

    def aggregate_id(self) -> UUID:
        return self.photo.id


class PhotoAdded(PhotoEvent):
    """A photo was put on an order. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.photo_added.v1"


class PhotoChanged(PhotoEvent):
    """Its caption was edited, or clients may see it now, or not any more; ``changes`` has old and
    new. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.photo_changed.v1"


class PhotoRemoved(PhotoEvent):
    """A photo is shown no more. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.photo_removed.v1"
