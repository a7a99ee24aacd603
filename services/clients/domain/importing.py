"""Rows of somebody's client list: whom and which car they tell of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from services.clients.domain.cards import Client, new_client
from services.clients.domain.identifiers import plate_key
from services.clients.domain.vehicles import Vehicle, new_vehicle
from shared.contracts.clients import AddVehicle, CreateClient
from shared.imports.columns import Field, number, shown, squeezed, text_of, within
from shared.imports.rows import FileRow, Problem
from shared.phones import MARK
from shared.refusals import Refused

FIELDS = (
    Field("last_name", ("фамилия", "last name", "surname", "family name")),
    Field("first_name", ("имя", "first name", "given name")),
    Field("middle_name", ("отчество", "middle name", "patronymic")),
    Field(
        "name",
        ("фио", "клиент", "контакт", "контрагент", "заказчик", "владелец", "покупатель", "name",
         "client", "customer", "full name", "owner"),
    ),
    Field("company_name", ("организация", "компания", "юрлицо", "company", "organization")),
    Field(
        "phone",
        ("телефон", "телефоны", "мобильный", "мобильный телефон", "номер телефона", "тел",
         "phone", "phones", "mobile", "telephone"),
    ),
    Field("email", ("email", "e mail", "почта", "эл почта", "электронная почта", "mail")),
    Field("discount_percent", ("скидка", "скидка %", "discount", "discount percent")),
    Field("comment", ("комментарий", "примечание", "заметка", "comment", "note", "notes")),
    Field("vin", ("vin", "вин", "vin код", "vin номер", "vin code")),
    Field(
        "plate",
        ("госномер", "гос номер", "номер авто", "регистрационный номер", "номер автомобиля",
         "грз", "plate", "license plate", "registration"),
    ),
    Field("vendor", ("марка", "марка авто", "марка автомобиля", "vendor", "make", "brand")),
    Field("model", ("модель", "модель авто", "модель автомобиля", "автомобиль", "авто", "model")),
    Field("year", ("год", "год выпуска", "year")),
    Field("engine", ("двигатель", "мотор", "engine")),
    Field("mileage_km", ("пробег", "пробег км", "mileage", "mileage km", "odometer")),
)  # fmt: skip
_COMPANY = re.compile(r"\b(ООО|ОАО|ЗАО|ПАО|АО|ИП|ГУП|МУП|ФГУП|LLC|LTD|INC|GMBH)\b", re.I)
_BETWEEN_PHONES = re.compile(rf"[,;/\n|]++(?!\s*{MARK})", re.I)
"""What stands before an extension is none."""
_CAR = ("vin", "plate", "vendor", "model", "engine")
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """What a row says, clean, as the fields of a card and of a car; a car without any has none."""

    client: dict[str, Any]
    vehicle: dict[str, Any] | None
    name: str

    @property
    def keys(self) -> tuple[str, ...]:
        """What makes two rows one client, or a row a client that is known."""
        car = self.vehicle or {}
        keys = [f"phone:{phone}" for phone in self.client["phones"]]
        if car.get("vin"):
            keys.append(f"vin:{car['vin']}")
        if car.get("plate"):
            keys.append(f"plate:{plate_key(car['plate'])}")
        return tuple(keys)


def known_from(row: FileRow, nobody: UUID, now: datetime) -> Known | list[Problem]:
    """What the row says, by the rules of cards and cars; or all that is wrong with it.
    ``nobody``: an id for cards that are only made to see whether they can be."""
    read = _Reading(row)
    card = _names(read)
    card["phones"] = read("phone", _phones) or ()
    for name in ("email", "comment"):
        card[name] = read.text(name)
    card["discount_percent"] = read("discount_percent", _percent)
    car: dict[str, Any] = {name: read.text(name) for name in _CAR}
    car["year"] = read("year", lambda cell: _whole(cell, 1900, 2100))
    car["mileage_km"] = read("mileage_km", lambda cell: _whole(cell, 0, 9_999_999))
    client = read.made(
        "client", CreateClient, card, lambda command: new_client(command, nobody, now)
    )
    vehicle = None
    if any(car[name] for name in ("vin", "plate", "vendor", "model")):
        vehicle = read.made(
            "vehicle",
            AddVehicle,
            {**car, "client_id": nobody},
            lambda command: new_vehicle(command, nobody, now),
        )
    if read.problems:
        return read.problems
    assert isinstance(client, Client)
    return Known(
        client={name: getattr(client, name) for name in card},
        vehicle={name: getattr(vehicle, name) for name in car} if vehicle else None,
        name=client.name,
    )


def filled(thing: Client | Vehicle, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are empty so far and about which a row says something; phones are added."""
    news: dict[str, Any] = {}
    for name, value in said.items():
        before = getattr(thing, name)
        if name == "phones":
            more = [phone for phone in value if phone not in before]
            if more:
                news[name] = (*before, *more)[:20]
        elif value is not None and before is None:
            news[name] = value
    return news


