"""Every address is found as if all routes were tried one after the other, though few are."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute, Match, Route

from services.gateway.addresses import Addresses
from services.gateway.app import all_routes

ROUTES = all_routes()
STRANGE = ("", "*", "/", "//", "/api", "/api/v1", "/api/v1/", "/api/v1//x", "/e", "/none/x")


def found(routes: Sequence[BaseRoute], path: str) -> BaseRoute | None:
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    return next((route for route in routes if route.matches(scope)[0] is not Match.NONE), None)


def some_path(route: BaseRoute, filling: str) -> str:
    assert isinstance(route, Route)
    return re.sub(r"{[^}]*}", filling, route.path)


@asynccontextmanager
async def nothing_runs(_: object) -> AsyncIterator[None]:
    yield


def test_an_address_is_found_by_its_shape_as_among_all_routes() -> None:
    addresses = Addresses(ROUTES, nothing_runs)
    paths = {some_path(route, filling) for route in ROUTES for filling in ("x", "a/b", "")}
    for path in (*paths, *(path + "/" for path in paths), *STRANGE):
        assert found(addresses.that_may_answer(path).routes, path) is found(ROUTES, path), path


def test_few_routes_are_tried() -> None:
    addresses = Addresses(ROUTES, nothing_runs)
    tried = [len(addresses.that_may_answer(some_path(route, "x")).routes) for route in ROUTES]
    assert len(ROUTES) > 400
    assert sum(tried) / len(tried) < len(ROUTES) / 30
