"""What stands on a station's papers: checked, kept over restarts, printed."""

from __future__ import annotations

import pytest

from shared.contracts.orders import ChangeStation, ListStations
from shared.contracts.work_order import GetWorkOrder
from shared.ids import new_id
from shared.refusals import Refused
from shared.requisites import tax_number, tax_reason_code
from tests.orders.test_handlers import a_new_order
from tests.support.day import Station


@pytest.mark.parametrize("number", ["7707083893", "7830002293", "500100732259"])
def test_a_tax_number_with_right_check_digits_is_taken(number: str) -> None:
    assert tax_number(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "7707083894", "500100732258", "500100732269", "770708389", "77070838933", "770708389X",
        "٧٧٠٧٠٨٣٨٩٣", "",
    ],
)  # fmt: skip
def test_any_other_is_refused(number: str) -> None:
    with pytest.raises(Refused, match="tax_number_invalid"):
        tax_number(number)


def test_every_single_wrong_digit_of_a_company_number_shows() -> None:
    right = "7707083893"
    for place, digit in enumerate(right):
        for other in set("0123456789") - {digit}:
            wrong = right[:place] + other + right[place + 1 :]
            with pytest.raises(Refused, match="tax_number_invalid"):
                tax_number(wrong)


def test_a_reason_code_has_its_shape() -> None:
    assert tax_reason_code("7707AA001") == "7707AA001"
    for code in ("77070100", "770701001 ", "77070а001", "7707010011"):
        with pytest.raises(Refused, match="tax_reason_code_invalid"):
            tax_reason_code(code)


async def test_requisites_are_kept_over_a_restart_and_stand_on_the_order(station: Station) -> None:
    mine = (await station.ask(ListStations())).items[0]
    said = {
        "legal_name": "ООО «Питлейн»",
        "tax_number": "7707083893",
        "tax_reason_code": "770701001",
        "address": "Москва, Гаражная, 1",
        "phone": "+7 495 123-45-67",
        "email": "reception@pitlane.example",
        "website": "pitlane.example",
        "bank_details": "р/с 40702810900000000001\nБИК 044525225",
    }
    changed = await station.send(ChangeStation(station_id=mine.id, **said))
    assert changed.model_dump(include=set(said)) == said
    assert changed.revision == mine.revision + 1
    await station.stop("orders")
    await station.start("orders")
    assert (await station.ask(ListStations())).items == (changed,)
    order = await a_new_order(station)
    card = (await station.ask(GetWorkOrder(order_id=order.id))).station
    assert card.model_dump(include=set(said)) == said

    cleared = await station.send(ChangeStation(station_id=mine.id, website=None))
    assert (cleared.website, cleared.phone) == (None, said["phone"])
    for fields, code in (
        ({"tax_number": "7707083894"}, "tax_number_invalid"),
        ({"tax_reason_code": "77"}, "tax_reason_code_invalid"),
        ({"phone": "1", "expected_revision": 1}, "revision_conflict"),
    ):
        with pytest.raises(Refused, match=code):
            await station.send(ChangeStation(station_id=mine.id, **fields))
    with pytest.raises(Refused, match="station_not_found"):
        await station.send(ChangeStation(station_id=new_id(), phone="1"))
    assert (await station.ask(ListStations())).items == (cleared,)
