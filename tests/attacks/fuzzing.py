"""Requests made from the OpenAPI document, valid and not, sent to a station that runs.

What answers name is asked for by later requests (ids of orders, lines, clients …), so that a
request also gets past "there is no such thing". The same seed makes the same requests on a station
in the same state.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.gateway.openapi import openapi_document
from services.gateway.problems import MEDIA_TYPE
from services.gateway.routes.events import EVENT_STREAM
from shared.ids import new_id
from shared.refusals import REASONS
from shared.roles import OWNER, ROLES
from tests.support.ids import Ids, plain

LEAKS = re.compile(
    r"Traceback \(most recent|File \"/|site-packages|sqlalchemy|asyncpg|psycopg|pydantic"
    r"|nats\.(?:errors|aio)|\bSELECT .+ FROM\b|\bINSERT INTO\b|object at 0x"
)
"""What only the inside of a program says."""
PROBLEM_FIELDS = {"type", "title", "status", "detail", "code", "instance", "correlation_id"}
ANSWERED_WITHIN_S = 20.0
TRIES_WHEN_BUSY = 40
SIGNING_IN = "/api/v1/session"
"""Wrong passwords make the next sign-in wait, and signing out needs one: asked last."""
NEW_PASSWORD = f"{SIGNING_IN}/password"
"""The document's example has the demo's own: it is changed, and who signs in again needs the new
one."""
PATIENCE_S = 900.0
MAY_COME_LATER = frozenset({429, 503})
NOT_ASKED = {
    # Never ends; read in tests/gateway/test_events.py and held open in test_wire.py.
    "/api/v1/events",
    # For browsers: a no is a page. Asked in tests/gateway/test_oidc.py.
    "/api/v1/session/oidc/callback",
}
AS_DOCUMENTED = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True)
class Fault:
    """An answer that should not have been given, and how to get it again."""

    operation: str
    what: str
    curl: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.what}\n    {self.curl}"


@dataclass
class Report:
    """What a run has come to."""

    seed: int
    requests: int = 0
    busy: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    successes: Counter[str] = field(default_factory=Counter)
    """By operation, answers that were no refusal."""
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    """The first of each kind."""
    slowest_s: float = 0.0

    def blame(self, fault: Fault) -> None:
        self.faults.setdefault((fault.operation, fault.what), fault)

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "requests": self.requests,
            "told_to_come_back": self.busy,
            "slowest_s": round(self.slowest_s, 3),
            "statuses": dict(sorted(self.statuses.items())),
            "operations_that_succeeded": len(self.successes),
            "faults": [vars(fault) for fault in self.faults.values()],
        }


class Fuzzer:
    """Sends generated requests as one user of each role, one after the other."""

    def __init__(self, url: str, *, seed: int, password: str = "demo") -> None:
        self._url = url
        self._passwords = dict.fromkeys(ROLES, password)
        self._random = random.Random(seed)
        self._session = requests.Session()
        self._tokens: dict[str, str] = {}
        self._ids = Ids()
        self._keepers: set[str] = set()
        self.report = Report(seed)
        self._round = 0
        schema = schemathesis.openapi.from_dict(openapi_document())
        found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
        self.operations = [one for one in found if one.path not in NOT_ASKED]

    def run(
        self,
        operations: Sequence[APIOperation[Any, Any, Any, Any]],
        examples: int,
        progress: Callable[[Report], None] = lambda _: None,
        *,
        wanted: float = math.inf,
    ) -> None:
        """``examples`` requests for each of these operations, until so many were sent in all."""
        for role in ROLES:
            self._token(role)
        for operation in self._lists_first(operations):
            if self.report.requests >= wanted:
                return
            self._fuzz(operation, examples)
            progress(self.report)

    def _lists_first(
        self, operations: Sequence[APIOperation[Any, Any, Any, Any]]
    ) -> Iterator[APIOperation[Any, Any, Any, Any]]:
        """What there is must be known before it can be changed; ends come last."""
        order = {"get": 0, "post": 1, "put": 2, "patch": 3, "delete": 4}
        yield from sorted(
            operations,
            key=lambda one: (
                one.path.startswith(SIGNING_IN),
                order[one.method],
                "{" in one.path,
                one.path,
            ),
        )

    def _fuzz(self, operation: APIOperation[Any, Any, Any, Any], examples: int) -> None:
        right, wrong = (
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )

        @seed(self.report.seed + self._round)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(right, wrong))
        def each(case: Case[Any]) -> None:
            self._send(case)

        each()

    def rounds(
        self,
        operations: Sequence[APIOperation[Any, Any, Any, Any]],
        wanted: int,
        examples: int,
        progress: Callable[[Report], None],
    ) -> None:
        """Over and over, each time with other seeds, until that many were sent: a run that is
        too short for ``examples`` of every operation sends fewer of each, but to all."""
        examples = min(examples, math.ceil(wanted / len(operations)))
        while self.report.requests < wanted:
            self.run(operations, examples, progress, wanted=wanted)
            self._round += 1

    # --- one request --------------------------------------------------------------------------

    def _send(self, case: Case[Any]) -> None:
        role = OWNER if self._random.random() < 0.7 else self._random.choice(ROLES)
        self._name_what_there_is(case)
        headers = self._headers(case, role)
        case.cookies.clear()
        for _ in range(TRIES_WHEN_BUSY):
            started = time.monotonic()
            try:
                response = case.call(
                    base_url=self._url,
                    session=self._session,
                    headers=headers,
                    timeout=ANSWERED_WITHIN_S,
                    allow_redirects=False,
                )
            except (requests.exceptions.InvalidHeader, UnicodeError):
                return  # nothing that could be sent
            except (requests.exceptions.Timeout, requests.exceptions.ConnectionError) as error:
                self.report.requests += 1
                self._blame(case, headers, f"no answer: {type(error).__name__}")
                return
            self.report.requests += 1
            self.report.slowest_s = max(self.report.slowest_s, time.monotonic() - started)
            if response.status_code != 503 or response.json().get("code") != "busy":
                break
            self.report.busy += 1
            time.sleep(0.05)
        self.report.statuses[response.status_code] += 1
        if response.status_code < 300:
            self.report.successes[case.operation.label] += 1
            self._learn(case, response)
        if case.path == SIGNING_IN and case.method == "DELETE":
            self._tokens.pop(role, None)
        if case.path == NEW_PASSWORD and response.status_code < 300:
            self._passwords[role] = cast(dict[str, str], case.body)["new"]
        for what in faults_of(case, response):
            self._blame(case, headers, what)

    def _blame(self, case: Case[Any], headers: dict[str, str], what: str) -> None:
        curl = case.as_curl_command({**headers, "Authorization": "Bearer …"})
        self.report.blame(Fault(case.operation.label, what, curl[:2000]))

    def _headers(self, case: Case[Any], role: str) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token(role)}"}
        if self._random.random() < 0.9:
            headers["Idempotency-Key"] = str(new_id())
        if self._random.random() < 0.7:
            headers["If-Match"] = "*"
        if self._random.random() < 0.3:
            media = [
                kind
                for kind in case.operation.definition.raw["responses"]
                .get("200", {})
                .get("content", {})
                if kind != EVENT_STREAM
            ]
            headers["Accept"] = self._random.choice(media or ["*/*"])
        return headers

    def _name_what_there_is(self, case: Case[Any]) -> None:
        """Puts ids of things that exist where any id would do."""
        for name in list(case.path_parameters):
            if (known := self._known(name)) and self._random.random() < 0.8:
                case.path_parameters[name] = self._random.choice(known)
        for fields in (case.query, case.body):
            self._within(fields)

    def _within(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, str) and (known := self._known(name)):
                    if self._random.random() < 0.7:
                        value[name] = self._random.choice(known)
                else:
                    self._within(inner)
        elif isinstance(value, list):
            for inner in value:
                self._within(inner)

    def _known(self, name: str) -> list[str]:
        """But for users and sessions of the demo, which are who we are."""
        if name == "session_id":
            return []
        return sorted(self._ids.known.get(name, set()) - self._keepers)[-20:]

    def _learn(self, case: Case[Any], response: Response) -> None:
        if "json" in media_type_of(response):
            self._ids.learn(plain(case.path), response.json())

    # --- who ----------------------------------------------------------------------------------

    def _token(self, role: str) -> str:
        if role not in self._tokens:
            signed_in = self._sign_in(role)
            self._tokens[role] = signed_in["token"]
            self._keepers.add(signed_in["user"]["id"])
        return self._tokens[role]

    def _sign_in(self, role: str) -> Any:
        login = "admin" if role == "administrator" else role
        said = {"login": login, "password": self._passwords[role]}
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            answer = requests.post(f"{self._url}/api/v1/session", json=said, timeout=30)
            if answer.status_code == 200:
                return answer.json()
            if answer.status_code not in MAY_COME_LATER:
                break
            # Wrong passwords of before have slowed us down.
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        raise AssertionError(f"{login} cannot sign in: {answer.text}")


def faults_of(case: Case[Any], response: Response) -> Iterator[str]:
    """What is wrong with an answer: by HTTP, by our own words, and by our document."""
    status = response.status_code
    if status >= 500:
        yield f"answered {status} {response.text[:300]}"
    if status >= 400:
        yield from problem_faults(response)
    if status != 200 and (leak := LEAKS.search(response.text)):
        yield f"tells of its inside: {leak[0]!r}"
    yield from _beyond_the_document(case, response)


def problem_faults(response: Response) -> Iterator[str]:
    """What keeps a refusal from being an RFC 9457 problem of ours."""
    if media_type_of(response) != MEDIA_TYPE:
        yield f"{response.status_code} as {media_type_of(response)}"
        return
    body = response.json()
    if missing := PROBLEM_FIELDS - body.keys():
        yield f"a problem without {sorted(missing)}"
    if body.get("status") != response.status_code:
        yield f"a problem that says {body.get('status')}, answered {response.status_code}"
    if body.get("code") not in REASONS:
        yield f"a problem of no known code: {body.get('code')}"


def media_type_of(response: Response) -> str:
    return (response.headers.get("content-type") or [""])[0]


def _beyond_the_document(case: Case[Any], response: Response) -> Iterator[str]:
    try:
        case.validate_response(response, checks=AS_DOCUMENTED)
    except FailureGroup as group:
        for failure in group.exceptions:
            yield " ".join(f"{failure.title}: {failure.message}".split())[:400]
