"""Photos of orders."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from services.gateway.api import PREFIX, Area, Endpoint, delete, get, patch
from services.gateway.call import Call
from services.gateway.exports.sheets import JSON
from services.gateway.photos import FIELDS, photo_command
from services.gateway.problems import field_invalid
from services.gateway.uploads import received
from shared.contracts.photos import (
    AddPhoto,
    ChangePhoto,
    GetPhoto,
    GetSmallPhoto,
    ListPhotos,
    PhotoFile,
    PhotoView,
    RemovePhoto,
)
from shared.messaging.inbox import fingerprint
from shared.permissions import may
from shared.roles import ROLES

JPEG = "image/jpeg"
_ORDER = "/orders/{order_id}/photos"
_PHOTO = "/photos/{photo_id}"
KEPT = {"Cache-Control": "private, max-age=3600"}
"""By the browser that asked: a picture never changes, only whether it may be seen."""


async def upload_photo(call: Call, _: Endpoint) -> Response:
    person = await call.allowed(AddPhoto)
    key = call.idempotency_key()
    try:
        order_id = UUID(call.path_params["order_id"])
    except ValueError:
        raise field_invalid("order_id", "not_an_id") from None
    file = await received(call, call.query(FIELDS))
    command = await photo_command(call, file, order_id)
    body = command.model_dump_json(exclude_unset=True).encode()
    await call.gateway.keys.claim(person.user_id, key, fingerprint(command.subject, body))
    reply = await call.send(command.subject, body, key=f"{person.user_id}:{key}")
    photo = PhotoView.model_validate_json(reply)
    headers = {"Location": f"{PREFIX}/photos/{photo.id}", "ETag": f'"{photo.revision}"'}
    return Response(reply, 201, headers, JSON)


async def show_picture(call: Call, endpoint: Endpoint) -> Response:
    await call.allowed(endpoint.message)
    assert endpoint.reading is not None
    question = await endpoint.reading.read(call)
    assert isinstance(question, GetPhoto | GetSmallPhoto)
    reply = await call.send(type(question).subject, question.model_dump_json().encode())
    return Response(PhotoFile.model_validate_json(reply).content, headers=KEPT, media_type=JPEG)


def _picture(path: str, question: type[GetPhoto | GetSmallPhoto], summary: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        answer=show_picture,
        message=question,
        media_types=(JPEG,),
    )


_MAY_ADD = ", ".join(role for role in ROLES if may(role, AddPhoto))

AREA = Area(
    "photos",
    "Photos of orders",
    (
        Endpoint(
            method="POST",
            path=_ORDER,
            summary="Put a photo on an order",
            description=(
                "The body is the picture itself (JPEG, PNG or WebP, at most 50 megapixels), or a "
                "form with a field `file`. Further fields stand in the form or in the query: "
                "`caption`, `line_id`, `visible_to_client`. It is redrawn as a JPEG of at most "
                "1600 pixels, upright and without whatever else the file held.\n\n"
                f"For: {_MAY_ADD}."
            ),
            answer=upload_photo,
            reply=PhotoView,
            status=201,
            keyed=True,
            takes_file=(JPEG, "image/png", "image/webp"),
        ),
        get(_ORDER, ListPhotos, "An order's photos, oldest first"),
        _picture(_PHOTO, GetPhoto, "The picture"),
        _picture(f"{_PHOTO}/small", GetSmallPhoto, "The picture, at most 320 pixels"),
        patch(_PHOTO, ChangePhoto, "Say what it shows, and whether clients may see it"),
        delete(_PHOTO, RemovePhoto, "Take a photo off"),
    ),
)
