"""One HTTP request on its way through the gateway: who sends it, and what it says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Set
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import pydantic_core
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope

from services.gateway.crowd import Crowd
from services.gateway.problems import field_invalid, unknown_fields, unreadable
from shared.contracts import users
from shared.contracts.base import Command, Message
from shared.ids import new_id
from shared.messaging.envelope import Actor, Envelope, opening
from shared.permissions import may, scope_of, within
from shared.refusals import Kind, Refused

if TYPE_CHECKING:
    from services.gateway.app import Gateway
    from services.gateway.person import Person

MAX_BODY_BYTES = 1024 * 1024
MAX_STRANGERS_BODY_BYTES = 16 * 1024
"""Of whoever has not signed in: a login and its password are short."""
BODY_WITHIN_S = 30.0
"""A body as people's forms and programs send it; a file may take longer (``PER_MB_S``)."""
PER_MB_S = 10.0
MAX_QUERY_FIELDS = 50
SECRET_PATH = "/e/"
"""What follows it opens a door, and is told to nobody: no log, no trace, no answer names it."""
LANGUAGES = ("en", "ru")
LANGUAGE_COOKIE = "pitlane-lang"
DONE_BY = b"pitlane-person"
"""The login, quoted, of whoever did on a page what it sends."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ANONYMOUS = Actor("anonymous")

type Presents = Callable[[Call, Refused], Awaitable[Response]]
"""How a no is shown to people."""

_CALL = "pitlane.call"
_NOBODY = nullcontext()
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,128}")
_ETAG = re.compile(r'"?([1-9][0-9]{0,9})"?')
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_JSON = re.compile(r"application/(?:[\w.-]+\+)?json(?:\s*;\s*charset=\"?utf-?8\"?)?\s*", re.I)


class Call:
    """Made by the edge for every request; routes read it and leave in it what the log line and
    the audit say afterwards."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        scope[_CALL] = self
        self.scope = scope
        self._receive = receive
        self.method: str = scope["method"]
        path: str = scope["path"][:500]
        self.path = f"{SECRET_PATH}…" if path.startswith(SECRET_PATH) else path
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.correlation_id = _uuid(self.header(b"x-correlation-id")) or new_id()
        traceparent = self.header(b"traceparent") or ""
        self.traceparent = traceparent if _TRACEPARENT.fullmatch(traceparent) else None
        self.path_params: dict[str, str] = {}
        self.route = "-"
        """The path's pattern; a dash for what no route answers."""
        self.actor = ANONYMOUS
        self.order_id: UUID | None = None
        self.code: str | None = None
        """Of the problem that this request came to."""
        self.presents: Presents | None = None
        """Where it is people who asked; else a no is a problem document."""
        self.seen = ""
        """How far changes had come when a page began to be made."""
        self.crowd: Crowd | None = None
        """Of those in work, while this one is."""
        self.refused_by_service = False
        """The service has told the audit itself."""

    @classmethod
    def of(cls, scope: Scope) -> Call:
        call: Call = scope[_CALL]
        return call

    def found(self, route: str, path_params: dict[str, str]) -> None:
        """A route answers; its order is known even if the rest turns out to be wrong."""
        self.route = route
        self.path_params = path_params
        self.order_id = _uuid(path_params.get("order_id"))

    @property
    def gateway(self) -> Gateway:
        gateway: Gateway = self.scope["app"].state.gateway
        return gateway

    @property
    def changes_something(self) -> bool:
        return self.method not in SAFE_METHODS

    @property
    def secure(self) -> bool:
        return bool(self.scope["scheme"] == "https")

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else "unknown"

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def is_from_a_browser(self) -> bool:
        """People look at the answer, however a page of ours fetches it."""
        return "text/html" in (self.header(b"accept") or "")

    # --- who --------------------------------------------------------------------------------

    async def signed_in(self, *, anew: bool = False) -> Person:
        """Whoever sent this. ``anew``: as ``Sessions.person_of``. Raises ``sign_in_required``,
        ``cross_site_request``, ``form_of_another``."""
        token, by_cookie = self.token()
        sessions = self.gateway.sessions
        person = await sessions.person_of(token, anew=anew) if token else None
        if person is None:
            raise Refused("sign_in_required")
        self.actor = person.actor
        # A browser adds the cookie to whatever any page sends; a Bearer token it does not.
        if by_cookie and self.changes_something and not self.same_site:
            raise Refused("cross_site_request")
        # A page that sends later what was done on it earlier says who did it: the same key of
        # somebody else would be another one, and take effect twice.
        if by_cookie and (done_by := self.header(DONE_BY)) and unquote(done_by) != person.login:
            raise Refused("form_of_another", name=person.name)
        return person

    async def allowed(self, message: type[Message] | None) -> Person:
        """Whoever sent this and may send that message; without one, whoever is signed in.
        Raises as ``signed_in``, ``forbidden``, ``scope_missing`` or
        ``password_change_required``."""
        person = await self.signed_in(anew=message is not None and _opens_doors(message))
        if message is not None and not may(person.role, message):
            raise Refused("forbidden")
        if message is not None and not within(person.scopes, message):
            raise Refused("scope_missing", scope=scope_of(message) or "—")
        # A program has no password to choose: whether it goes on is said with the reset.
        if person.must_change_password and person.session_id is not None:
            raise Refused("password_change_required")
        return person

    async def in_person(self) -> Person:
        """As ``signed_in``, but no program: raises ``person_required``."""
        person = await self.signed_in(anew=True)
        if person.session_id is None:
            raise Refused("person_required")
        return person

    def token(self) -> tuple[str | None, bool]:
        """The session's token, and whether it came as a cookie."""
        if authorization := self.header(b"authorization"):
            scheme, _, token = authorization.partition(" ")
            return (token.strip() if scheme.lower() == "bearer" else None), False
        if cookies := self.header(b"cookie"):
            return cookie_in(cookies, cookie_name(self.secure)), True
        return None, False

    @property
    def from_elsewhere(self) -> bool:
        """Whether its browser says that another site's page sent this."""
        says = self.header(b"sec-fetch-site") or self.header(b"origin")
        return says is not None and not self.same_site

    @property
    def same_site(self) -> bool:
        """Whether one of our own pages sent this, as far as its browser tells."""
        if site := self.header(b"sec-fetch-site"):
            return site in {"same-origin", "none"}
        origin = self.header(b"origin")
        return origin is not None and urlsplit(origin).netloc == self.header(b"host")

    # --- what -------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        """``ru`` or ``en``: as chosen on our pages on this device, which also download what the API
        gives; else whichever is accepted more gladly; English when neither is named."""
        chosen = cookie_in(self.header(b"cookie") or "", LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        wish = dict(accepted(self.header(b"accept-language") or ""))
        by_default = wish.get("*", 0.0)
        russian, english = (
            max((q for tag, q in wish.items() if tag.split("-")[0] == name), default=by_default)
            for name in ("ru", "en")
        )
        return "ru" if russian > english else "en"

    def idempotency_key(self) -> str:
        key = self.header(b"idempotency-key")
        if key is None:
            raise Refused("idempotency_key_missing")
        return as_key(key)

    def expected_revision(self) -> int | None:
        """The revision that ``If-Match`` names; ``*`` is any."""
        wanted = self.header(b"if-match")
        if wanted is None or wanted.strip() == "*":
            return None
        match = _ETAG.fullmatch(wanted.strip())
        if match is None:
            raise field_invalid("If-Match", "not_a_revision")
        return int(match[1])

    def query(self, known: Set[str]) -> dict[str, str]:
        """The query's fields; an empty one is as none. Unknown and repeated ones are refused."""
        return query_of(self.scope["query_string"], known)

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one."""
        body = await self.body()
        if not body:
            return {}
        if not _JSON.fullmatch(self.header(b"content-type") or ""):
            raise Refused("content_type_unsupported")
        try:
            value = pydantic_core.from_json(body, allow_inf_nan=False, cache_strings="keys")
        except (ValueError, RecursionError):
            raise unreadable("not_json") from None
        if not isinstance(value, dict):
            raise unreadable("not_an_object")
        return value

    async def body(self) -> bytes:
        """All of it, up to a limit."""
        most = MAX_STRANGERS_BODY_BYTES if self.actor is ANONYMOUS else MAX_BODY_BYTES
        body = bytearray()
        async for part in self.stream(most):
            body += part
        return bytes(body)

    async def stream(self, most: int) -> AsyncGenerator[bytes]:
        """The body as it comes, up to ``most`` bytes, whatever its length is said to be.
        Raises ``body_too_large`` and ``body_too_slow``."""
        said = self.header(b"content-length") or "0"
        if said.isdecimal() and (len(said) > 9 or int(said) > most):
            raise Refused("body_too_large", limit=most)
        come = 0
        within = BODY_WITHIN_S + PER_MB_S * (most // MAX_BODY_BYTES - 1)
        until = asyncio.get_running_loop().time() + within
        while True:
            try:
                async with asyncio.timeout_at(until):
                    message = await self._from_outside()
            except TimeoutError:
                raise Refused("body_too_slow", seconds=round(within)) from None
            if message["type"] == "http.disconnect":
                # What has come so far may even be valid, and still is not what was meant.
                raise ClientDisconnect
            part: bytes = message.get("body", b"")
            come += len(part)
            if come > most:
                raise Refused("body_too_large", limit=most)
            if part:
                yield part
            if not message.get("more_body", False):
                return

    async def _from_outside(self) -> AsgiMessage:
        with self.waiting():
            return await self._receive()

    def waiting(self) -> AbstractContextManager[None]:
        """While whoever sent this sends more of it, or takes the answer: at their own pace, and
        at nobody else's cost."""
        return self.crowd.outside if self.crowd else _NOBODY

    # --- onwards ----------------------------------------------------------------------------

    async def send(self, subject: str, body: bytes, *, key: str | None = None) -> bytes:
        """Sends a command or question on; answers its reply as it came, or raises its refusal."""
        try:
            return await self.gateway.client.request(subject, body, self.envelope(subject, key))
        except Refused as refusal:
            # A service that does not answer has told nobody.
            self.refused_by_service = refusal.reason.kind is not Kind.UNAVAILABLE
            raise

    def envelope(self, message_type: str, key: str | None = None) -> Envelope:
        return opening(
            self.gateway.source,
            message_type,
            self.actor,
            correlation_id=self.correlation_id,
            order_id=self.order_id,
            idempotency_key=key,
            traceparent=self.traceparent,
        )


