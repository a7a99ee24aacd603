"""A page's form, read as the message that it stands for.

Fields have the names of the message's own, dotted where they lie deeper: ``lines.0.quantity``.
People type numbers with commas and spaces and times in the station's own zone; both are put right
here, so that no page has to. What is left empty is not sent, or null where an edit may clear it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from services.gateway.call import as_key
from services.gateway.person import Person
from services.gateway.problems import RequestInvalid, field_invalid, unreadable
from services.gateway.reading import REVISION, parsed
from shared.contracts.base import MAX_MONEY
from shared.ids import new_id
from shared.refusals import Refused

MAX_FIELDS = 3_000
KEY, CSRF, BY = "_key", "_csrf", "_by"
"""Fields of every form: the idempotency key, the proof that one of our own pages made it, and the
id of the user whom it was made for."""
YEARS = range(1900, 2200)
_SALT_CHARS = 22
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said: every field, in its order."""

    pairs: tuple[tuple[str, str], ...]
    zone: ZoneInfo
    key: str = field(default_factory=lambda: str(new_id()))

    @classmethod
    def of(cls, body: bytes, zone: ZoneInfo) -> Form:
        try:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                max_num_fields=MAX_FIELDS,
                strict_parsing=False,
            )
        except ValueError:
            raise unreadable("not_a_form") from None
        return cls.said(pairs, zone)

    @classmethod
    def said(cls, pairs: Iterable[tuple[str, str]], zone: ZoneInfo) -> Form:
        """Of the fields of a page, with the key that it was made with. Raises
        ``idempotency_key_invalid``."""
        form = cls(tuple(pairs), zone)
        return replace(form, key=as_key(form.get(KEY))) if form.get(KEY) else form

    def get(self, name: str, default: str = "") -> str:
        """The field's last value: a box that is ticked comes after what it says when it is not."""
        return self.all(name)[-1] if self.all(name) else default

    def all(self, name: str) -> list[str]:
        return [value for said, value in self.pairs if said == name]

    def amount(self, name: str) -> Decimal:
        """Of money, or of percent; nought where nothing was typed. Raises ``request_invalid``."""
        try:
            amount = Decimal(_scalar(name, (Decimal,), self.get(name), self.zone) or 0)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or amount < 0:
            raise field_invalid(name, "not_an_amount")
        # Before anything is reckoned with it: there are numbers that no reckoning holds.
        if amount > MAX_MONEY:
            raise field_invalid(name, "amount_beyond", most=MAX_MONEY)
        if amount != amount.quantize(_HUNDREDTH):
            raise field_invalid(name, "not_kopecks")
        return amount

    def message[MessageT: BaseModel](
        self, model: type[MessageT], *, below: str = "", **fixed: Any
    ) -> MessageT:
        """The message of the fields that ``model`` has; ``below`` a prefix, if one form stands for
        several; ``fixed`` are not the form's to say. Raises ``request_invalid``."""
        prefix = f"{below}." if below else ""
        pairs = [
            (name.removeprefix(prefix), value)
            for name, value in self.pairs
            if name.startswith(prefix)
        ]
        return read(model, pairs, self.zone, **fixed)


def read[MessageT: BaseModel](
    model: type[MessageT], pairs: Iterable[tuple[str, str]], zone: ZoneInfo, **fixed: Any
) -> MessageT:
    """The message that fields of a form or a query stand for. Raises ``request_invalid``."""
    tree = _tree(pairs)
    values = _fields(model, tree, zone)
    try:
        return parsed(model, {**values, **fixed}, names={})
    except RequestInvalid as refused:
        raise RequestInvalid(
            [replace(each, field=_as_said(each.field, tree, model)) for each in refused.errors]
        ) from None


# --- the fields as the model wants them ----------------------------------------------------------


