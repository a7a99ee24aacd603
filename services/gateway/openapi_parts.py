"""What the OpenAPI document says in the same words everywhere."""

from __future__ import annotations

from typing import Any

from services.gateway.exports.sheets import FORMATS

type Json = dict[str, Any]

DESCRIPTION = """\
Everything that a station does, over HTTP. Ids are UUIDs, money and quantities decimal strings,
times RFC 3339. Lists are `{"items": […], "next": cursor|null}`: pass `next` as `cursor` to go on.

- **Sign in** with `POST /api/v1/session` and send the token as `Authorization: Bearer …`.
- **Every write** takes an `Idempotency-Key`: the same request with the same key is answered as the
  first time and done once, whatever happened in between; so after a 503 or a broken connection
  send it again. One key stands for one request.
- **Edits** take `If-Match` with the `ETag` that was seen; 412 says that somebody was faster. In a
  PATCH a field that is left out stays, and a null clears it.
- **Problems** are RFC 9457 details; act on `code`, show `detail`, which is Russian or English by
  `Accept-Language`; so is what a client is called whose data were erased.
- Every answer has an `X-Correlation-Id`; a UUID that you send in is used. Logs and audit know it.
"""
MEANINGS = {
    400: "The request cannot be read, or its `Idempotency-Key` is missing or malformed",
    401: "Not signed in, or login and password do not match",
    403: "Not for this role",
    404: "There is no such thing",
    405: "This address does not answer this method",
    406: "There is no representation that `Accept` allows",
    408: "The body came too slowly",
    409: "Not in the state that the thing is in",
    412: "It has changed since the revision in `If-Match`",
    413: "The body is larger than 1 MiB",
    415: "The body is not JSON",
    422: "Something about the request is wrong; `errors` names the fields",
    429: "Too many failed sign-ins, or screens of one user; `Retry-After` says when",
    431: "Address and headers are larger than 32 KiB",
    500: "Our fault; nothing more is told",
    503: (
        "A service does not answer, or too much is asked at once; send the same request with the "
        "same key again"
    ),
}
FILE: Json = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: Json = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
        "additionalProperties": {"type": "string"},
    }
}
PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "instance", "correlation_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "For people, in their language"},
        "code": {"type": "string", "description": "For programs; never changes its meaning"},
        "instance": {"type": "string", "format": "uri-reference"},
        "correlation_id": {"type": "string", "format": "uuid"},
        "params": {
            "type": "object",
            "description": "What the words of `detail` speak of",
            "additionalProperties": {"type": "string"},
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_MOMENT: Json = {
    "type": "string",
    "examples": ["2026-11-23", "2026-11-23T08:00:00+03:00"],
}
PARAMETERS: Json = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Of your own making, e.g. a UUID; honoured for 30 days.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
        "example": "5f3f1d0c-2f0e-4c52-9a44-3f2d2f4c9f01",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` of what you saw.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "CorrelationId": {
        "name": "X-Correlation-Id",
        "in": "header",
        "schema": {"type": "string", "format": "uuid"},
    },
    "From": {
        "name": "from",
        "in": "query",
        "allowEmptyValue": True,
        "description": "Inclusive; a plain date is the station's midnight with which it begins.",
        "schema": _MOMENT,
    },
    "To": {
        "name": "to",
        "in": "query",
        "allowEmptyValue": True,
        "description": "Exclusive: `from=2026-11-01&to=2026-12-01` is November.",
        "schema": _MOMENT,
    },
    "Format": {
        "name": "format",
        "in": "query",
        "allowEmptyValue": True,
        "description": (
            "Goes before `Accept`. CSV is UTF-8 with a byte order mark; with a Russian "
            "`Accept-Language` it has semicolons and decimal commas, as Excel in Russia opens it."
        ),
        "schema": {"type": "string", "enum": list(FORMATS)},
    },
}
HEADERS: Json = {
    "X-Correlation-Id": {"schema": {"type": "string", "format": "uuid"}},
    "ETag": {"schema": {"type": "string"}, "example": '"3"'},
    "Location": {"schema": {"type": "string", "format": "uri-reference"}},
    "Retry-After": {"description": "Seconds", "schema": {"type": "integer"}},
}
