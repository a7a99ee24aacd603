"""Which of our five hundred addresses a request means: found by its first word, not by trying all
of them one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

from services.gateway.api import PREFIX

_FIRST_WORD = re.compile(rf"(?:{PREFIX})?/[^/]*")


class Addresses(Router):
    """Starlette's router, with one for each first word below it. Their routes keep their order, and
    those that begin with any word are in each of them."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any]) -> None:
        super().__init__(routes, lifespan=lifespan)
        by_word = [(_word_of(route), route) for route in routes]
        self._others = _only([route for word, route in by_word if word is None])
        self._by_word = {
            asked: _only([route for word, route in by_word if word in {asked, None}])
            for asked in {word for word, _ in by_word if word is not None}
        }

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().app(scope, receive, send)
            return
        await self.that_may_answer(scope["path"]).app(scope, receive, send)

    def that_may_answer(self, path: str) -> Router:
        """No other routes than its own can match that path."""
        first = _FIRST_WORD.match(path)
        return self._by_word.get(first[0], self._others) if first else self._others


def _only(routes: Sequence[BaseRoute]) -> Router:
    return Router(routes, redirect_slashes=False)


def _word_of(route: BaseRoute) -> str | None:
    """None of a route that any word may begin."""
    first = _FIRST_WORD.match(route.path) if isinstance(route, Route) else None
    return None if first is None or "{" in first[0] else first[0]