def _opens_doors(message: type[Message]) -> bool:
    """What comes of it may outlive the session that it is sent in: a user, a password, a token."""
    return message.__module__ == users.__name__ and issubclass(message, Command)


def as_key(said: str) -> str:
    """An idempotency key as services can keep it. Raises ``idempotency_key_invalid``."""
    if not _VISIBLE_ASCII.fullmatch(said):
        raise Refused("idempotency_key_invalid")
    return said


def query_of(raw: bytes, known: Set[str]) -> dict[str, str]:
    """As ``Call.query``, of an address that came otherwise."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError:
        raise field_invalid("query", "too_many_fields") from None
    fields = dict(pairs)
    if unknown := [name for name in fields if name not in known]:
        raise unknown_fields(unknown)
    if len(fields) != len(pairs):
        raise field_invalid("query", "field_twice")
    return {name: value for name, value in fields.items() if value}


def cookie_name(secure: bool, name: str = "pitlane") -> str:
    # Browsers keep the prefixed name to this host and to https; over plain http they refuse it.
    return f"__Host-{name}" if secure else name


def accepted(header: str) -> list[tuple[str, float]]:
    """What an ``Accept…`` header names and how gladly (0 to 1), in its own order."""
    wishes = []
    for item in header.split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        if name:
            wishes.append((name, _quality(parameters)))
    return wishes


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def cookie_in(header: str, name: str) -> str | None:
    for cookie in header.split(";"):
        said, _, value = cookie.strip().partition("=")
        if said == name:
            return value
    return None


def _uuid(value: str | None) -> UUID | None:
    if value is None or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None
