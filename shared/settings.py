"""Configuration from the environment (12-factor); every name starts with ``PITLANE_``."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.ids import id_of

SERVICES = ("clients", "orders", "inventory", "finance", "documents", "audit", "gateway")
"""In the order in which they start; the gateway last, so that nobody is let in too early."""
PREFIX = "PITLANE_"
OWN = ("database_url", "health_host", "health_port", "health_fd")
"""Settings that each process has for itself, with its name in the variable."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except KeyError as error:
        raise ValueError(f"no time zone {name}") from error
    return name


class StationSettings(BaseSettings):
    """What all processes of one station share."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    nats_url: str = "nats://127.0.0.1:4222"
    station: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "station-1"
    """Goes into subjects, logs and event sources."""
    station_name: str = "Pitlane"
    order_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9А-Яа-я]{0,8}$")] = "A"
    """Of order numbers: unique in the chain, so that numbers are."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Moscow"
    """Of the station's calendar: business days and reports by day follow it."""
    price_step: Annotated[int, Field(ge=1, le=1000)] = 10
    """Roubles that a norm-hour price is rounded to."""
    public_url: Annotated[str, Field(pattern=r"^(https?://[^\s/?#]+)?$")] = ""
    """Where clients reach the gateway, as ``https://station.example``: links that are sent to them
    begin with it."""
    estimate_link_days: Annotated[int, Field(ge=1, le=365)] = 14
    """How long a client may answer an estimate by its link."""
    fiscal_adapter: Literal["none", "file"] = "none"
    """The cash register that prints fiscal receipts. ``file`` is a folder: nothing leaves the
    house."""
    fiscal_folder: Path = Path("data/fiscal")
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
    ] = "INFO"
    log_folder: Path | None = None
    """Where the processes' logs lie, if they lie in files: the page of operations shows an order's
    lines."""
    otlp_url: str | None = None
    """Where traces go (OTLP over HTTP); none are made without it."""

    @property
    def station_id(self) -> UUID:
        return id_of(f"station:{self.station}")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def source(self, service: str) -> str:
        """CloudEvents ``source`` of one of the station's services."""
        return f"/{self.station}/{service}"


class ServiceSettings(StationSettings):
    """One process's own part, read from ``PITLANE_<SERVICE>_…``."""

    service: str
    database_url: str
    health_host: str = "127.0.0.1"
    health_port: int = 0
    """Of ``/health/live``, ``/health/ready`` and ``/metrics``; 0: any free one."""
    health_fd: int | None = None
    """Instead of host and port: the file of a socket that listens already, and was inherited."""
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    """The gateway's own address."""
    gateway_key: Annotated[SecretStr, Field(min_length=24)] | None = None
    """Seals what the gateway must be able to read again: second factors, and secrets in kept
    answers. Whoever loses it sets second factors up anew."""
    oidc_issuer: Annotated[str, Field(pattern=r"^(https?://[^\s?#]+)?$")] = ""
    """An OpenID Connect provider that people may sign in with; none without it."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    """Empty for a public client: the exchange is protected by PKCE all the same."""
    oidc_claim: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")] = "preferred_username"
    """The claim that is the user's login here."""
    oidc_name: str = "OpenID"
    """What the provider is called on the sign-in page."""
    command_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """How long the gateway and services wait for each other's answers."""
    export_folder: Path = Path("data/exports")
    """Where tables that people have had made lie until they take them; all gateways of a station
    share it."""
    outbox_keep_days: Annotated[int, Field(ge=1)] = 90
    """Sent events stay in the outbox so long: a wiped stream is rebuilt from them."""

    @classmethod
    def load(cls, service: str, **otherwise: Any) -> Self:
        """What the environment says; ``otherwise``: where it does not. Ends the process with one
        line where that cannot be."""
        prefix = f"PITLANE_{service.upper()}_"
        own: dict[str, Any] = otherwise | {
            field: os.environ[prefix + field.upper()]
            for field in OWN
            if prefix + field.upper() in os.environ
        }
        if "database_url" not in own:
            raise SystemExit(f"{prefix}DATABASE_URL is not set")
        try:
            return cls(service=service, **own)
        except ValidationError as error:
            raise SystemExit(unusable(error, own=prefix)) from error

    @field_validator("service")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SERVICES:
            raise ValueError(f"no service {name}; there are {', '.join(SERVICES)}")
        return name


def unusable(error: ValidationError, prefix: str = PREFIX, own: str = PREFIX) -> str:
    """Which variables cannot be, and why, in a line. ``own``: what those of ``OWN`` begin with."""
    return "; ".join(
        f"{own if name in OWN else prefix}{name.upper()}: {why}" if name else why
        for problem in error.errors()
        for name in ["__".join(str(part) for part in problem["loc"])]
        for why in [problem["msg"].removeprefix("Value error, ")]
    )


def masked(url: str) -> str:
    """A URL without its password, for people and logs."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    address = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{address}"))


@cache
def pitlane_version() -> str:
    """Of what is installed: the whole of its description is read for it."""
    try:
        return version("pitlane")
    except PackageNotFoundError:
        return "0"
