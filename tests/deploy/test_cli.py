"""``pitlane``: small to load, and clear about what it cannot do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.support.broker import TestNats
from tests.support.databases import Databases, as_owner, service_database
from tests.support.runner import pitlane


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        pitlane(*arguments),
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_command_line_loads_nothing_that_takes_time() -> None:
    """Every service's process pays for it."""
    slow = ("sqlalchemy", "faststream", "nats", "asyncpg", "pydantic", "fastapi", "httpx", "rich")
    loaded = subprocess.run(
        [sys.executable, "-c", "import deploy.cli, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [name for name in slow if name in loaded] == []


def test_configuration_is_shown_without_its_secrets() -> None:
    shown = run(
        "config",
        "show",
        PITLANE_NATS_URL="nats://ops:nats-secret@10.0.0.1:4222",
        PITLANE_ORDERS_DATABASE_URL="postgresql://pitlane_orders:pg-secret@db/orders",
        PITLANE_STATION="north",
    )
    assert shown.returncode == 0
    assert "secret" not in shown.stdout
    lines = shown.stdout.splitlines()
    assert "PITLANE_NATS_URL=nats://ops:***@10.0.0.1:4222" in lines
    assert "PITLANE_ORDERS_DATABASE_URL=postgresql://pitlane_orders:***@db/orders" in lines
    assert "PITLANE_STATION=north" in lines
    assert "PITLANE_HTTP_PORT=8080" in lines  # defaults too


def test_keys_of_message_providers_are_not_shown() -> None:
    shown = run(
        "config",
        "show",
        PITLANE_MESSAGES_SMS_PROVIDER="http",
        PITLANE_MESSAGES_HTTP__URL="https://sms.example.com/send?key=url-secret",
        PITLANE_MESSAGES_HTTP__HEADERS='{"X-Key": "header-secret"}',
        PITLANE_MESSAGES_HTTP__BODY='{"key": "body-secret", "to": "{to}"}',
        PITLANE_MESSAGES_SMSRU__API_ID="smsru-secret",
        PITLANE_MESSAGES_SMTP__PASSWORD="smtp-secret",
    )
    assert shown.returncode == 0
    assert "secret" not in shown.stdout
    lines = shown.stdout.splitlines()
    assert "PITLANE_MESSAGES_SMS_PROVIDER=http" in lines
    assert "PITLANE_MESSAGES_HTTP__URL=***" in lines
    assert "PITLANE_MESSAGES_QUIET_HOURS=21:00-09:00" in lines


def test_provider_without_its_key_is_one_line() -> None:
    shown = run("config", "show", PITLANE_MESSAGES_SMS_PROVIDER="smsru")
    assert shown.returncode == 1
    assert "PITLANE_MESSAGES_SMSRU__API_ID" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["service", "orders"], "PITLANE_ORDERS_DATABASE_URL is not set"),
        (["gateway"], "PITLANE_GATEWAY_DATABASE_URL is not set"),
        (["migrate", "orders"], "pitlane: PITLANE_ORDERS_DATABASE_URL is not set"),
        (["topology", "apply"], "pitlane: PITLANE_NATS_URL is not set"),
        (["users", "first-admin"], "pitlane: PITLANE_GATEWAY_DATABASE_URL is not set"),
    ],
)
def test_what_is_not_configured_is_one_line(arguments: list[str], message: str) -> None:
    refused = run(*arguments)
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", f"{message}\n")


@pytest.mark.parametrize(
    ("service", "settings", "message"),
    [
        ("orders", {"ESTIMATE_LINK_DAYS": "0"}, "PITLANE_ESTIMATE_LINK_DAYS: Input should be"),
        ("orders", {"ORDERS_HEALTH_PORT": "any"}, "PITLANE_ORDERS_HEALTH_PORT: Input should be"),
        ("documents", {"MESSAGES_EMAIL_PROVIDER": "smtp"}, "not set: PITLANE_MESSAGES_SMTP__HOST"),
    ],
)
def test_service_told_what_cannot_be_ends_with_one_line(
    service: str, settings: dict[str, str], message: str
) -> None:
    given = {f"PITLANE_{name}": value for name, value in settings.items()}
    database = {f"PITLANE_{service.upper()}_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"}
    refused = run("service", service, **database, **given)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(message)
    assert refused.stderr.count("\n") == 1


