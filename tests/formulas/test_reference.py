"""The reference is made of the model: whole, in both languages, and as its reader may see it."""

from __future__ import annotations

import json
import re

import pytest

from deploy.documents import FORMULAS, formulas_document
from shared.contracts.formulas import FormulaField, FormulaReference, Language
from shared.formulas import ORDER_MODEL, SAMPLE, SAMPLE_TIME, compile_formula
from shared.formulas.functions import FUNCTIONS
from shared.formulas.reference import places, reference

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def seen_by(viewer: str, language: Language = "ru") -> FormulaReference:
    return reference(ORDER_MODEL, SAMPLE, viewer=viewer, at=SAMPLE_TIME, language=language)


def field(shown: FormulaReference, kind: str, name: str) -> FormulaField:
    fields = {item.name: item for item in shown.objects}[kind].fields
    return {item.name: item for item in fields}[name]


def test_every_name_and_function_is_in_it() -> None:
    shown = seen_by("owner")
    assert {item.name for item in shown.objects} == set(ORDER_MODEL.objects)
    for item in shown.objects:
        names = {name for one in item.fields for name in (one.name, *one.aliases)}
        assert names == set(ORDER_MODEL.objects[item.name].by_name)
    assert {item.name for item in shown.functions} == set(FUNCTIONS)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_label_is_of_the_language(language: Language) -> None:
    shown = seen_by("owner", language)
    labels = [item.label for item in shown.objects]
    labels += [item.label for item in shown.functions]
    labels += [one.label for item in shown.objects for one in item.fields]
    assert all(labels)
    foreign = [label for label in labels if bool(CYRILLIC.search(label)) != (language == "ru")]
    assert foreign == (["VIN"] if language == "ru" else [])


def test_each_place_is_a_formula_that_leads_there() -> None:
    for name, paths in places(ORDER_MODEL).items():
        for path in paths:
            kind = compile_formula(path).type
            assert (kind.kind, kind.name) == ("object", name)
    assert places(ORDER_MODEL)["Party"] == ["Customer", "Driver", "Payer"]
    assert places(ORDER_MODEL)["ServiceLine"][0] == "Services[0]"


def test_a_value_is_the_one_that_the_formula_gives() -> None:
    shown = seen_by("owner")
    assert field(shown, "Order", "TotalMoney").value == "12536,00"
    assert field(shown, "PartLine", "Cost").value == "2240,00"
    assert field(shown, "Vehicle", "VIN").value == "TMBJG7NE8J0123456"
    assert field(shown, "Party", "CompanyName").value is None
    assert (shown.order_id, shown.order_number) == (None, "А-000123")


def test_what_the_reader_may_not_see_is_told_and_not_shown() -> None:
    shown = seen_by("technician")
    cost = field(shown, "Order", "CostTotal")
    assert (cost.value, cost.is_hidden) == (None, True)
    assert cost.hidden_from == "клиент, мастер-приёмщик, механик, кассир"
    assert field(shown, "Order", "MaterialsTotal").is_hidden is False
    client = seen_by("client", "en")
    for name in ("MaterialsTotal", "Materials", "EstimationCost"):
        hidden = field(client, "Order", name)
        assert (hidden.value, hidden.is_hidden, hidden.hidden_from) == (None, True, "client")
    price = field(client, "ServiceLine", "InitialPrice")
    assert (price.value, price.is_hidden) == (None, True)
    assert price.hidden_from == "client (of works with materials)"


def test_the_committed_reference_is_what_the_model_says() -> None:
    assert json.loads(FORMULAS.read_bytes()) == formulas_document()
