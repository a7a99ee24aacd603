"""Where requests can name a thing, so that one of somebody else's can be put there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES

NOBODY = "019ab0c6-0000-7000-8000-000000000000"
CALLED = {
    "about": "order_id",
    "booking_ids": "booking_id",
    "customer_id": "client_id",
    "driver_id": "client_id",
    "examiner_id": "employee_id",
    "from_warehouse_id": "warehouse_id",
    "item_id": "section_id",
    "line_ids": "line_id",
    "lines": "line_id",
    "mechanic_id": "employee_id",
    "one_id": "client_id",
    "other_id": "client_id",
    "payer_id": "client_id",
    "product_ids": "product_id",
    "product_responsible_id": "employee_id",
    "responsible_id": "employee_id",
    "service_line_id": "line_id",
    "tag_ids": "tag_id",
    "technician_id": "employee_id",
    "to_warehouse_id": "other_warehouse_id",
    "without_tag_ids": "tag_id",
}
"""Names that fields and addresses have for a thing of another name."""

INSTEAD: dict[str, dict[str | int, dict[str, Any]]] = {
    "AddAbsence": {
        "post_id": {k: v for k, v in BODIES["AddAbsence"].items() if k != "employee_id"}
    },
    "AddService": {"performers": {**BODIES["AddService"], "performers": [{"share": "100"}]}},
    "ChangeLine": {"performers": {"performers": [{"share": "100"}]}},
    "ChangePackage": {
        "goods": {"goods": BODIES["CreatePackage"]["goods"]},
        "services": {"services": BODIES["CreatePackage"]["services"]},
    },
    "ChangePurchaseOrder": {"lines": {"lines": BODIES["CreatePurchaseOrder"]["lines"]}},
    "CreateOrder": {
        "booking": {**BODIES["CreateOrder"], "booking": BODIES["BookPost"]},
        "driver_id": {k: v for k, v in BODIES["CreateOrder"].items() if k != "driver"},
    },
    "CreateSegment": {"conditions": {"name": "Ещё один", "conditions": {"visits_from": 2}}},
    "ReceivePurchase": {
        "extra_costs": {
            "lines": BODIES["ReceivePurchase"]["lines"],
            "extra_costs": BODIES["ReceiveStock"]["extra_costs"],
        }
    },
    "ScanCount": {"product_id": {"quantity": "1"}},
    "SendMessage": {"template_id": {"order_id": NOBODY, "channel": "sms"}},
    "StartClock": {"stops": {"stops": {"order_id": NOBODY, "line_id": NOBODY}}},
}
"""By message and field: bodies in which an id can stand there, where the example has no room."""

type Steps = tuple[str | int, ...]
"""The way to a field from the outside of a body: names, and places in lists."""


@dataclass(frozen=True)
class Place:
    """One id in the requests of one address."""

    endpoint: Endpoint
    where: str
    """``path``, ``query`` or ``body``."""
    steps: Steps

    def __str__(self) -> str:
        steps = ".".join(str(step) for step in self.steps)
        return f"{self.endpoint.method} {self.endpoint.path} {self.where} {steps}"

    @property
    def name(self) -> str:
        """Of the thing, as its field says it: ``lines[0]`` is a line."""
        return next(str(step) for step in reversed(self.steps) if isinstance(step, str))


def places(endpoint: Endpoint) -> Iterator[Place]:
    """Everywhere a request of this address can name a thing by its id."""
    for name in re.findall(r"{(\w+)}", endpoint.path):
        yield Place(endpoint, "path", (name,))
    if endpoint.message is None or endpoint.reading is None:
        return
    schema = endpoint.message.model_json_schema()
    reading = endpoint.reading
    for name, inner in schema.get("properties", {}).items():
        for steps in _ids_in(inner, schema.get("$defs", {})):
            if name in reading.in_query.values():
                yield Place(endpoint, "query", (name, *steps))
            elif name in reading.in_body:
                yield Place(endpoint, "body", (name, *steps))


def _ids_in(schema: dict[str, Any], known: dict[str, Any]) -> Iterator[Steps]:
    if "$ref" in schema:
        schema = known[schema["$ref"].rsplit("/", 1)[-1]]
    if schema.get("format") == "uuid":
        yield ()
    found = [steps for one in schema.get("anyOf", ()) for steps in _ids_in(one, known)]
    for name, inner in schema.get("properties", {}).items():
        found += [(name, *steps) for steps in _ids_in(inner, known)]
    if "items" in schema:
        found += [(0, *steps) for steps in _ids_in(schema["items"], known)]
    yield from dict.fromkeys(found)


def body_for(place: Place) -> dict[str, Any]:
    """A valid body that has room for the id, if it is to stand there."""
    name = getattr(place.endpoint.message, "__name__", "")
    if place.where == "body" and (instead := INSTEAD.get(name, {}).get(place.steps[0])):
        return deepcopy(instead)
    return deepcopy(BODIES.get(name, {}))


def put(body: Any, steps: Steps, value: str) -> None:
    """Sets the field at the end of that way, and makes the way where there is none."""
    step, *rest = steps
    if isinstance(step, int) and not body:
        body.append({} if rest else value)
    if not rest:
        body[step] = value
        return
    if not isinstance(step, int) and not body.get(step):
        body[step] = [] if isinstance(rest[0], int) else {}
    put(body[step], tuple(rest), value)


def called(name: str, things: dict[str, str]) -> str:
    """The id of the thing that goes by that name; one that nobody has given, if there is none."""
    return things.get(name) or things.get(CALLED.get(name, name)) or NOBODY


def fitted(value: Any, things: dict[str, str]) -> Any:
    """An example with the ids of things that there are."""
    if isinstance(value, list):
        return [fitted(inner, things) for inner in value]
    if not isinstance(value, dict):
        return value
    made: dict[str, Any] = {}
    for name, inner in value.items():
        one = things.get(name) or things.get(CALLED.get(str(name), str(name)))
        if one and isinstance(inner, str):
            made[name] = one
        elif one and isinstance(inner, list) and all(isinstance(each, str) for each in inner):
            made[name] = [one]
        else:
            made[name] = fitted(inner, things)
    return made
