"""One request of a page: who sits before it, what they ask of services, what they are shown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from string import Formatter
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import RedirectResponse, Response

from services.gateway.call import Call
from services.gateway.pages.forms import BY, CSRF, KEY, Form, csrf_token, ensure_own, read
from services.gateway.pages.rendering import (
    LOCALES,
    STAFF_POLICY,
    moment,
    money,
    number,
    page,
    translations,
)
from services.gateway.person import Person
from services.gateway.reading import PERIOD_ENDS
from services.gateway.uploads import Received, received
from shared.contracts.base import Command, Message, Question
from shared.contracts.operations import addressed_to
from shared.ids import new_id
from shared.messaging.client import ServiceClient, UnreadableReply, read_reply
from shared.permissions import may, may_take_away, message_named
from shared.refusals import Refused
from shared.roles import may_see_cost

log = structlog.get_logger(__name__)

THEMES = ("auto", "light", "dark")
THEME_COOKIE, NOTICE_COOKIE = "pitlane-theme", "pitlane-said"
SEEN = "Pitlane-Seen"
"""The header that says how far changes had come when a page began to be made."""
KEEP_S = 365 * 24 * 3600
NOTICE_S = 30
NOTICE_CHARS = 300
PATIENCE_S = 2.0
"""How long a page waits for a part that it can do without."""


class Query(dict[str, str]):
    """What an address does not say is an empty text in templates."""

    def __missing__(self, name: str) -> str:
        return ""


class FieldIds(Counter[str]):
    """Ids for the fields of one page: several of its forms may ask for the same."""

    def __call__(self, name: str) -> str:
        self[name] += 1
        return f"field-{name}" if self[name] == 1 else f"field-{name}-{self[name]}"


@dataclass(frozen=True)
class PageRequest:
    """What a page is made from. ``form`` is read before a page that takes one is called."""

    call: Call
    person: Person | None
    form: Form
    file: Received | None = None
    """What came with the form of a page that takes a file; whoever answers closes it."""

    @classmethod
    async def of(
        cls, call: Call, needs: type[Message] | None, *, public: bool, takes_file: bool = False
    ) -> PageRequest:
        """Raises ``sign_in_required``, ``forbidden``, ``form_of_another``, ``cross_site_request``;
        where a file is taken, as ``uploads.received`` too."""
        zone = call.gateway.settings.zone
        token, by_cookie = call.token()
        if not public:
            person: Person | None = await call.allowed(needs)
        else:
            person = await call.gateway.sessions.person_of(token) if token else None
            call.actor = person.actor if person else call.actor
        if person:
            call.seen = await call.gateway.changes.place()
        if not call.changes_something:
            return cls(call, person, Form((), zone))
        # Not even without a cookie: another site's page must not sign a browser in as somebody.
        if call.from_elsewhere or (by_cookie and not call.same_site):
            raise Refused("cross_site_request")
        file = await received(call, {}) if takes_file else None
        try:
            form = (
                Form.said(file.fields.items(), zone) if file else Form.of(await call.body(), zone)
            )
            if person and token and by_cookie:
                ensure_own(form, token, person)
        except Refused:
            if file:
                file.file.close()
            raise
        return cls(call, person, form, file)

    # --- who and where ----------------------------------------------------------------------

    @property
    def services(self) -> ServiceClient:
        """Asked in the gateway's own right."""
        return self.call.gateway.client

    @property
    def engine(self) -> AsyncEngine:
        return self.call.gateway.engine

    @property
    def zone(self) -> ZoneInfo:
        return self.call.gateway.settings.zone

    @property
    def signed_in(self) -> Person:
        if self.person is None:
            raise Refused("sign_in_required")
        return self.person

    def may(self, message: str) -> bool:
        """Whether the person may send the message of that name: ``request.may("AddService")``."""
        return self.person is not None and may(self.person.role, message_named(message))

    @property
    def sees_cost(self) -> bool:
        return self.person is not None and may_see_cost(self.person.role)

    @property
    def jobs_going(self) -> int:
        """How much long work of this person waits or runs: the frame says so."""
        if self.person is None:
            return 0
        gateway, user_id = self.call.gateway, self.person.user_id
        return gateway.jobs.going(user_id) + gateway.imports.going(user_id)

    @property
    def jobs_to_be_asked_for(self) -> bool:
        """What the frame says of them may be over."""
        return self.person is not None and self.call.gateway.imports.is_old(self.person.user_id)

    def id(self, name: str) -> UUID:
        """Of the path. Raises ``not_found`` where it is no id."""
        try:
            return UUID(self.call.path_params[name])
        except ValueError:
            raise Refused("not_found") from None

    def address(self, path: str) -> str:
        """The whole of it, as somebody outside finds a page of ours."""
        scheme = "https" if self.call.secure else "http"
        return f"{scheme}://{self.call.header(b'host')}{path}"

    @cached_property
    def query(self) -> Query:
        """The fields of the address, without empty ones. Of too many none: the page that says so
        is of the same address."""
        with suppress(Refused):
            return Query((name, value) for name, value in self._pairs if value)
        return Query()

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        raw = self.call.scope["query_string"].decode(errors="replace")
        try:
            return parse_qsl(raw, keep_blank_values=True, max_num_fields=200)
        except ValueError:
            raise Refused("not_found") from None

    @property
    def language(self) -> str:
        return self.call.language

    @cached_property
    def cookies(self) -> dict[str, str]:
        header = self.call.header(b"cookie") or ""
        pairs = (cookie.strip().partition("=") for cookie in header.split(";"))
        return {name: value for name, _, value in pairs}

    def _(self, text: str, **values: Any) -> str:
        """The text in the person's language. Marks it for translation, too."""
        said = translations(self.language).ugettext(text)
        return said % values if values else said

    def number(self, quantity: Decimal | int) -> str:
        return number(quantity, LOCALES[self.language])

    def moment(self, at: datetime) -> str:
        return moment(at, self.zone, LOCALES[self.language])

    def money(self, amount: Decimal) -> str:
        return money(amount, LOCALES[self.language])

    def table(self, path: str, question: Message) -> str:
        """The address at which the API has that list with the same filters, for ``ui.foot``;
        nothing for whoever may look at it and not carry it away."""
        person = self.signed_in
        if not may_take_away(person.role, type(question)):
            return ""
        in_path = {name for _, name, _, _ in Formatter().parse(path) if name}
        asked = {
            PERIOD_ENDS.get(name, name): getattr(question, name)
            for name in sorted(question.model_fields_set - {"limit", "cursor", *in_path})
        }
        said = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asked.items()
        }
        query = urlencode(fields_of(said))
        address = path.format_map({name: getattr(question, name) for name in in_path})
        return f"{address}?{query}" if query else address

    # --- asking and telling services --------------------------------------------------------

    def reads[QuestionT: BaseModel](self, question: type[QuestionT], **fixed: Any) -> QuestionT:
        """The question that the address's fields stand for: filters, cursor.
        Raises ``request_invalid``."""
        return read(question, self._pairs, self.zone, **fixed)

    async def ask[ReplyT](self, question: Question[ReplyT], *, of: str = "") -> ReplyT:
        """A service's answer, as it is shown to this person's role; ``of`` names the service where
        any could be asked. Raises ``Refused``."""
        body = question.model_dump_json(exclude_unset=True).encode()
        reply = await self.call.send(addressed_to(type(question), of), body)
        answer: ReplyT = read_reply(type(question), reply, of)
        return answer

    async def ask_if_there[ReplyT](
        self, question: Question[ReplyT], patience_s: float = PATIENCE_S
    ) -> ReplyT | None:
        """As ``ask``, for a part that a page can do without."""
        return await if_there(self.ask(question), patience_s)

    async def send[ReplyT](
        self, command: Command[ReplyT], step: str = "", *, to: str = ""
    ) -> ReplyT:
        """Sends the command that the form stands for: once, however often the form is sent. A form
        that stands for several commands gives each a ``step`` of its own; ``to`` names the service
        where it could go to any. Raises ``Refused``."""
        person = self.signed_in
        if not may(person.role, type(command)):
            raise Refused("forbidden")
        self.call.order_id = getattr(command, "order_id", None) or self.call.order_id
        body = command.model_dump_json(exclude_unset=True).encode()
        key = f"{self.form.key}-{step}" if step else self.form.key
        # Only the service remembers the key, and only with an effect: a form that was refused is
        # put right and sent again as it is.
        subject = addressed_to(type(command), to)
        reply = await self.call.send(subject, body, key=f"{person.user_id}:{key}")
        answer: ReplyT = read_reply(type(command), reply, to)
        return answer

    # --- answering --------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """The template, filled with ``values`` and with what every page shows."""
        notice = unquote(self.cookies.get(NOTICE_COOKIE, ""))[:NOTICE_CHARS]
        token = self.call.token()[0]
        response = page(
            template,
            self.language,
            status=status,
            headers={
                "Content-Security-Policy": STAFF_POLICY,
                # With none at all, browsers would not say that a form of ours came from us.
                "Referrer-Policy": "same-origin",
                "Vary": "Accept-Language, Cookie",
                SEEN: self.call.seen,
            },
            accept_encoding=self.call.header(b"accept-encoding") or "",
            request=self,
            person=self.person,
            may=self.may,
            sees_cost=self.sees_cost,
            zone=self.zone,
            path=self.call.path,
            seen=self.call.seen,
            query=self.query,
            theme=self.theme,
            notice=notice,
            csrf=csrf_token(token) if token else "",
            csrf_field=CSRF,
            by_field=BY,
            key_field=KEY,
            new_key=new_id,
            field_id=FieldIds(),
            **values,
        )
        if notice:
            response.delete_cookie(NOTICE_COOKIE, path="/")
        return response

    @property
    def theme(self) -> str:
        theme = self.cookies.get(THEME_COOKIE, THEMES[0])
        return theme if theme in THEMES else THEMES[0]

    def go(self, path: str, said: str | None = None) -> Response:
        """Leads on to another page, where a reload repeats nothing; ``said`` is told there."""
        response = RedirectResponse(path, 303, {"Cache-Control": "no-store"})
        if said:
            self.keep(response, NOTICE_COOKIE, quote(said[:NOTICE_CHARS]), NOTICE_S)
        return response

    def keep(self, response: Response, name: str, value: str, seconds: int = KEEP_S) -> None:
        """A cookie of no secret: what this device likes, or is to be told next."""
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self.call.secure,
            httponly=True,
            samesite="lax",
        )


async def if_there[T](asked: Awaitable[T], patience_s: float = PATIENCE_S) -> T | None:
    """What is asked; None of a service that is away, slower than others wait for it, or not to be
    understood."""
    try:
        async with asyncio.timeout(patience_s):
            return await asked
    except TimeoutError:
        return None
    except UnreadableReply as error:
        log.error("reply_unreadable", exc_info=error)
        return None
    except Refused as refusal:
        if refusal.code != "service_unavailable":
            raise
        return None


def own_path(path: str | None) -> str:
    """Where to go on to: a page of ours, never another host."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def fields_of(values: Mapping[str, Any]) -> dict[str, str]:
    """For an address's query: what is said, as text."""
    return {name: str(value) for name, value in values.items() if value not in (None, "")}
