"""A second factor beside the password: set up, confirmed, and turned off again by its owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.gateway import one_time_codes
from services.gateway.call import Call
from services.gateway.journal import Entry, Journal
from services.gateway.person import Person
from services.gateway.proofs import Proofs
from services.gateway.sealing import sealed
from services.gateway.store import recovery_codes, users
from shared.contracts.users import RecoveryCodesTaken, TotpChanged
from shared.refusals import Refused
from shared.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Enrolment:
    """``secret`` to be typed, or ``address`` to be shown as a QR code."""

    secret: str
    address: str


class SecondFactor:
    """Of one's own; another's is only taken away, by ``ResetTotp``."""

    def __init__(
        self, engine: AsyncEngine, journal: Journal, proofs: Proofs, settings: ServiceSettings
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._proofs = proofs
        self._settings = settings

    async def state(self, person: Person) -> tuple[bool, int]:
        """Whether it is on, and how many recovery codes are left."""
        async with self._engine.connect() as connection:
            user = await _user(connection, person)
            left = await connection.execute(
                select(func.count()).where(recovery_codes.c.user_id == person.user_id)
            )
            return user.totp is not None, left.scalar_one()

    async def enrol(self, call: Call, person: Person, password: str) -> Enrolment:
        """A new secret, which counts once it is confirmed. Refused: ``password_wrong``,
        ``totp_already_on``."""
        user = (await self._proofs.password(call, person.login, [password], "password_wrong")).row
        if user.totp is not None:
            raise Refused("totp_already_on")
        secret = one_time_codes.new_secret()
        async with self._journal.entry() as entry:
            await entry.connection.execute(
                update(users)
                .where(users.c.id == person.user_id)
                .values(totp_pending=sealed(self._settings, secret).encode())
            )
        issuer = self._settings.station_name
        return Enrolment(secret, one_time_codes.address_of(secret, person.login, issuer))

    async def confirm(self, call: Call, person: Person, code: str) -> list[str]:
        """From now on sign-ins ask for codes. Answers the recovery codes, told this once.
        Refused: ``totp_already_on``, ``totp_not_begun``, ``totp_invalid``."""
        async with self._engine.connect() as connection:
            user = await _user(connection, person)
        if user.totp is not None:
            raise Refused("totp_already_on")
        if user.totp_pending is None:
            raise Refused("totp_not_begun")
        await self._proofs.code(call, user, code, pending=True)
        async with self._journal.entry() as entry:
            await entry.connection.execute(
                update(users)
                .where(users.c.id == person.user_id)
                .values(totp=user.totp_pending, totp_pending=None)
            )
            _tell(entry, call, person, "on")
            return await _renewed(entry.connection, person)

    async def renew_recovery_codes(self, call: Call, person: Person, code: str) -> list[str]:
        """The former ones open nothing any more. Refused: ``totp_off``, ``totp_invalid``."""
        await self._proven(call, person, code)
        async with self._journal.entry() as entry:
            _tell(entry, call, person, "recovery_codes")
            return await _renewed(entry.connection, person)

    async def turn_off(self, call: Call, person: Person, code: str) -> None:
        """Refused: ``totp_off``, ``totp_invalid``."""
        await self._proven(call, person, code)
        async with self._journal.entry() as entry:
            await without_totp(entry.connection, person.user_id)
            _tell(entry, call, person, "off")

    async def _proven(self, call: Call, person: Person, code: str) -> None:
        async with self._engine.connect() as connection:
            user = await _user(connection, person)
        if user.totp is None:
            raise Refused("totp_off")
        await self._proofs.code(call, user, code)


async def without_totp(connection: AsyncConnection, user_id: Any) -> None:
    """The step stays: what was taken once is never taken again."""
    await connection.execute(
        update(users).where(users.c.id == user_id).values(totp=None, totp_pending=None)
    )
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))


async def without_recovery_codes(connection: AsyncConnection) -> list[RecoveryCodesTaken]:
    """Takes everybody's away; of each who had some, what is to be told."""
    gone = await connection.execute(delete(recovery_codes).returning(recovery_codes.c.user_id))
    owners = await connection.execute(
        select(users.c.id, users.c.login)
        .where(users.c.id.in_(set(gone.scalars())))
        .order_by(users.c.login_key)
    )
    return [RecoveryCodesTaken(user_id=owner.id, login=owner.login) for owner in owners]


async def _user(connection: AsyncConnection, person: Person) -> Any:
    rows = await connection.execute(select(users).where(users.c.id == person.user_id))
    return rows.one()


async def _renewed(connection: AsyncConnection, person: Person) -> list[str]:
    codes = one_time_codes.new_recovery_codes()
    await connection.execute(
        delete(recovery_codes).where(recovery_codes.c.user_id == person.user_id)
    )
    await connection.execute(
        insert(recovery_codes),
        [
            {"user_id": person.user_id, "code_hash": one_time_codes.recovery_hash(code)}
            for code in codes
        ],
    )
    return codes


def _tell(
    entry: Entry, call: Call, person: Person, what: Literal["on", "off", "recovery_codes"]
) -> None:
    entry.publish(
        TotpChanged(user_id=person.user_id, login=person.login, what=what),
        call.envelope(TotpChanged.subject),
    )
