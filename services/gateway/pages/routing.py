"""Every page as a line in a table, and what people see of a no.

    PAGES = (
        show("/orders/{order_id}", order, needs=GetOrder),
        act("/orders/{order_id}/comments", comment, needs=AddComment),
    )

``show`` looks, ``act`` takes a form and leads on to a page that shows (a reload repeats nothing).
Both also serve htmx, which fetches the same pages and morphs what is different into the one that
is open; a no is shown above it, and leaves what was typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from services.gateway.call import Call
from services.gateway.pages.forms import Form
from services.gateway.pages.refusals import field_of, in_words, with_names
from services.gateway.pages.request import PageRequest
from services.gateway.problems import errors_of, headers_of, invalid, status_of
from shared.contracts.base import Message
from shared.messaging.outages import is_outage
from shared.refusals import Refused

SIGN_IN = "/sign-in"
PASSWORD = "/profile/password"

type Answer = Callable[[PageRequest], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One method of one address, answered with a page."""

    method: str
    path: str
    answer: Answer
    needs: type[Message] | None
    """Whoever may send this message may come here; without one, whoever is signed in."""
    public: bool
    """For those who have not signed in, too."""
    takes_file: bool = False
    """Its form has a field ``file``."""


def show(
    path: str, answer: Answer, *, needs: type[Message] | None = None, public: bool = False
) -> Page:
    return Page(method="GET", path=path, answer=answer, needs=needs, public=public)


def act(
    path: str,
    answer: Answer,
    *,
    needs: type[Message] | None = None,
    public: bool = False,
    takes_file: bool = False,
) -> Page:
    return Page(
        method="POST",
        path=path,
        answer=answer,
        needs=needs,
        public=public,
        takes_file=takes_file,
    )


class Address:
    """The pages of one path, as one ASGI application."""

    def __init__(self, path: str, pages: Iterable[Page]) -> None:
        self._path = path
        self._by_method = {page.method: page for page in pages}
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call.of(scope)
        call.found(self._path, scope["path_params"])
        call.presents = present
        page = self._by_method.get(call.method)
        if page is None:
            raise Refused("method_not_allowed", allowed=", ".join(sorted(self._by_method)))
        request = await PageRequest.of(
            call, page.needs, public=page.public, takes_file=page.takes_file
        )
        try:
            response = await page.answer(request)
        except ValidationError as error:
            # Of a question that the page made of what was typed; of replies see ``read_reply``.
            raise invalid(error, {}) from None
        await response(scope, receive, send)


class NothingHere:
    """Whatever else is asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise Refused("not_found")


async def present(call: Call, refusal: Refused) -> Response:
    """A no as people see it: within the page that is open, or as a page of its own."""
    within = call.header(b"hx-request") == "true" and (
        call.changes_something or call.header(b"hx-boosted") is None
    )
    # What somebody typed is not led away from: they sign in beside it.
    if refusal.code == "sign_in_required" and not within:
        return RedirectResponse(f"{SIGN_IN}?next={quote(_asked(call))}", 303)
    if refusal.code == "password_change_required":
        return RedirectResponse(PASSWORD, 303)
    person = None
    status = status_of(refusal)
    token, _ = call.token()
    # Who may come back later is not looked up in what is busy or away.
    if token and status != 503:
        try:
            person = await call.gateway.sessions.person_of(token)
        except Exception as error:
            if not is_outage(error):
                raise
            return await present(call, Refused("service_unavailable", service="gateway"))
    request = PageRequest(call, person, Form((), call.gateway.settings.zone))
    if person:
        # A no to what things are called is not the no that people are to be told.
        with suppress(Refused):
            refusal = await with_names(request, refusal)
    response = request.page(
        "problem_within.html" if within else "problem.html",
        status=status,
        code=refusal.code,
        words=_words(request, refusal, within=within),
        field=field_of(refusal),
        errors=errors_of(refusal, request.language),
    )
    response.headers.update(headers_of(refusal, status))
    if within:
        response.headers.update(
            {
                "HX-Retarget": "#problems",
                "HX-Reswap": "innerHTML",
                "HX-Reselect": ".problem",
                "HX-Push-Url": "false",
            }
        )
    return response


def _asked(call: Call) -> str:
    """Where somebody was on the way to: a form is not sent by having signed in."""
    if call.changes_something:
        return "/"
    query = call.scope["query_string"].decode(errors="replace")
    return f"{call.scope['path']}?{query}" if query else str(call.scope["path"])


def _words(request: PageRequest, refusal: Refused, *, within: bool) -> str:
    """What programs call a key or a token, people know nothing of."""
    if refusal.code == "sign_in_required":
        return request._(
            "You are not signed in any more. What you entered is still here: sign in in another "
            "window, come back, and send it again."
        )
    if refusal.code == "cross_site_request" and request.call.same_site and request.person:
        name = request.person.name
        if not within:
            return request._(
                "Since that page was opened, %(name)s has signed in here. Go back, open it anew, "
                "and do it again.",
                name=name,
            )
        return request._(
            "Since this page was opened, %(name)s has signed in here. What you entered is still "
            "here: send it again.",
            name=name,
        )
    if refusal.code == "idempotency_key_reused":
        return request._(
            "This was taken already, as it was before the last edit. Open the page anew: what was "
            "made is there."
        )
    return in_words(refusal, request.language)


def http_pages(pages: Iterable[Page]) -> list[BaseRoute]:
    """The tables as the framework takes them: one route per address, fixed words first, and after
    them everything else."""
    in_order = sorted(pages, key=lambda page: page.path.replace("{", "~"))
    routes = [
        Route(path, Address(path, group))
        for path, group in groupby(in_order, key=lambda page: page.path)
    ]
    return [*routes, Route("/{path:path}", NothingHere())]
