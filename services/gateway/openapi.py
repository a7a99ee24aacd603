"""The OpenAPI document of the tables in ``routes``: made from the same rows that answer.

Bodies, parameters and answers are the contracts' own models; what a command may be refused with
stands in its contract's docstring and becomes its description.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from services.gateway.api import PREFIX, Area, Endpoint
from services.gateway.examples import EXAMPLE_PROBLEM
from services.gateway.exports.sheets import JSON
from services.gateway.openapi_parts import (
    DESCRIPTION,
    FILE,
    HEADERS,
    MEANINGS,
    PARAMETERS,
    UPLOAD,
    Json,
)
from services.gateway.openapi_schemas import REFS, Schemas, body_model, untitled
from services.gateway.problems import MEDIA_TYPE, STATUSES
from services.gateway.reading import PERIOD_ENDS
from services.gateway.routes import AREAS
from shared.contracts.base import Message, Question
from shared.permissions import may
from shared.roles import ROLES

API_VERSION = "1.0.0"
"""Of the addresses and shapes under ``/api/v1``: they grow, and what breaks them is a v2."""

_PATH_FIELD = re.compile(r"{(\w+)}")


def openapi_document() -> Json:
    """The whole document; needs no server, and is the same for the same code."""
    schemas = Schemas([endpoint for area in AREAS for endpoint in area.endpoints])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pitlane", "version": API_VERSION, "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": area.name, "description": area.description} for area in AREAS],
        "security": [{"token": []}, {"cookie": []}],
        "paths": _paths(AREAS, schemas),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "pitlane",
                    "description": "For pages; over https it is called `__Host-pitlane`.",
                },
            },
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": {f"Problem{status}": _problem(status) for status in STATUSES},
            "schemas": schemas.components,
        },
    }


def _paths(areas: Iterable[Area], schemas: Schemas) -> Json:
    paths: Json = {}
    for area in areas:
        for endpoint in area.endpoints:
            operations = paths.setdefault(PREFIX + endpoint.path, {})
            operations[endpoint.method.lower()] = _operation(area, endpoint, schemas)
    return paths


def _operation(area: Area, endpoint: Endpoint, schemas: Schemas) -> Json:
    operation: Json = {
        "operationId": _operation_id(endpoint),
        "tags": [area.name],
        "summary": endpoint.summary,
        "description": "\n\n".join(_descriptions(endpoint)),
        "parameters": list(_parameters(endpoint)),
        "responses": _responses(endpoint, schemas),
    }
    if body := schemas.body(endpoint):
        operation["requestBody"] = {"required": True, "content": {JSON: body}}
    if endpoint.takes_file:
        files = dict.fromkeys(endpoint.takes_file, FILE)
        content = {"multipart/form-data": UPLOAD, **files}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.public:
        operation["security"] = []
    return {name: value for name, value in operation.items() if value or name == "security"}


def _operation_id(endpoint: Endpoint) -> str:
    name = endpoint.message.__name__ if endpoint.message else endpoint.answer.__name__
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _descriptions(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.description:
        yield endpoint.description
    if message := endpoint.message:
        if message.__doc__:
            # The contracts are written with double backticks.
            yield inspect.cleandoc(message.__doc__).replace("``", "`")
        yield "For: " + ", ".join(role for role in ROLES if may(role, message)) + "."


# --- what comes in ------------------------------------------------------------------------------


def _parameters(endpoint: Endpoint) -> Iterator[Json]:
    if endpoint.keyed:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    yield {"$ref": "#/components/parameters/CorrelationId"}
    reading = endpoint.reading
    if reading is None:
        for name in _PATH_FIELD.findall(endpoint.path):
            yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        return
    fields = _field_schemas(reading.message)
    for name in sorted(reading.in_path):
        yield {"name": name, "in": "path", "required": True, "schema": fields[name]}
    for name, field in reading.in_query.items():
        if field in PERIOD_ENDS:
            yield {"$ref": f"#/components/parameters/{name.title()}"}
        else:
            yield {
                "name": name,
                "in": "query",
                "allowEmptyValue": True,
                "schema": _without_null(fields[field]),
            }
    if reading.has_revision:
        yield {"$ref": "#/components/parameters/IfMatch"}
    if len(endpoint.media_types) > 1 and "format" not in reading.in_query:
        yield {"$ref": "#/components/parameters/Format"}


def _field_schemas(message: type[Message]) -> Json:
    schema = message.model_json_schema(ref_template=REFS)
    return {name: untitled(field) for name, field in schema["properties"].items()}


def _without_null(schema: Json) -> Json:
    """In a query there is no null: whoever wants none leaves the field out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**kinds[0], **rest}


# --- what goes out ------------------------------------------------------------------------------


def _responses(endpoint: Endpoint, schemas: Schemas) -> Json:
    headers = ["X-Correlation-Id"]
    if endpoint.tagged:
        headers.append("ETag")
    if endpoint.location:
        headers.append("Location")
    good: Json = {
        "description": "Done" if endpoint.status == 204 else "The answer",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }
    if endpoint.status != 204:
        # Other than JSON there are files, and one stream, whose events are the model.
        good["content"] = {
            media_type: FILE
            if media_type != JSON and (JSON in endpoint.media_types or endpoint.reply is None)
            else schemas.reply(endpoint)
            for media_type in endpoint.media_types
        }
    problems = {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in sorted(_possible(endpoint))
    }
    also = {str(endpoint.again): {**good, "description": "It was there"}} if endpoint.again else {}
    return {str(endpoint.status): good, **also, **problems}


def _possible(endpoint: Endpoint) -> set[int]:
    """The statuses that a problem of this endpoint may have."""
    possible = {422, 500, 503}
    if not endpoint.public:
        possible |= {401, 403}
    asks = endpoint.message or endpoint.body
    if "{" in endpoint.path or (asks and _names_a_thing(asks)):
        possible.add(404)
    if endpoint.method != "GET":
        possible |= {403}
    if body_model(endpoint) or endpoint.takes_file:
        possible |= {400, 408, 413, 415}
    if endpoint.keyed:
        possible.add(400)
    if endpoint.takes_file or (endpoint.message and not issubclass(endpoint.message, Question)):
        # A command may name things that are not there, or come at the wrong time.
        possible |= {404, 409}
    if endpoint.reading and endpoint.reading.has_revision:
        possible.add(412)
    if len(endpoint.media_types) > 1 and not endpoint.is_plain_list:
        possible.add(406)
    if endpoint.path.startswith("/session") and endpoint.body:
        possible |= {401, 409, 429}
    if "text/event-stream" in endpoint.media_types:
        possible.add(429)
    if endpoint.public and endpoint.method == "GET":
        possible |= {403, 404}
    return possible


def _names_a_thing(message: type[BaseModel]) -> bool:
    """In the path, the query or the body; it may not be there."""
    return any(name == "form" or name.endswith(("_id", "code")) for name in message.model_fields)


def _problem(status: int) -> Json:
    headers = {"X-Correlation-Id": {"$ref": "#/components/headers/X-Correlation-Id"}}
    if status in {429, 503}:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    return {
        "description": MEANINGS[status],
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": REFS.format(model="Problem")},
                "example": EXAMPLE_PROBLEM,
            }
        },
    }
