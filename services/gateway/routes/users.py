"""Users, one's own sessions, and the tokens of one's programs."""

from __future__ import annotations

from dataclasses import replace

import pydantic_core
from starlette.responses import Response

from services.gateway.api import Area, Endpoint, delete, get, patch, post, sent, shown
from services.gateway.call import Call
from services.gateway.sealing import opened
from shared.contracts.users import (
    ChangeUser,
    CreateToken,
    CreateUser,
    EndSession,
    EndUserSessions,
    FindUsers,
    GetUser,
    ListSessions,
    ListTokens,
    ResetPassword,
    ResetTotp,
    RevokeToken,
)

_SECRETS = frozenset({"one_time_password", "token"})


async def _answer(call: Call, endpoint: Endpoint) -> Response:
    """As any command, but what it changes about sessions counts here at once, and whoever asked
    is told the secret, which came sealed."""
    thing = pydantic_core.from_json(await sent(call, endpoint))
    call.gateway.sessions.forget()
    for name in _SECRETS & thing.keys():
        thing[name] = opened(call.gateway.settings, thing[name])
    return shown(call, endpoint, pydantic_core.to_json(thing))


def _own(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, answer=_answer)


AREA = Area(
    "users",
    "Who may sign in, and as what",
    (
        get("/users", FindUsers, "Users by login"),
        _own(post("/users", CreateUser, "Add a user", location="/users/{user[id]}")),
        get("/users/{user_id}", GetUser, "A user"),
        _own(patch("/users/{user_id}", ChangeUser, "Edit a user")),
        _own(
            post(
                "/users/{user_id}/password",
                ResetPassword,
                "Give a user a one-time password, and end what it opened",
                status=200,
            )
        ),
        _own(delete("/users/{user_id}/sessions", EndUserSessions, "Sign a user out everywhere")),
        _own(delete("/users/{user_id}/totp", ResetTotp, "Take a lost second factor away")),
    ),
)
PROGRAMS = Area(
    "tokens",
    "One's own sessions, and tokens for programs",
    (
        get("/sessions", ListSessions, "One's own sessions"),
        _own(delete("/sessions/{session_id}", EndSession, "End one of one's sessions")),
        get("/tokens", ListTokens, "Tokens of programs"),
        _own(post("/tokens", CreateToken, "Make a token for a program")),
        _own(delete("/tokens/{token_id}", RevokeToken, "Revoke a token")),
    ),
)
