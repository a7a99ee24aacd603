"""Codes of a second factor: by time (RFC 6238), and for the day when the phone is lost."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from hashlib import sha256

import pyotp

RECOVERY_CODES = 10
_TOLERANCE = (0, -1, 1)
"""Steps of thirty seconds: clocks differ, and people type slowly."""


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(secret: str, login: str, issuer: str) -> str:
    """``otpauth://…``, as authenticator apps take it from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step that the code belongs to; none for a code that is not of about now."""
    totp = pyotp.TOTP(secret)
    said = "".join(code.split())
    for offset in _TOLERANCE:
        step = totp.timecode(now) + offset
        if hmac.compare_digest(totp.generate_otp(step).encode(), said.encode()):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Eighty bits each, in groups that can be written down."""
    codes = [b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def recovery_hash(code: str) -> bytes:
    """However it was typed."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return sha256(plain.encode()).digest()
