"""What must be readable again is kept sealed under the gateway's key, which no database has."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet

from shared.settings import ServiceSettings


def sealed(settings: ServiceSettings, secret: str) -> str:
    """Text for a table or a message; only ``opened`` reads it."""
    return _box(settings).encrypt(secret.encode()).decode()


def opened(settings: ServiceSettings, text: str, *, within_s: int | None = None) -> str:
    """Raises ``InvalidToken`` for what was sealed under another key, or too long ago."""
    return _box(settings).decrypt(text.encode(), ttl=within_s).decode()


def _box(settings: ServiceSettings) -> Fernet:
    assert settings.gateway_key, "the gateway does not start without its key"
    key = sha256(settings.gateway_key.get_secret_value().encode()).digest()
    return Fernet(urlsafe_b64encode(key))
