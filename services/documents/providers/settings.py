"""Which provider carries what, from the environment; every name starts with
``PITLANE_MESSAGES_``, a provider's own with its name behind it: ``PITLANE_MESSAGES_SMSRU__API_ID``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from services.documents.domain.message_rules import QuietHours, SendingRules
from shared.settings import unusable

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Hours = Annotated[str, StringConstraints(pattern=r"^(\d\d:\d\d-\d\d:\d\d)?$")]


class SmsRuSettings(BaseModel):
    """https://sms.ru/api/send"""

    api_id: SecretStr = SecretStr("")
    sender: str | None = None
    """A name that sms.ru has approved; the account's own without one."""
    url: Url = "https://sms.ru"


class SmscSettings(BaseModel):
    """https://smsc.ru/api/http/"""

    login: str | None = None
    password: SecretStr = SecretStr("")
    api_key: SecretStr = SecretStr("")
    """Instead of login and password."""
    sender: str | None = None
    url: Url = "https://smsc.ru"


class TwilioSettings(BaseModel):
    """https://www.twilio.com/docs/messaging/api/message-resource"""

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    sender: str | None = None
    """A number of the account; or else a messaging service."""
    messaging_service_sid: str | None = None
    url: Url = "https://api.twilio.com"


class SmtpSettings(BaseModel):
    """A mail server that takes our letters."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr = SecretStr("")
    sender: str = ""
    """The address that clients see."""


class HttpSettings(BaseModel):
    """Any provider that takes an HTTP request. In ``url``, ``headers`` and the values of ``body``
    stand ``{id}`` (ours), ``{to}``, ``{text}`` and ``{subject}``; in ``status_url`` also
    ``{provider_id}``."""

    url: Annotated[Url | None, Field(repr=False)] = None
    """It may hold a key, as ``body`` and ``status_url`` may: none of them is shown."""
    method: Literal["GET", "POST", "PUT"] = "POST"
    headers: dict[str, SecretStr] = {}
    body: Annotated[dict[str, Any], Field(repr=False)] = {
        "id": "{id}",
        "to": "{to}",
        "text": "{text}",
    }
    format: Literal["json", "form", "query"] = "json"
    id_path: str | None = None
    """Where in the answer its id stands: ``result.0.id``."""
    dedupes: bool = False
    """It promises to send a message once, however often it is asked with the same ``{id}``."""
    status_url: Annotated[Url | None, Field(repr=False)] = None
    status_path: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed", "undelivered")

    @property
    def tracks(self) -> Literal["nothing", "provider_id", "own_id"]:
        if self.status_url is None:
            return "nothing"
        return "provider_id" if "{provider_id}" in self.status_url else "own_id"


PREFIX = "PITLANE_MESSAGES_"


class MessageSettings(BaseSettings):
    """What messages need of their station."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",
        # What is wrong is told without repeating it: it may be a key.
        hide_input_in_errors=True,
    )

    sms_provider: Literal["file", "smsru", "smsc", "twilio", "http"] = "file"
    email_provider: Literal["file", "smtp", "http"] = "file"
    file: Path = Path("data/messages.jsonl")
    """Of the provider ``file``: one line for each message. Nothing leaves the house."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 20.0
    """Of one call. Far below the five minutes that a claim lasts."""
    quiet_hours: Hours = "21:00-09:00"
    """By the station's clock; empty: none."""
    client_daily_cap: Annotated[int, Field(ge=0)] = 5
    """Messages to one client a day; what is over waits for the next one."""
    station_daily_cap: Annotated[int, Field(ge=0)] = 1000
    smsru: SmsRuSettings = SmsRuSettings()
    smsc: SmscSettings = SmscSettings()
    twilio: TwilioSettings = TwilioSettings()
    smtp: SmtpSettings = SmtpSettings()
    http: HttpSettings = HttpSettings()

    @classmethod
    def load(cls) -> Self:
        """What the environment says. Ends the process with one line where that cannot be: a
        provider that is not wholly configured is told of at the start, not by lost messages."""
        try:
            return cls()
        except ValidationError as error:
            raise SystemExit(unusable(error, PREFIX)) from error
        except SettingsError as error:  # a group that is to be JSON, and is none
            raise SystemExit(f"{PREFIX}…: {error}") from error

    def rules(self, zone: ZoneInfo) -> SendingRules:
        return SendingRules(
            zone, quiet_hours(self.quiet_hours), self.client_daily_cap, self.station_daily_cap
        )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """A provider that is chosen must be able to start: better told now than at midnight."""
        missing = [
            PREFIX + name
            for name, wanted, given in (
                (
                    "SMSRU__API_ID",
                    self.sms_provider == "smsru",
                    self.smsru.api_id.get_secret_value(),
                ),
                (
                    "SMSC__LOGIN or PITLANE_MESSAGES_SMSC__API_KEY",
                    self.sms_provider == "smsc",
                    self.smsc.login or self.smsc.api_key.get_secret_value(),
                ),
                ("TWILIO__ACCOUNT_SID", self.sms_provider == "twilio", self.twilio.account_sid),
                (
                    "TWILIO__SENDER or PITLANE_MESSAGES_TWILIO__MESSAGING_SERVICE_SID",
                    self.sms_provider == "twilio",
                    self.twilio.sender or self.twilio.messaging_service_sid,
                ),
                ("SMTP__HOST", self.email_provider == "smtp", self.smtp.host),
                ("SMTP__SENDER", self.email_provider == "smtp", self.smtp.sender),
                ("HTTP__URL", "http" in (self.sms_provider, self.email_provider), self.http.url),
            )
            if wanted and not given
        ]
        if missing:
            raise ValueError(f"not set: {', '.join(missing)}")
        quiet_hours(self.quiet_hours)
        return self


def quiet_hours(written: str) -> QuietHours | None:
    """``21:00-09:00``. Raises ``ValueError`` for hours that no clock shows."""
    if not written:
        return None
    start, _, end = written.partition("-")
    return QuietHours(*(datetime.strptime(hour, "%H:%M").time() for hour in (start, end)))
