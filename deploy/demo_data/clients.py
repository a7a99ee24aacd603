"""Clients with their cars: mostly people, some companies."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from deploy.demo_data.steps import Body
from deploy.demo_data.vehicles import vehicle
from deploy.demo_data.words import words

COMPANIES = 0.15
WITH_DISCOUNT = 0.2
WITH_EMAIL = 0.6
WITH_COMMENT = 0.12

_MOBILE_CODES = (903, 905, 906, 909, 910, 915, 916, 917, 919, 925, 926, 962, 964, 965, 977, 985)
_LATIN = str.maketrans(
    dict(zip("абвгдеёзийклмнопрстуфцыэ", "abvgdeeziyklmnoprstufcye", strict=True))
    | {"ж": "zh", "х": "kh", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": ""}
    | {"ю": "yu", "я": "ya"}
)


@dataclass(frozen=True, slots=True)
class Client:
    """A card, and the cars that belong to it."""

    card: Body
    cars: tuple[Body, ...]

    @property
    def is_company(self) -> bool:
        return bool(self.card["kind"] == "company")


def some_clients(random: Random, count: int) -> tuple[Client, ...]:
    companies = list(words("people")["companies"])
    random.shuffle(companies)
    taken: set[str] = set()
    clients = []
    for _ in range(count):
        if companies and random.random() < COMPANIES:
            card, cars = _company(random, companies.pop()), random.choice((1, 2, 2, 3))
        else:
            card, cars = _person(random), random.choice((1, 1, 1, 1, 1, 2))
        clients.append(Client(card, tuple(vehicle(random, taken) for _ in range(cars))))
    return tuple(clients)


def full_name(random: Random) -> tuple[str, str, str]:
    """Last, first and middle name of a man or a woman."""
    people = words("people")
    last_name = random.choice(people["last_names"])
    his, hers = random.choice(people["patronymics"])
    if random.random() < 0.62:
        return last_name, random.choice(people["men"]), his
    return womans(last_name), random.choice(people["women"]), hers


def womans(last_name: str) -> str:
    """Иванов → Иванова, Раевский → Раевская; those of other endings stay."""
    if last_name.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return last_name + "а"
    if last_name.endswith("ий"):
        return last_name[:-2] + "ая"
    return last_name


def _person(random: Random) -> Body:
    last_name, first_name, middle_name = full_name(random)
    card: dict[str, Any] = {
        "kind": "person",
        "last_name": last_name,
        "first_name": first_name,
        "middle_name": middle_name,
        "phones": [_mobile(random) for _ in range(random.choice((1, 1, 1, 2)))],
    }
    if random.random() < WITH_EMAIL:
        card["email"] = f"{first_name[0]}.{last_name}@example.com".lower().translate(_LATIN)
    return card | _extras(random)


def _company(random: Random, name: str) -> Body:
    last_name, first_name, middle_name = full_name(random)
    card: dict[str, Any] = {
        "kind": "company",
        "company_name": name,
        # Whom to ask for.
        "last_name": last_name,
        "first_name": first_name,
        "middle_name": middle_name,
        "phones": [f"8 495 {random.randint(200, 799)}-{_two(random)}-{_two(random)}"],
        "email": f"fleet{random.randint(10, 99)}@example.org",
    }
    if random.random() < 0.5:
        card["phones"].append(_mobile(random))
    return card | _extras(random)


def _extras(random: Random) -> Body:
    extras: dict[str, Any] = {}
    if random.random() < WITH_DISCOUNT:
        extras["discount_percent"] = random.choice(("3", "5", "5", "7", "10"))
    if random.random() < WITH_COMMENT:
        extras["comment"] = random.choice(words("people")["client_comments"])
    return extras


def _mobile(random: Random) -> str:
    """As people say it, in one of two ways."""
    code = random.choice(_MOBILE_CODES)
    number = f"{random.randint(100, 999)}-{_two(random)}-{_two(random)}"
    return f"8 {code} {number}" if random.random() < 0.5 else f"+7 ({code}) {number}"


def _two(random: Random) -> str:
    return f"{random.randint(0, 99):02}"
