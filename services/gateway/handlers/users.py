"""Users are made and changed by those whom the table of permissions lets, and nobody locks the
last of those out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.gateway import access
from services.gateway.access import end_sessions, one_time_password
from services.gateway.handlers.table import handlers, shown, the_user
from services.gateway.person import is_of
from services.gateway.sealing import sealed
from services.gateway.second_factor import without_totp
from services.gateway.store import api_tokens, login_key, sessions, users
from shared.contracts.base import Change, Done, Page
from shared.contracts.users import (
    ChangeUser,
    CreateUser,
    EndUserSessions,
    FindUsers,
    GetUser,
    ResetPassword,
    ResetTotp,
    SessionsEnded,
    TotpChanged,
    UserMade,
    UserSaved,
    UserView,
)
from shared.handlers import Store, Work
from shared.pagination import keys_of, page_of
from shared.permissions import may, may_grant
from shared.refusals import Refused, ensure_revision
from shared.roles import ROLES

_MANAGERS = tuple(role for role in ROLES if may(role, ChangeUser))
_CHANGEABLE = ("name", "role", "active", "stations")


@handlers.command(CreateUser)
async def create_user(command: CreateUser, store: Store, work: Work) -> UserMade:
    _ensure_may_grant(work, command.role)
    password, password_hash = await one_time_password()
    made = await store.connection.execute(
        upsert(users)
        .values(
            id=work.new_id(),
            login=command.login,
            login_key=login_key(command.login),
            name=command.name,
            role=command.role,
            stations=command.stations and list(command.stations),
            password_hash=password_hash,
            must_change_password=True,
            active=True,
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["login_key"])
        .returning(users)
    )
    user = made.one_or_none()
    if user is None:
        raise Refused("login_taken", login=command.login)
    work.publish(_saved(user))
    return UserMade(user=shown(user), one_time_password=sealed(work.settings, password))


@handlers.command(ChangeUser)
async def change_user(command: ChangeUser, store: Store, work: Work) -> UserView:
    named = command.model_dump(include=command.model_fields_set & {*_CHANGEABLE})
    for field, value in named.items():
        if value is None and field != "stations":
            raise Refused("field_required", field=field)
    # All of them in one order: two who leave at once must not each be sure of the other.
    managers = await _locked_managers(store, work)
    user = await the_user(store.connection, command.user_id, lock=True)
    ensure_revision(command.expected_revision, user.revision)
    _ensure_may_grant(work, user.role)
    _ensure_may_grant(work, named.get("role", user.role))
    if named.get("stations"):
        named["stations"] = list(named["stations"])
    changes = _changes(user, named)
    if not changes:
        return shown(user)
    wanted = {field: named.get(field, getattr(user, field)) for field in _CHANGEABLE}
    is_of_here = wanted["stations"] is None or work.settings.station in wanted["stations"]
    let_in = wanted["active"] and is_of_here
    if managers == {user.id} and not (let_in and wanted["role"] in _MANAGERS):
        raise Refused("last_administrator")
    rows = await store.connection.execute(
        update(users)
        .where(users.c.id == user.id)
        .values(**named, revision=user.revision + 1)
        .returning(users)
    )
    if not let_in:
        await end_sessions(store.connection, sessions.c.user_id == user.id)
    changed = rows.one()
    work.publish(_saved(changed, changes))
    # Not only those of now: older versions left the tokens of whoever was locked out as they were.
    if changed.active != user.active:
        owned = api_tokens.c.user_id == user.id
        work.publish(*await access.revoke_tokens(store.connection, work.now, owned))
    return shown(changed)


@handlers.command(ResetPassword)
async def reset_password(command: ResetPassword, store: Store, work: Work) -> UserMade:
    user = await the_user(store.connection, command.user_id, lock=True)
    _ensure_may_grant(work, user.role)
    reset = await access.reset_password(
        store.connection, user, work.now, keep_tokens=command.keep_tokens
    )
    work.publish(*reset.events)
    return UserMade(user=shown(reset.user), one_time_password=sealed(work.settings, reset.password))


@handlers.command(EndUserSessions)
async def end_user_sessions(command: EndUserSessions, store: Store, work: Work) -> Done:
    user = await the_user(store.connection, command.user_id)
    _ensure_may_grant(work, user.role)
    if await end_sessions(store.connection, sessions.c.user_id == user.id):
        work.publish(SessionsEnded(user_id=user.id, login=user.login))
    return Done()


@handlers.command(ResetTotp)
async def reset_totp(command: ResetTotp, store: Store, work: Work) -> UserView:
    user = await the_user(store.connection, command.user_id, lock=True)
    _ensure_may_grant(work, user.role)
    if user.totp is not None:
        await without_totp(store.connection, user.id)
        await end_sessions(store.connection, sessions.c.user_id == user.id)
        work.publish(TotpChanged(user_id=user.id, login=user.login, what="off"))
    return shown(await the_user(store.connection, user.id))


@handlers.question(GetUser)
async def get_user(question: GetUser, store: Store, work: Work) -> UserView:
    return shown(await the_user(store.connection, question.user_id))


@handlers.question(FindUsers)
async def find_users(question: FindUsers, store: Store, work: Work) -> Page[UserView]:
    statement = select(users).order_by(users.c.login_key)
    if question.q:
        statement = statement.where(
            or_(
                users.c.login_key.contains(login_key(question.q), autoescape=True),
                users.c.name.icontains(question.q, autoescape=True),
            )
        )
    if question.role:
        statement = statement.where(users.c.role == question.role)
    if question.active is not None:
        statement = statement.where(users.c.active == question.active)
    if question.cursor:
        (after,) = keys_of(question.cursor, tuple[str])
        statement = statement.where(users.c.login_key > after)
    rows = (await store.connection.execute(statement.limit(question.limit + 1))).all()
    return page_of(rows, question.limit, shown, lambda user: (user.login_key,))


def _ensure_may_grant(work: Work, role: str) -> None:
    if not may_grant(work.actor.role, role):
        raise Refused("role_above_own", role=role)


async def _locked_managers(store: Store, work: Work) -> set[UUID]:
    """Those who may manage users here, and nobody changes them meanwhile."""
    rows = await store.connection.execute(
        select(users.c.id)
        .where(users.c.role.in_(_MANAGERS), users.c.active, is_of(work.settings.station))
        .order_by(users.c.id)
        .with_for_update()
    )
    return set(rows.scalars())


def _changes(user: Any, named: dict[str, Any]) -> tuple[Change, ...]:
    return tuple(
        Change(field=field, old=getattr(user, field), new=value)
        for field, value in named.items()
        if getattr(user, field) != value
    )


def _saved(user: Any, changes: tuple[Change, ...] = ()) -> UserSaved:
    return UserSaved(
        user_id=user.id,
        login=user.login,
        name=user.name,
        role=user.role,
        active=user.active,
        stations=user.stations,
        changes=changes,
    )
