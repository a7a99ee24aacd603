"""A whole station: servers, databases, topology, services, gateway; and its end, in reverse."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from deploy import topology
from deploy.backup.archive import LogReceiver
from deploy.commands.reach import nats_connection
from deploy.local.certificates import Certificates, ensure_certificates
from deploy.local.data_folder import DataFolder
from deploy.local.databases import databases_of, ensure_databases, password_names
from deploy.local.keys import ensure_keys
from deploy.local.log_files import LogFile, ServerLog, ServiceLog
from deploy.local.migrations import needs_migration
from deploy.local.nats import Nats
from deploy.local.nursery import Nursery
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.processes import CannotStart
from deploy.local.services import GATEWAY, ServiceProcess, run_to_end
from deploy.local.stream_watch import StreamWatch, files_in
from deploy.local.supervision import Keeper, all_of, though_killed
from deploy.local.terminal import Terminal
from shared.log_lines import EVENT_SPOILT, PUBLISH_FAILED
from shared.messaging.connection import is_loopback
from shared.settings import SERVICES, StationSettings, pitlane_version

GATEWAY_KEY = "gateway:key"
MESSAGES_FILE = "PITLANE_MESSAGES_FILE"
FISCAL_FOLDER = "PITLANE_FISCAL_FOLDER"
EXPORT_FOLDER = "PITLANE_EXPORT_FOLDER"
"""Where messages go as long as no provider is configured, slips, and tables that were made in the
background; the operator's own choice wins."""

READY_TIMEOUT_S = 30.0
TELL_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """What ``pitlane up`` was asked for."""

    data_dir: Path
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    demo: bool = False
    nats_host: str = "127.0.0.1"
    nats_port: int | None = None
    """None: any free one."""

    @property
    def reached_at(self) -> str:
        """The host that answers us here, whatever it listens on."""
        return "127.0.0.1" if self.http_host in ("0.0.0.0", "::") else self.http_host

    @property
    def base_url(self) -> str:
        return f"http://{f'[{at}]' if ':' in (at := self.reached_at) else at}:{self.http_port}"