def car_shown(vehicle: Mapping[str, Any] | None) -> str | None:
    if vehicle is None:
        return None
    return " ".join(
        filter(None, (vehicle.get(name) for name in ("vendor", "model", "plate", "vin")))
    )


def same_car(cars: list[Vehicle], said: Mapping[str, Any]) -> Vehicle | None:
    """Of a client's cars the one that the row tells of: by VIN, else by plate."""
    vin, plate = said.get("vin"), said.get("plate")
    for car in cars:
        if vin and car.vin == vin:
            return car
    for car in cars:
        if plate and car.plate and plate_key(car.plate) == plate_key(plate):
            return car if not (vin and car.vin) else None
    return None


class _Reading:
    """Reads one row's cells, and remembers what is wrong with them."""

    def __init__(self, row: FileRow) -> None:
        self._row = row
        self.problems: list[Problem] = []

    def __call__[ValueT](self, field: str, read: Callable[[str], ValueT]) -> ValueT | None:
        cell = self._row.get(field)
        if not squeezed(cell):
            return None
        try:
            return read(cell)
        except Refused as refusal:
            self.note(field, refusal)
            return None

    def text(self, field: str) -> str | None:
        return self(field, lambda cell: text_of(cell, _LONGEST))

    def made[CommandT: BaseModel, ThingT](
        self,
        what: str,
        command: type[CommandT],
        values: Mapping[str, Any],
        make: Callable[[CommandT], ThingT],
    ) -> ThingT | None:
        """By the command's own contract and the domain's own rules."""
        try:
            said = {name: value for name, value in values.items() if value is not None}
            return make(command.model_validate(said))
        except ValidationError as error:
            for item in error.errors(include_url=False, include_context=False):
                field, value = str(item["loc"][0]), shown(str(item["input"]))
                if field == "phones":
                    self.note("phone", Refused("phone_invalid", phone=value))
                else:
                    self.note(field, Refused("import_value_invalid", value=value))
        except Refused as refusal:
            self.note(_FIELD_OF.get(refusal.code, what), refusal)
        return None

    def note(self, field: str, refusal: Refused) -> None:
        if all(problem.field != field for problem in self.problems):
            self.problems.append(Problem(self._row.number, field, self._row.get(field), refusal))


_FIELD_OF = {
    "phone_invalid": "phone",
    "vin_invalid": "vin",
    "plate_invalid": "plate",
    "client_name_missing": "last_name",
}


def _names(read: _Reading) -> dict[str, Any]:
    """A whole name in one cell is last, first and middle name, or a company's."""
    names = {name: read.text(name) for name in ("last_name", "first_name", "middle_name")}
    company = read.text("company_name")
    whole = read.text("name")
    if whole and not any(names.values()) and not company:
        if _COMPANY.search(whole):
            company = whole
        else:
            parts = whole.split(maxsplit=2)
            names.update(zip(names, parts, strict=False))
    is_company = bool(company) and not (names["last_name"] or names["first_name"])
    return {**names, "company_name": company, "kind": "company" if is_company else "person"}


def _phones(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, map(squeezed, _BETWEEN_PHONES.split(cell))))


def _percent(cell: str) -> Any:
    return within(number(cell), 0, 100, cell)


def _whole(cell: str, low: int, high: int) -> int:
    value = number(cell)
    if value != value.to_integral_value():
        raise Refused("import_number_invalid", value=shown(cell))
    return int(within(value, low, high, cell))
