"""The OpenAPI document: whole, valid, and of the same rows that answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pydantic_core
from openapi_spec_validator import validate
from pydantic import TypeAdapter

from services.gateway.api import PREFIX
from services.gateway.examples import ANSWERS, BODIES, EXAMPLE_PROBLEM
from services.gateway.openapi import openapi_document
from services.gateway.routes import AREAS
from shared.ids import new_id
from shared.refusals import REASONS
from tests.gateway.support import TestGateway

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints]


@cache
def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in openapi_document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid_and_always_the_same() -> None:
    document = openapi_document()
    validate(document)
    assert pydantic_core.to_json(document) == pydantic_core.to_json(openapi_document())


def test_every_endpoint_is_in_it_with_an_id_of_its_own() -> None:
    documented = operations()
    assert set(documented) == {
        f"{endpoint.method} {PREFIX}{endpoint.path}" for endpoint in ENDPOINTS
    }
    ids = [operation["operationId"] for operation in documented.values()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][a-z_]*", operation_id) for operation_id in ids)


def test_every_operation_says_what_it_takes_and_how_it_can_fail() -> None:
    for endpoint in ENDPOINTS:
        operation = operations()[f"{endpoint.method} {PREFIX}{endpoint.path}"]
        assert operation["tags"]
        assert operation["summary"]
        assert {str(endpoint.status), "422", "500", "503"} <= set(operation["responses"])
        named = {parameter.get("$ref", "") for parameter in operation.get("parameters", ())}
        assert ("#/components/parameters/IdempotencyKey" in named) == endpoint.keyed
        takes_revision = endpoint.reading is not None and endpoint.reading.has_revision
        assert ("#/components/parameters/IfMatch" in named) == takes_revision
        assert ("412" in operation["responses"]) == takes_revision
        assert ("401" in operation["responses"]) or endpoint.public


def test_whatever_names_a_thing_may_be_told_that_there_is_none() -> None:
    for endpoint in ENDPOINTS:
        named = re.findall(r"{(\w+)}", endpoint.path) if endpoint.message else []
        if endpoint.reading:
            asked = {*endpoint.reading.in_query, *endpoint.reading.in_body}
            named += [name for name in asked if name.endswith("_id")]
        responses = operations()[f"{endpoint.method} {PREFIX}{endpoint.path}"]["responses"]
        assert "404" in responses or not named, endpoint.path
    for path in ("/formulas/try", "/forms/preview"):
        assert "404" in operations()[f"POST {PREFIX}{path}"]["responses"], path


def test_a_file_that_is_known_already_is_answered_as_the_document_says() -> None:
    for path in ("/clients/imports", "/price-lists/imports", "/crosses/imports"):
        responses = operations()[f"POST {PREFIX}{path}"]["responses"]
        assert responses["200"]["content"] == responses["202"]["content"], path


def test_a_body_has_neither_what_the_path_says_nor_what_a_header_says() -> None:
    schemas = openapi_document()["components"]["schemas"]
    assert set(schemas["RequestParts"]["properties"]) == {"lines"}
    assert schemas["RequestParts"]["required"] == ["lines"]
    assert "client_id" not in schemas["AddVehicle"]["properties"]
    assert schemas["CreateOrder"]["required"] == ["client_id", "section_id", "employee_id"]
    assert schemas["CreateOrder"]["additionalProperties"] is False
    assert "OrderSummaryPage" in schemas


def test_every_body_has_an_example_that_its_contract_takes() -> None:
    shown = set()
    for endpoint in ENDPOINTS:
        model = endpoint.body or endpoint.message
        if model is None or not (endpoint.body or (endpoint.reading and endpoint.reading.in_body)):
            continue
        shown.add(model.__name__)
        fields = re.findall(r"{(\w+)}", endpoint.path)
        model.model_validate({**BODIES[model.__name__], **{name: str(new_id()) for name in fields}})
    assert shown == set(BODIES)


def test_every_example_of_an_answer_is_one() -> None:
    replies: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        if endpoint.reply is not None:
            items = endpoint.reply.__pydantic_generic_metadata__["args"] or (endpoint.reply,)
            replies[items[0].__name__] = items[0]
    for name, example in ANSWERS.items():
        adapter: TypeAdapter[Any] = TypeAdapter(replies[name])
        shown = adapter.dump_python(adapter.validate_python(example), mode="json")
        assert shown == example, name
    assert EXAMPLE_PROBLEM["code"] in REASONS


async def test_it_is_served_to_everybody(gateway: TestGateway) -> None:
    response = await gateway.anyone.get("/openapi.json")
    assert response.json() == openapi_document()