class Station:
    """Everything of one station on this machine, supervised by this process."""

    def __init__(
        self, options: Options, settings: StationSettings, terminal: Terminal, nursery: Nursery
    ) -> None:
        self._options = options
        self._settings = settings
        self._terminal = terminal
        self._folder = DataFolder(options.data_dir)
        self._keepers: list[Keeper] = []
        """In the order of their start."""
        self._services: dict[str, ServiceProcess] = {}
        self._log = self._service_log("supervisor")
        self._nursery = nursery
        self._nursery.on_line = self._log.hear
        self._started_at = datetime.now(UTC)
        self._watch = StreamWatch(
            lambda: nats_connection(self._nats.url(topology.BOOTSTRAP), topology.BOOTSTRAP),
            self._rebuild_stream,
            self._log.say,
            restart=lambda: self._nats.kill(),
            files=lambda: files_in(self._folder.nats),
        )
        self._watching: asyncio.Task[None] | None = None
        self._log_receiver = LogReceiver(
            self._folder.path,
            lambda: self._postgres.url(SUPERUSER),
            self._server_log("backup", b"error:").hear,
            self._log.say,
        )

    async def run(self) -> None:
        """Until SIGINT or SIGTERM. Raises ``CannotStart``; everything is stopped again then."""
        self._check_address()
        self._folder.open()
        stopping = self._stop_on_signals()
        try:
            started = asyncio.create_task(self._start())
            await asyncio.wait({started, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if started.done():
                await started
                await stopping
            else:
                started.cancel()
                await asyncio.wait({started})
        finally:
            await self._stop()

    # --- start ---------------------------------------------------------------------------------

    async def _start(self) -> None:
        passwords = self._folder.passwords(["database:superuser", *password_names(), GATEWAY_KEY])
        self._gateway_key = passwords[GATEWAY_KEY]
        self._databases = databases_of(passwords)
        self._postgres = Postgres(
            self._folder.postgres,
            self._folder.run,
            passwords["database:superuser"],
            self._server_log("postgres", b"FATAL:", b"PANIC:").hear,
        )
        self._nats = Nats(
            self._folder.nats,
            self._folder.run,
            ensure_keys(self._folder.keys, topology.USERS),
            self._server_log("nats", b"[FTL]", b"[ERR]").hear,
            host=self._options.nats_host,
            port=self._options.nats_port,
            certificates=self._certificates(),
        )
        await all_of(self._start_databases(), self._start_broker())
        # Before anybody is let in: ready means that one can sign in.
        await self._make_users()
        await self._watch.meet()
        await self._start_services()
        self._watching = asyncio.create_task(self._watch.run(), name="stream-watch")
        await self._load_demo()
        self._announce()

    def _certificates(self) -> Certificates | None:
        """Within this machine nobody listens in."""
        if is_loopback(self._options.nats_host):
            return None
        return ensure_certificates(self._folder.keys, self._options.nats_host)

    async def _start_databases(self) -> None:
        await self._start_postgres()
        await self._migrate()

    async def _start_broker(self) -> None:
        await self._start_nats()
        await self._apply_topology()

    async def _start_postgres(self) -> None:
        first = not self._folder.postgres.exists()
        with self._terminal.step("PostgreSQL (first start)" if first else "PostgreSQL"):
            await self._keep("postgres", self._postgres)
            await ensure_databases(
                self._postgres.url(SUPERUSER),
                self._databases.values(),
                {name: self._postgres.url(each.name) for name, each in self._databases.items()},
            )
        self._log_receiver.start()

    async def _start_nats(self) -> None:
        """What each user may say stands in the services' tables: NATS waits for their import,
        which whatever comes next waits for as well."""
        with self._terminal.step("services loaded; NATS"):
            told = await self._command("topology", "requests")
            self._nats.requests = json.loads(told)
            await self._keep("nats", self._nats)

    async def _migrate(self) -> None:
        owners = {name: self._database_url(name, owner=True) for name in SERVICES}
        needed = [name for name, url in owners.items() if await needs_migration(name, url)]
        if needed:
            with self._terminal.step(f"migrations of {', '.join(needed)}"):
                own = {f"PITLANE_{name.upper()}_DATABASE_URL": owners[name] for name in needed}
                await self._command("migrate", *needed, own=own)

    async def _apply_topology(self) -> None:
        with self._terminal.step("streams and consumers"):
            own = {"PITLANE_NATS_URL": self._nats.url(topology.BOOTSTRAP)}
            await self._command("topology", "apply", own=own)

    async def _start_services(self) -> None:
        """All at once: each spends most of its start on importing itself."""
        with self._terminal.step(", ".join(SERVICES)):
            await all_of(*(self._start_service(name) for name in SERVICES))
            await all_of(*(self._wait_ready(name) for name in SERVICES))

    async def _start_service(self, name: str) -> None:
        own = {
            "PITLANE_NATS_URL": self._nats.url(name),
            f"PITLANE_{name.upper()}_DATABASE_URL": self._database_url(name),
            "PITLANE_HTTP_HOST": self._options.http_host,
            "PITLANE_HTTP_PORT": str(self._options.http_port),
            FISCAL_FOLDER: os.environ.get(FISCAL_FOLDER, str(self._folder.path / "fiscal")),
            MESSAGES_FILE: os.environ.get(MESSAGES_FILE, str(self._folder.path / "messages.jsonl")),
            EXPORT_FOLDER: os.environ.get(EXPORT_FOLDER, str(self._folder.path / "exports")),
            "PITLANE_LOG_FOLDER": str(self._folder.logs),
            "PITLANE_PUBLIC_URL": self._settings.public_url or self._options.base_url,
        }
        log = self._service_log(name)
        if name == GATEWAY:
            own["PITLANE_GATEWAY_KEY"] = os.environ.get("PITLANE_GATEWAY_KEY", self._gateway_key)
            address = self._options.reached_at, self._options.http_port
            service = ServiceProcess(name, own, log, self._nursery, *address)
        else:
            service = ServiceProcess(name, own, log, self._nursery)
        self._services[name] = service
        await self._keep(name, service)

    async def _wait_ready(self, name: str) -> None:
        """A service may be at work and not ready: behind with its events, say. It is told, and
        no reason not to start."""
        if not await self._services[name].is_ready(within_s=READY_TIMEOUT_S):
            self._log.say("warning", "not_ready", process=name)

    async def _make_users(self) -> None:
        own = {"PITLANE_GATEWAY_DATABASE_URL": self._database_url(GATEWAY)}
        if self._options.demo:
            if not self._folder.done("demo-users"):
                await self._command("users", "demo", own=own)
                self._folder.mark_done("demo-users")
        elif not (self._folder.done("first-admin") or self._folder.done("demo-users")):
            password = await self._command("users", "first-admin", own=own)
            if password:
                self._terminal.announce(
                    "shown once", {"login": "admin", "one-time password": password}
                )
            self._folder.mark_done("first-admin")

    async def _load_demo(self) -> None:
        """A demo that was cut short is loaded again at the next start; the station runs
        without it too."""
        if not self._options.demo or self._folder.done("demo"):
            return
        from deploy import demo

        try:
            with self._terminal.progress("demo data") as show:
                await demo.load(self._options.base_url, show)
        except Exception as error:
            self._log.say("error", "demo_not_loaded", error=repr(error))
            return
        self._folder.mark_done("demo")

    async def _command(self, *arguments: str, own: Mapping[str, str] | None = None) -> str:
        """One of our commands, which finds done what it had done when it was killed; answers what
        it printed."""
        run = partial(run_to_end, self._nursery, arguments, own or {}, self._log)
        return await though_killed(arguments[0], run, self._log.say)

    def _announce(self) -> None:
        lines = {
            "address": self._options.base_url,
            "documentation": f"{self._options.base_url}/docs",
        }
        if self._options.demo:
            lines["sign in as"] = "admin, advisor, technician, storekeeper, cashier, owner"
            lines["password"] = "demo"
        else:
            lines["sign in as"] = "admin"
        lines["data"] = str(self._folder.path)
        lines["stop"] = "Ctrl-C"
        self._terminal.announce(self._settings.station_name, lines)

    # --- while it runs ---------------------------------------------------------------------------

    async def _keep(self, name: str, kept: Any) -> None:
        keeper = Keeper(name, kept, self._log.say, on_start=self._tell)
        self._keepers.append(keeper)
        await keeper.start()

    async def _rebuild_stream(self) -> None:
        await self._command("events", "rebuild", "--yes", "--data-dir", str(self._folder.path))

    def _hear_trouble(self, line: Mapping[str, Any]) -> None:
        if line.get("event") == PUBLISH_FAILED:
            self._watch.refused()
        elif line.get("event") == EVENT_SPOILT:
            self._watch.doubted()
        self._terminal.trouble(line)

    def _tell(self) -> None:
        """Renewed at every start of a process: its port may be another one. Without room on the
        disk, as soon as there is some."""
        try:
            self._tell_now()
        except OSError as error:
            self._log.say("error", "not_told", error=str(error))
            asyncio.get_running_loop().call_later(TELL_AGAIN_S, self._tell)

    def _tell_now(self) -> None:
        self._folder.tell(
            {
                "station": self._settings.station,
                "version": pitlane_version(),
                "pid": os.getpid(),
                "started_at": self._started_at.isoformat(),
                "http": self._options.base_url,
                "nats": {
                    "pid": _pid(self._nats),
                    "monitoring": f"http://127.0.0.1:{self._nats.monitoring_port}",
                    "urls": {
                        user: self._nats.url(user)
                        for user in (topology.OPERATORS, topology.BOOTSTRAP)
                    },
                },
                "postgres": {
                    "pid": _pid(self._postgres),
                    "url": self._postgres.url(SUPERUSER),
                },
                "nursery": {"pid": self._nursery.pid},
                "databases": {
                    name: {
                        "url": self._database_url(name),
                        "owner_url": self._database_url(name, owner=True),
                    }
                    for name in SERVICES
                },
                "services": {
                    name: {"pid": _pid(service), "health": f"http://{service.host}:{service.port}"}
                    for name, service in self._services.items()
                },
            }
        )

    def _database_url(self, service: str, *, owner: bool = False) -> str:
        database = self._databases[service]
        if owner:
            return self._postgres.url(database.name, database.owner, database.owner_password)
        return self._postgres.url(database.name, database.role, database.password)

    def _service_log(self, name: str) -> ServiceLog:
        file = LogFile(self._folder.logs / f"{name}.jsonl")
        return ServiceLog(file, name, self._settings.station, self._hear_trouble)

    def _server_log(self, name: str, *serious: bytes) -> ServerLog:
        file = LogFile(self._folder.logs / f"{name}.log")
        return ServerLog(file, name, serious, self._terminal.trouble)

    # --- stop ----------------------------------------------------------------------------------

    def _stop_on_signals(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        stopping: asyncio.Future[None] = loop.create_future()

        def on_signal() -> None:
            if stopping.done():
                # Asked twice: the kernel ends the children with us, and the data bears it.
                os._exit(130)
            stopping.set_result(None)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, on_signal)
        return stopping

    async def _stop(self) -> None:
        """The gateway first, so that nobody is let in any more; the servers last."""
        self._terminal.quiet = True
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        with self._terminal.step("stopped"):
            servers = [keeper for keeper in self._keepers if keeper.name in ("postgres", "nats")]
            services = [keeper for keeper in self._keepers if keeper not in servers]
            gateway = [keeper for keeper in services if keeper.name == GATEWAY]
            await asyncio.gather(*(keeper.stop() for keeper in gateway))
            await asyncio.gather(*(keeper.stop() for keeper in services if keeper not in gateway))
            await self._nursery.stop()
            await asyncio.gather(*(keeper.stop() for keeper in servers))
            await self._log_receiver.stop()
        self._folder.close()

    def _check_address(self) -> None:
        host, port = self._options.http_host, self._options.http_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                why = f"{error.strerror}; choose another with --http-port"
                raise CannotStart(f"cannot listen on {host}:{port}: {why}") from error


def _pid(process: Postgres | Nats | ServiceProcess) -> int | None:
    return process.child.pid if process.child else None
