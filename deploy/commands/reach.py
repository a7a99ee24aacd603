"""How an operator's command finds a station, and asks its services in the operator's name.

With ``--data-dir`` (or without any word, in ``data``) it is the station that ``pitlane up`` runs
there. A station whose parts are run by something else is told by the environment:
``PITLANE_NATS_OPS_URL``, ``PITLANE_NATS_BOOTSTRAP_URL``, ``PITLANE_<SERVICE>_DATABASE_URL`` and
``PITLANE_GATEWAY_URL``.
"""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.commands.options import DEFAULT_DATA_DIR
from deploy.local.data_folder import DataFolder, NotRunning, running_station
from deploy.local.processes import CannotStart, DatabaseAway

if TYPE_CHECKING:
    from nats.aio.client import Client
    from pydantic import BaseModel

    from deploy.local.postgres import Postgres
    from shared.messaging.envelope import Actor

StationDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="The folder of a station that runs here. Default: what the environment says, "
        f"else {DEFAULT_DATA_DIR}.",
    ),
]
OPS_URL = "PITLANE_NATS_OPS_URL"
BOOTSTRAP_URL = "PITLANE_NATS_BOOTSTRAP_URL"
GATEWAY_URL = "PITLANE_GATEWAY_URL"
_KNOWN = r"PITLANE_(NATS_(OPS|BOOTSTRAP)_URL|GATEWAY_URL|[A-Z]+_DATABASE_URL)"
REPLY_TIMEOUT_S = 30.0
"""As long as a service may answer: see the topology."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the parts of one station are. What is not known is left out."""

    station: str
    ops_url: str | None = None
    bootstrap_url: str | None = None
    gateway_url: str | None = None
    database_urls: Mapping[str, str] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
    consumers: frozenset[str] = frozenset()
    """The services that hear events, where that is known."""


def reach(folder: Path | None) -> Reach:
    """Raises ``CannotStart`` when there is no station, or nobody said where it is."""
    if folder is None and any(re.fullmatch(_KNOWN, variable) for variable in os.environ):
        return _from_environment(os.environ)
    folder = folder or DEFAULT_DATA_DIR
    return _told(running_station(folder), folder)


@asynccontextmanager
async def gateway_database(folder: Path | None) -> AsyncIterator[tuple[str, str]]:
    """The station's code, and the URL of its gateway's database: for what has to be done even if
    nothing runs. Of a station that is stopped, PostgreSQL alone runs for so long. Raises
    ``CannotStart``."""
    try:
        at = reach(folder)
    except NotRunning:
        async with _databases_alone(DataFolder(folder or DEFAULT_DATA_DIR)) as postgres:
            from shared.settings import StationSettings

            yield StationSettings().station, postgres.url("pitlane_gateway")
        return
    yield at.station, needed(at.database_urls.get("gateway"), "PITLANE_GATEWAY_DATABASE_URL")


