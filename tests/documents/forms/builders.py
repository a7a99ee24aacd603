"""Orders to print: the sample order, made shorter, longer, or otherwise."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from pypdf import PdfReader

from shared.contracts.forms import FormDocument
from shared.contracts.work_order import Party, WorkOrder
from shared.formulas import SAMPLE
from shared.ids import new_id

NUMBER = "A-000123"
SECRET_COST = "7777.77"
"""Of everything that has a cost: to be found nowhere."""
MATERIAL = "Перчатки секретные"

AGREED = SAMPLE.services[0].approval


def an_order(services: int = 3, products: int = 2, **fields: Any) -> WorkOrder:
    """With so many lines; each work carries a material, and all costs can be recognised."""
    works = tuple(_copied(SAMPLE.services[index % 3], approval=AGREED) for index in range(services))
    material = _copied(SAMPLE.materials[0], cost=SECRET_COST)
    product = material.product.model_copy(update={"name": MATERIAL})
    order = SAMPLE.model_copy(
        update={
            "id": new_id(),
            "number": NUMBER,
            "services": works,
            "products": tuple(
                _copied(SAMPLE.products[index % 2], cost=SECRET_COST) for index in range(products)
            ),
            "materials": tuple(
                material.model_copy(
                    update={"id": new_id(), "product": product, "service_line_id": work.id}
                )
                for work in works
            ),
            "cost_total": SECRET_COST,
            "margin": SECRET_COST,
            "pay_total": SECRET_COST,
            **fields,
        }
    )
    return WorkOrder.model_validate_json(order.model_dump_json(warnings=False))


def a_company() -> Party:
    return Party(id=UUID(int=7), kind="company", name="ООО «Вектор»", company_name="ООО «Вектор»")


def text_of(document: FormDocument) -> str:
    """All words of a PDF in one line, however they were broken into lines."""
    return " ".join(page for page in pages_of(document))


def pages_of(document: FormDocument) -> list[str]:
    pages = PdfReader(BytesIO(document.content)).pages
    return [" ".join(page.extract_text().split()) for page in pages]


def _copied[LineT: Any](line: LineT, **fields: Any) -> LineT:
    copied: LineT = line.model_copy(update={"id": new_id(), **fields})
    return copied
