"""The contracts' models as the schemas of the OpenAPI document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES, answer_example
from services.gateway.openapi_parts import PROBLEM, Json
from services.gateway.reading import PERIOD_ENDS, REVISION

REFS = "#/components/schemas/{model}"


class Schemas:
    """The models of all bodies and answers, under one set of names."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
        for endpoint in endpoints:
            if body := body_model(endpoint):
                models[body, "validation"] = None
            if endpoint.reply is not None:
                models[endpoint.reply, "serialization"] = None
        self._refs, definitions = models_json_schema(list(models), ref_template=REFS)
        # Page[OrderSummary] would otherwise be called Page_OrderSummary_.
        names = {name: _page_name(name) for name in definitions["$defs"]}
        self._refs = _renamed(self._refs, names)
        schemas = definitions["$defs"]
        self.components: Json = {
            names[name]: untitled(_renamed(schemas[name], names))
            for name in sorted(schemas, key=names.__getitem__)
        }
        for endpoint in endpoints:
            self._take_out_what_stands_elsewhere(endpoint)
        self.components["Problem"] = PROBLEM

    def body(self, endpoint: Endpoint) -> Json | None:
        model = body_model(endpoint)
        if model is None:
            return None
        body: Json = {"schema": self._refs[model, "validation"]}
        if model.__name__ in BODIES:
            body["example"] = BODIES[model.__name__]
        return body

    def reply(self, endpoint: Endpoint) -> Json:
        content: Json = {"schema": self._refs[endpoint.reply, "serialization"]}
        if example := answer_example(endpoint.reply):
            content["example"] = example
        return content

    def _take_out_what_stands_elsewhere(self, endpoint: Endpoint) -> None:
        """What a message has of its path or of a header is not in the body."""
        model, reading = body_model(endpoint), endpoint.reading
        if model is None or reading is None:
            return
        schema = self.components[self._refs[model, "validation"]["$ref"].rsplit("/", 1)[-1]]
        for name in (*reading.in_path, REVISION):
            schema["properties"].pop(name, None)
        if reading.asks_in_body:
            schema["properties"] = {
                PERIOD_ENDS.get(name, name): field for name, field in schema["properties"].items()
            }
        if required := [name for name in schema.pop("required", ()) if name in reading.in_body]:
            schema["required"] = required


def body_model(endpoint: Endpoint) -> type[BaseModel] | None:
    if endpoint.body:
        return endpoint.body
    reading = endpoint.reading
    return endpoint.message if reading and reading.in_body else None


def _page_name(name: str) -> str:
    return re.sub(r"^Page_(\w+?)_$", r"\1Page", name)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same with every reference pointing to the new name."""
    if isinstance(value, dict):
        return {
            key: REFS.format(model=names[item.rsplit("/", 1)[-1]])
            if key == "$ref"
            else _renamed(item, names)
            for key, item in value.items()
        }
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def untitled(schema: Json) -> Json:
    """Without the titles that only repeat a field's name."""
    plain = {key: value for key, value in schema.items() if key != "title"}
    if "description" in plain:
        plain["description"] = inspect.cleandoc(plain["description"]).replace("``", "`")
    if "properties" in plain:
        plain["properties"] = {name: untitled(field) for name, field in plain["properties"].items()}
    return plain