@contextmanager
def asking_a_database() -> Iterator[None]:
    """One that is frozen answers nothing at all, and a ``TimeoutError`` is also what NATS ends
    with: whose fault it is can only be told here. Raises ``DatabaseAway``."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise DatabaseAway(f"a database does not answer: {why}") from error


@asynccontextmanager
async def _databases_alone(folder: DataFolder) -> AsyncIterator[Postgres]:
    """Nobody starts the station meanwhile."""
    import tempfile

    from deploy.local.postgres import Postgres

    if not folder.postgres.exists():
        raise CannotStart(f"the station in {folder.path} has no databases yet")
    folder.open()
    try:
        password = folder.passwords(["database:superuser"])["database:superuser"]
        with tempfile.TemporaryDirectory(prefix="pitlane-") as socket_folder:
            postgres = Postgres(folder.postgres, Path(socket_folder), password, lambda _: None)
            try:
                await postgres.start()
                yield postgres
            finally:
                await postgres.stop()
    finally:
        folder.close()


def needed(value: str | None, variable: str) -> str:
    if not value:
        raise CannotStart(f"{variable} is not set")
    return value


def operator() -> Actor:
    """Who uses this shell, in the role that may look after the station."""
    from shared.messaging.envelope import Actor
    from shared.roles import OPERATOR

    try:
        return Actor(pwd.getpwuid(os.getuid()).pw_name, OPERATOR)
    except KeyError:  # as in many containers
        return Actor(f"uid-{os.getuid()}", OPERATOR)


class Operator:
    """The connection of NATS user ``ops``, and questions and commands sent over it."""

    def __init__(self, connection: Client, station: str, timeout_s: float) -> None:
        from shared.messaging.client import ServiceClient

        self.connection = connection
        self._source = f"/{station}/ops"
        self._client = ServiceClient(connection, self._source, timeout_s)

    async def send(self, message: BaseModel, service: str) -> Any:
        """What ``service`` answers to an operators' message. Raises ``Refused``."""
        from shared.contracts.operations import addressed_to
        from shared.messaging.client import reply_adapter
        from shared.messaging.envelope import opening

        subject = addressed_to(type(message), service)
        body = message.model_dump_json(exclude_unset=True).encode()
        envelope = opening(self._source, subject, operator())
        reply = await self._client.request(subject, body, envelope)
        return reply_adapter(type(message)).validate_json(reply)


@asynccontextmanager
async def connected(at: Reach, *, timeout_s: float = REPLY_TIMEOUT_S) -> AsyncIterator[Operator]:
    """Raises ``CannotStart`` when NATS does not answer."""
    from deploy.topology import OPERATORS

    connection = await nats_connection(needed(at.ops_url, OPS_URL), OPERATORS)
    try:
        yield Operator(connection, at.station, timeout_s)
    finally:
        await connection.close()


async def nats_connection(url: str, user: str) -> Client:
    """A connection that is lost when it breaks. Raises ``CannotStart``."""
    import nats
    import nats.errors

    from shared.messaging.connection import NatsAddress
    from shared.settings import masked

    heard: list[Exception] = []

    async def hear(error: Exception) -> None:
        """Calls tell their own errors; of a connection that fails only this tells why."""
        heard.append(error)

    try:
        return await nats.connect(
            **NatsAddress.of(url).options(user),
            allow_reconnect=False,
            connect_timeout=10,
            # Also of the first connection: zero would be for ever.
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=hear,
        )
    except ValueError as error:
        raise CannotStart(str(error)) from error
    except (nats.errors.Error, OSError, TimeoutError) as error:
        why = str(heard[-1] if heard else error) or "no answer in time"
        server = masked(url.partition("?")[0])  # where its key lies is no part of it
        raise CannotStart(f"NATS at {server} does not answer: {why}") from error


def _told(station: dict[str, Any], folder: Path) -> Reach:
    """As ``pitlane up`` wrote it; of what has not started yet nothing is said."""
    urls = station["nats"]["urls"]
    processes = {
        **{name: told["pid"] for name, told in station["services"].items()},
        **{name: station[name]["pid"] for name in ("nats", "postgres", "nursery")},
        "supervisor": station["pid"],
    }
    return Reach(
        station["station"],
        urls["ops"],
        urls["bootstrap"],
        station["http"],
        {name: told["url"] for name, told in station["databases"].items()},
        {name: pid for name, pid in processes.items() if pid},
        _consumers(folder),
    )


def _consumers(folder: Path) -> frozenset[str]:
    try:
        return frozenset(json.loads((folder / "run" / "consumers.json").read_text())["consumers"])
    except (OSError, ValueError, KeyError):
        return frozenset()


def _from_environment(variables: Mapping[str, str]) -> Reach:
    from shared.settings import SERVICES, StationSettings

    databases = {name: f"PITLANE_{name.upper()}_DATABASE_URL" for name in SERVICES}
    return Reach(
        StationSettings().station,
        variables.get(OPS_URL),
        variables.get(BOOTSTRAP_URL),
        variables.get(GATEWAY_URL),
        {name: variables[own] for name, own in databases.items() if own in variables},
    )
