"""Who did something, as people know each other: by name, not by login."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from services.gateway.pages.request import PageRequest
from services.gateway.store import users

CLIENT_LINK = "client link"
"""What the logins of those begin with who answer by an estimate's link."""


async def names_of(request: PageRequest, logins: Iterable[str]) -> dict[str, str]:
    """By login, what to call whoever acted: an employee, the client by their link, or nobody, but
    the station's own rules."""
    wanted = set(logins)
    async with request.call.gateway.engine.connect() as connection:
        rows = await connection.execute(
            select(users.c.login, users.c.name).where(users.c.login.in_(wanted))
        )
        known = {row.login: row.name for row in rows}
    return {login: known.get(login) or _without_login(request, login) for login in wanted}


def _without_login(request: PageRequest, login: str) -> str:
    if login.startswith(CLIENT_LINK):
        return request._("The client, by link")
    return request._("Automatically")
