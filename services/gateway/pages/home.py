"""The front door, and what a person likes of the pages on this device."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.call import LANGUAGE_COOKIE
from services.gateway.pages.rendering import LANGUAGES
from services.gateway.pages.request import (
    THEME_COOKIE,
    THEMES,
    PageRequest,
    own_path,
)
from services.gateway.pages.routing import act, show
from shared.roles import CASHIER, OWNER, STOREKEEPER, TECHNICIAN

FIRST_PAGES = {
    TECHNICIAN: "/bay",
    STOREKEEPER: "/stock",
    CASHIER: "/till",
    OWNER: "/dashboard",
}
BOARD = "/board"


async def first_page(request: PageRequest) -> Response:
    """Each role begins where its work is."""
    return request.go(FIRST_PAGES.get(request.signed_in.role, BOARD))


async def choose_look(request: PageRequest) -> Response:
    """Language and theme, for this device."""
    response = request.go(own_path(request.form.get("next")))
    if (language := request.form.get("language")) in LANGUAGES:
        request.keep(response, LANGUAGE_COOKIE, language)
    if (theme := request.form.get("theme")) in THEMES:
        request.keep(response, THEME_COOKIE, theme)
    return response


PAGES = (
    show("/", first_page),
    act("/look", choose_look, public=True),
)
