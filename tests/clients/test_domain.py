"""What a card and a car must hold, and what an edit makes of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.clients.domain.cards import changed_client, client_view, new_client
from services.clients.domain.vehicles import (
    VehicleFact,
    changed_vehicle,
    new_facts,
    new_vehicle,
    refuse_known_vin,
    vehicle_view,
)
from shared.contracts.base import Change
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    CreateClient,
)
from shared.refusals import Refused
from tests.clients.builders import (
    CLIENT_ID,
    LATER,
    NOW,
    OTHER_CLIENT_ID,
    VEHICLE_ID,
    a_client,
    a_vehicle,
)

# --- cards -------------------------------------------------------------------------------------


def test_new_card_is_kept_in_one_form() -> None:
    command = CreateClient(
        last_name=" Иванов ",
        first_name="Иван",
        phones=("8 916 123-45-67", "+79161234567"),
        discount_percent=Decimal("5"),
        comment="",
    )
    client = new_client(command, CLIENT_ID, NOW)
    assert client == a_client(discount_percent=Decimal("5.00"))
    assert str(client.discount_percent) == "5.00"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"last_name": "Иванов"}, "Иванов"),
        ({"first_name": "Иван"}, "Иван"),
        (
            {"last_name": "Иванов", "first_name": "Иван", "middle_name": "Ильич"},
            "Иванов Иван Ильич",
        ),
        (
            {"kind": "company", "company_name": "ООО «Ромашка»", "last_name": "Иванов"},
            "ООО «Ромашка»",
        ),
        ({"company_name": "ИП Иванов", "first_name": "Иван"}, "Иван"),
    ],
)
def test_client_is_shown_by_name(fields: dict[str, Any], name: str) -> None:
    assert client_view(new_client(CreateClient(**fields), CLIENT_ID, NOW)).name == name


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"middle_name": "Ильич"},
        {"company_name": "ООО «Ромашка»"},
        {"kind": "company"},
        {"kind": "company", "last_name": "Иванов", "first_name": "Иван"},
    ],
)
def test_card_without_the_name_of_its_kind_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        new_client(CreateClient(**fields), CLIENT_ID, NOW)
    assert refused.value.code == "client_name_missing"


def test_edit_changes_only_what_it_names_and_tells_old_and_new() -> None:
    client = a_client(email="a@b.ru", discount_percent=Decimal("5.00"))
    command = ChangeClient(
        client_id=CLIENT_ID,
        phones=("8 903 000-00-01",),
        discount_percent=Decimal("7.5"),
        first_name="Иван",
    )
    edited, changes = changed_client(client, command, LATER)
    assert edited == replace(
        client,
        phones=("+79030000001",),
        discount_percent=Decimal("7.50"),
        revision=2,
        updated_at=LATER,
    )
    assert changes == (
        Change(field="phones", old=["+79161234567"], new=["+79030000001"]),
        Change(field="discount_percent", old="5.00", new="7.50"),
    )


def test_null_clears_what_may_be_empty() -> None:
    client = a_client(email="a@b.ru", comment="Звонить после шести")
    command = ChangeClient(client_id=CLIENT_ID, email=None, comment="", phones=None)
    edited, changes = changed_client(client, command, LATER)
    assert (edited.email, edited.comment, edited.phones) == (None, None, ())
    assert {change.field for change in changes} == {"email", "comment", "phones"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"last_name": "Иванов"},
        {"phones": ("8 916 123 45 67", "+7 916 123-45-67")},
        {"email": None},
        {"comment": ""},
    ],
)
def test_edit_that_changes_nothing_keeps_the_revision(fields: dict[str, Any]) -> None:
    client = a_client()
    assert changed_client(client, ChangeClient(client_id=CLIENT_ID, **fields), LATER) == (
        client,
        (),
    )


@pytest.mark.parametrize(
    ("fields", "code", "params"),
    [
        ({"kind": None}, "field_required", {"field": "kind"}),
        ({"kind": "company"}, "client_name_missing", {}),
        ({"last_name": None, "first_name": None}, "client_name_missing", {}),
        ({"phones": ("5555555",)}, "phone_invalid", {"phone": "5555555"}),
        ({"expected_revision": 2}, "revision_conflict", {"expected": "2", "actual": "1"}),
    ],
)
def test_edit_that_would_spoil_the_card_is_refused(
    fields: dict[str, Any], code: str, params: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        changed_client(a_client(), ChangeClient(client_id=CLIENT_ID, **fields), LATER)
    assert (refused.value.code, refused.value.params) == (code, params)


def test_number_that_was_valid_once_does_not_stand_in_the_way_of_an_edit() -> None:
    client = a_client(phones=("+70000000000",))
    edited, _ = changed_client(client, ChangeClient(client_id=CLIENT_ID, email="a@b.ru"), LATER)
    assert edited.phones == ("+70000000000",)


# --- cars --------------------------------------------------------------------------------------


def test_new_car_is_kept_in_one_form() -> None:
    command = AddVehicle(
        client_id=CLIENT_ID,
        vin="1m8 gdm9-axkp042788",
        plate=" а123вс77 ",
        vendor="Lada",
        model="Vesta",
        year=2020,
        mileage_km=50_000,
    )
    assert new_vehicle(command, VEHICLE_ID, NOW) == a_vehicle()


def test_car_shows_its_warnings() -> None:
    assert vehicle_view(a_vehicle(vin="JZX1000123456")).warnings == ("vin_short",)


@pytest.mark.parametrize(
    "fields",
    [{"vin": "XTA210990Y2766389"}, {"plate": "А1"}, {"model": "Vesta"}, {"vendor": "Lada"}],
)
def test_one_thing_is_enough_to_know_a_car(fields: dict[str, Any]) -> None:
    new_vehicle(AddVehicle(client_id=CLIENT_ID, **fields), VEHICLE_ID, NOW)


@pytest.mark.parametrize(
    "fields", [{}, {"year": 2020, "engine": "1.6", "mileage_km": 5}, {"vin": " - ", "plate": " "}]
)
def test_car_that_nothing_is_known_of_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        new_vehicle(AddVehicle(client_id=CLIENT_ID, **fields), VEHICLE_ID, NOW)
    assert refused.value.code == "vehicle_empty"


def test_edit_of_a_car_tells_old_and_new() -> None:
    command = ChangeVehicle(
        vehicle_id=VEHICLE_ID, client_id=OTHER_CLIENT_ID, plate="в777ор 77", mileage_km=51_000
    )
    edited, changes = changed_vehicle(a_vehicle(), command, LATER)
    assert edited == a_vehicle(
        client_id=OTHER_CLIENT_ID,
        plate="В777ОР 77",
        mileage_km=51_000,
        mileage_at=LATER,
        typed_km=51_000,
        typed_at=LATER,
        revision=2,
        updated_at=LATER,
    )
    assert changes == (
        Change(field="plate", old="А123ВС77", new="В777ОР 77"),
        Change(field="mileage_km", old=50_000, new=51_000),
        Change(field="client_id", old=str(CLIENT_ID), new=str(OTHER_CLIENT_ID)),
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"client_id": None}, "field_required"),
        ({"vin": None, "plate": None, "vendor": None, "model": None}, "vehicle_empty"),
        ({"vin": "XTA*"}, "vin_invalid"),
        ({"plate": "***"}, "plate_invalid"),
        ({"expected_revision": 7}, "revision_conflict"),
    ],
)
def test_edit_that_would_spoil_the_car_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        changed_vehicle(a_vehicle(), ChangeVehicle(vehicle_id=VEHICLE_ID, **fields), LATER)
    assert refused.value.code == code


def test_edit_of_a_car_that_changes_nothing_keeps_the_revision() -> None:
    vehicle = a_vehicle()
    command = ChangeVehicle(vehicle_id=VEHICLE_ID, vin="1m8gdm9axkp042788", client_id=CLIENT_ID)
    assert changed_vehicle(vehicle, command, LATER) == (vehicle, ())


def test_vin_of_another_car_is_refused_with_its_id() -> None:
    holder = a_vehicle()
    refuse_known_vin(holder.vin, holder.id, holder)
    refuse_known_vin(holder.vin, OTHER_CLIENT_ID, None)
    refuse_known_vin(None, OTHER_CLIENT_ID, None)
    with pytest.raises(Refused) as refused:
        refuse_known_vin(holder.vin, OTHER_CLIENT_ID, holder)
    assert (refused.value.code, refused.value.params) == (
        "vehicle_exists",
        {"vin": "1M8GDM9AXKP042788", "id": str(VEHICLE_ID)},
    )


# --- dated facts -------------------------------------------------------------------------------


def test_new_car_has_its_first_owner_plate_and_vin() -> None:
    vehicle = a_vehicle(plate=None)
    assert new_facts(None, vehicle, NOW) == [
        VehicleFact(VEHICLE_ID, "owner", str(CLIENT_ID), NOW, ends=False),
        VehicleFact(VEHICLE_ID, "vin", "1M8GDM9AXKP042788", NOW, ends=False),
        VehicleFact(VEHICLE_ID, "mileage", "50000", NOW, ends=False),
    ]


def test_fact_begins_where_the_one_before_it_ends() -> None:
    before = a_vehicle()
    after = a_vehicle(client_id=OTHER_CLIENT_ID, plate=None, mileage_km=60_000)
    assert new_facts(before, after, LATER) == [
        VehicleFact(VEHICLE_ID, "owner", str(OTHER_CLIENT_ID), LATER, ends=True),
        VehicleFact(VEHICLE_ID, "plate", None, LATER, ends=True),
        VehicleFact(VEHICLE_ID, "mileage", "60000", LATER, ends=True),
    ]
    assert new_facts(after, a_vehicle(client_id=OTHER_CLIENT_ID), LATER) == [
        VehicleFact(VEHICLE_ID, "plate", "А123ВС77", LATER, ends=False),
        VehicleFact(VEHICLE_ID, "mileage", "50000", LATER, ends=True),
    ]
