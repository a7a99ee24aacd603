"""The lines of a document as they were typed: products by their names, numbers or barcodes."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from dataclasses import replace

from services.gateway.pages.forms import Form
from services.gateway.pages.request import PageRequest
from services.gateway.pages.stock.shelves import by_code
from services.gateway.problems import field_invalid
from shared.contracts.inventory import FindProducts, GetProduct, ProductView

_LINE = re.compile(r"lines\.(\d+)\.(\w+)")


async def with_products(request: PageRequest) -> Form:
    """The form, where every line says which product it is about. Scripts have seen to that as one
    types; what they have not is looked up here. Lines that say nothing are left out.

    Raises ``request_invalid`` where none does, or a text means no product, or several.
    """
    lines, others = _apart(request.form)
    said = {i: line for i, line in lines.items() if line.get("find") or line.get("product_id")}
    if not said:
        raise field_invalid("lines.0.find", "nothing_named")
    await asyncio.gather(*(_look_up(request, i, line) for i, line in said.items()))
    return _together(request.form, said, others)


def with_quantities(form: Form) -> Form:
    """The form, without the lines of which nothing is said to have come or gone.

    Raises ``request_invalid`` where there is none.
    """
    lines, others = _apart(form)
    said = {i: line for i, line in lines.items() if line.get("quantity", "").strip("0,. ")}
    if not said:
        raise field_invalid("lines.0.quantity", "nothing_counted")
    return _together(form, said, others)


type _Lines = dict[str, dict[str, str]]
"""By the number that the form gives a line: what is wrong is told by it."""
type _Pairs = list[tuple[str, str]]


def _apart(form: Form) -> tuple[_Lines, _Pairs]:
    lines: defaultdict[str, dict[str, str]] = defaultdict(dict)
    others: _Pairs = []
    for name, value in form.pairs:
        if part := _LINE.fullmatch(name):
            lines[part[1]][part[2]] = value.strip()
        else:
            others.append((name, value))
    return dict(lines), others


def _together(form: Form, lines: _Lines, others: _Pairs) -> Form:
    numbered = [
        (f"lines.{i}.{name}", value) for i, line in lines.items() for name, value in line.items()
    ]
    return replace(form, pairs=(*others, *numbered))


async def _look_up(request: PageRequest, i: str, line: dict[str, str]) -> None:
    text = line.pop("find", "")
    if line.get("product_id"):
        return
    if scanned := await by_code(request, text):
        line["product_id"] = str(scanned.product.id)
        line["measure"] = line.get("measure") or scanned.unit.name
        return
    found = (await request.ask(FindProducts(q=text, limit=2))).items
    if len(found) != 1:
        some = bool(found)
        raise field_invalid(
            f"lines.{i}.find", "products_several" if some else "product_unknown", text=text
        )
    line["product_id"] = str(found[0].id)


async def first_lines(request: PageRequest) -> list[dict[str, ProductView]]:
    """What a document begins with: the product that the address names."""
    if "product" not in request.query:
        return []
    question = request.reads(GetProduct, product_id=request.query["product"])
    return [{"product": await request.ask(question)}]