def _tree(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Dotted names as nested dicts; a leaf is the list of the values that were said."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        *way, last = name.split(".")
        node: Any = root
        for step in way:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise field_invalid(name, "field_and_group")
        leaf = node.setdefault(last, [])
        if not isinstance(leaf, list):
            raise field_invalid(name, "field_and_group")
        leaf.append(value)
    return root


def _fields(model: type[BaseModel], node: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Of the fields that the model has; a form may well have others."""
    clears = REVISION in model.model_fields
    values: dict[str, Any] = {}
    for name, about in model.model_fields.items():
        if name not in node:
            continue
        kinds = tuple(_kinds(about.annotation))
        value = _value(name, kinds, node[name], zone)
        if value is not None:
            values[name] = value
        elif clears and type(None) in kinds:
            values[name] = None
    return values


def _kinds(annotation: Any) -> Iterable[Any]:
    """The types that an annotation allows, without what is said about them."""
    annotation = getattr(annotation, "__value__", annotation)
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for each in get_args(annotation):
            yield from _kinds(each)
    elif hasattr(annotation, "__metadata__"):
        yield from _kinds(get_args(annotation)[0])
    else:
        yield annotation


def _value(name: str, kinds: tuple[Any, ...], node: Any, zone: ZoneInfo) -> Any:
    """None where nothing was said."""
    for kind in kinds:
        if get_origin(kind) in (tuple, list, frozenset, set):
            return _items(name, get_args(kind)[0], node, zone)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(node, dict):
            return _fields(kind, node, zone) or None
    if isinstance(node, dict):  # of something that has no fields of its own
        return {each: leaf[-1] for each, leaf in node.items() if isinstance(leaf, list)}
    return _scalar(name, kinds, node[-1], zone)


def _items(name: str, annotation: Any, node: Any, zone: ZoneInfo) -> list[Any]:
    """Rows of a form that say nothing are no items, and taken out of a dict: see ``_as_said``."""
    kinds = tuple(_kinds(annotation))
    if isinstance(node, list):
        said = (_value(name, kinds, [each], zone) for each in node)
        return [value for value in said if value is not None]
    items = {step: _value(name, kinds, node[step], zone) for step in _steps(node)}
    for step, value in items.items():
        if value is None:
            del node[step]
    return [value for value in items.values() if value is not None]


def _steps(node: dict[str, Any]) -> list[str]:
    """A list's rows, in the order of their numbers."""
    return sorted(node, key=lambda step: (len(step), step))


def _as_said(field: str, node: Any, model: type[BaseModel]) -> str:
    """What the form calls a field of the message: a list has no gaps, the form's rows have; and
    what has another name for programs is called by its own."""
    way: list[str] = []
    kinds: tuple[Any, ...] = (model,)
    for step in field.split("."):
        if step.isdecimal():
            said = _said_in(node)
            step = said[int(step)] if int(step) < len(said) else step
            kinds = tuple(
                item for kind in kinds for item in _kinds(next(iter(get_args(kind)), None))
            )
        else:
            step, kinds = _own_name(step, kinds)
        node = node.get(step) if isinstance(node, dict) else None
        way.append(step)
    return ".".join(way)


def _own_name(called: str, kinds: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Of a field of one of these models, with what it may hold."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            for name, about in kind.model_fields.items():
                if called in (name, about.alias):
                    return name, tuple(_kinds(about.annotation))
    return called, ()


def _said_in(node: Any) -> list[str]:
    """The rows of a form's list that say something, as the form numbers them."""
    if isinstance(node, dict):
        return _steps(node)
    return [str(row) for row, value in enumerate(node or ()) if value.strip()]


def _scalar(name: str, kinds: tuple[Any, ...], said: str, zone: ZoneInfo) -> Any:
    said = said.strip()
    if not said:
        return None
    if Decimal in kinds or int in kinds:
        return "".join(said.split()).replace(",", ".")
    if bool in kinds:
        return said in ("on", "true", "1")
    if datetime in kinds or AwareDatetime in kinds:
        return _instant(name, said, zone)
    return said


def _instant(name: str, said: str, zone: ZoneInfo) -> datetime:
    """Of a ``datetime-local`` or ``date`` input, or RFC 3339. Until a day means: with that day."""
    try:
        moment = datetime.fromisoformat(said)
        if name == "end" and len(said) == len("2026-11-27"):
            moment += timedelta(days=1)
    except (ValueError, OverflowError):
        raise field_invalid(name, "not_a_moment") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def day_said(said: str | None) -> date | None:
    """None where it is no day that a station could mean."""
    try:
        day = date.fromisoformat(said or "")
    except ValueError:
        return None
    return day if day.year in YEARS else None


def today(zone: ZoneInfo) -> date:
    return datetime.now(zone).date()


# --- who made the form ---------------------------------------------------------------------------


def csrf_token(session_token: str) -> str:
    """Another one for every page, so that packed pages do not give it away."""
    salt = secrets.token_urlsafe(16)
    return salt + _proof(session_token, salt)


def ensure_own(form: Form, session_token: str, person: Person) -> None:
    """Raises ``form_of_another`` for a form that was made for somebody else, whose keys are not
    this person's: it could take effect twice; ``cross_site_request`` for one that none of this
    session's pages made. One that was made for nobody has keys that nobody has used."""
    made_for = form.get(BY)
    if made_for and made_for != str(person.user_id):
        raise Refused("form_of_another", name=person.name)
    said = form.get(CSRF)
    salt, proof = said[:_SALT_CHARS], said[_SALT_CHARS:]
    if not hmac.compare_digest(proof.encode(), _proof(session_token, salt).encode()):
        raise Refused("cross_site_request")


def _proof(session_token: str, salt: str) -> str:
    return hmac.new(session_token.encode(), f"csrf:{salt}".encode(), sha256).hexdigest()
