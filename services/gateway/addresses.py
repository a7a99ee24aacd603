"""Which of our five hundred addresses a request means: found by its first word and its length, not
by trying all of them one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

from services.gateway.api import PREFIX

_FIRST_WORD = re.compile(rf"(?:{PREFIX})?/[^/]*")

type Shape = tuple[str, int]
"""The first word of a path, and how many there are: a field in braces stands for exactly one."""


class Addresses(Router):
    """Starlette's router, with one for each shape below it. Their routes keep their order, and
    those of any shape are in each of them."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any]) -> None:
        super().__init__(routes, lifespan=lifespan)
        shapes = [(_shape_of_route(route), route) for route in routes]
        self._others = _only([route for shape, route in shapes if shape is None])
        self._by_shape = {
            asked: _only([route for shape, route in shapes if shape in {asked, None}])
            for asked in {shape for shape, _ in shapes if shape is not None}
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().app(scope, receive, send)
            return
        await self.that_may_answer(scope["path"]).app(scope, receive, send)

    def that_may_answer(self, path: str) -> Router:
        """No other routes than its own can match that path."""
        return self._by_shape.get(_shape_of(path), self._others)


def _only(routes: Sequence[BaseRoute]) -> Router:
    return Router(routes, redirect_slashes=False)


def _shape_of(path: str) -> Shape:
    first = _FIRST_WORD.match(path)
    return first[0] if first else "", path.count("/")


def _shape_of_route(route: BaseRoute) -> Shape | None:
    """None of a route that paths of several shapes may match."""
    if not isinstance(route, Route) or ":path}" in route.path:
        return None
    first, words = _shape_of(route.path)
    return None if "{" in first else (first, words)