def test_port_of_a_station_may_come_from_the_environment() -> None:
    refused = run("up", PITLANE_HTTP_PORT="70000")
    assert refused.returncode == 2
    assert "PITLANE_HTTP_PORT" in refused.stderr


def test_unknown_service_is_told_which_there_are() -> None:
    refused = run("service", "kitchen")
    assert refused.returncode == 2
    assert "there is no service kitchen" in refused.stderr


async def test_migrations_bring_an_empty_database_to_its_newest_revision(
    databases: Databases, database: Callable[[str], str]
) -> None:
    url = as_owner(database("audit"))
    owner = await asyncpg.connect(url)
    await owner.execute(f"DROP OWNED BY {service_database('audit').owner} CASCADE")
    assert await owner.fetchval("SELECT to_regclass('outbox')") is None
    for _ in range(2):  # the second time there is nothing to do
        done = run("migrate", "audit", PITLANE_AUDIT_DATABASE_URL=url)
        assert (done.returncode, done.stdout) == (0, "audit: at its newest revision\n")
    assert await owner.fetchval("SELECT to_regclass('outbox')") == "outbox"
    await owner.close()


def test_migrations_of_a_database_that_is_away_are_one_line() -> None:
    failed = run("migrate", "audit", PITLANE_AUDIT_DATABASE_URL="postgresql://a:b@127.0.0.1:1/x")
    assert failed.returncode == 1
    assert failed.stderr.startswith("pitlane: audit: ")
    assert failed.stderr.count("\n") == 1


async def test_sums_of_reports_are_reckoned_anew(database: Callable[[str], str]) -> None:
    services = ("finance", "inventory", "orders")
    urls = {f"PITLANE_{each.upper()}_DATABASE_URL": database(each) for each in services}
    early = run("reports", "rebuild", "--yes", **urls)
    assert early.stderr == "pitlane: orders has never run as station-1: there are no sums of it\n"
    owner = await asyncpg.connect(as_owner(urls["PITLANE_ORDERS_DATABASE_URL"]))
    await owner.execute(
        "INSERT INTO stations (id, code, name, time_zone)"
        " VALUES (gen_random_uuid(), 'station-1', 'Pitlane', 'Asia/Omsk')"
    )
    await owner.close()
    done = run("reports", "rebuild", "--yes", **urls)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[:7] for line in done.stdout.splitlines()] == [
        ["✓", "sums", "of", f"{each}:", "0", "reckoned", "anew"] for each in services
    ]
    refused = run("reports", "rebuild", "--yes", "--service", "audit", **urls)
    assert refused.returncode == 1
    assert refused.stderr.startswith("pitlane: audit has no sums; ")
    away = {"PITLANE_FINANCE_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/x"}
    failed = run("reports", "rebuild", "--yes", "--service", "finance", **{**urls, **away})
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)


async def test_topology_is_applied_by_who_may(nats_server: TestNats) -> None:
    done = run("topology", "apply", PITLANE_NATS_URL=nats_server.url("bootstrap"))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "streams: EVENTS, AUDIT_HEADS",
        "consumers: clients, orders, inventory, finance, documents, audit",
    ]
    refused = run("topology", "apply", PITLANE_NATS_URL=nats_server.url("orders"))
    assert refused.returncode == 1
    assert refused.stderr.startswith("pitlane: NATS refuses: ")
    assert "permissions violation" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_set_up_without_a_python_that_fits_is_one_line(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    for name in ("requirements.lock", "pyproject.toml", ".python-version"):
        (tmp_path / name).write_text((root / name).read_text())
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "setup"
    script.write_text((root / "scripts" / "setup").read_text())
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "cat", "cut", "dirname", "ls", "sha256sum"):
        path = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout
        (tools / tool).symlink_to(path.strip())
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run(
        ["bash", str(script)],
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("setup: no Python 3.12 or newer")
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()
