"""By what a product is known besides its own number: further numbers, analogues, barcodes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.inventory.domain.catalogue import Product, edited
from services.inventory.domain.units import unit_named
from services.inventory.handlers.catalogue import product_view
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, barcodes, part_numbers, references
from shared.contracts.base import Done, Page
from shared.contracts.inventory import ProductSaved, ProductView
from shared.contracts.part_numbers import (
    AddBarcode,
    AddPartNumber,
    AnalogueView,
    BarcodesSaved,
    BarcodeView,
    GetByBarcode,
    ListAnalogues,
    ListBarcodes,
    ListPartNumbers,
    MakeBarcode,
    PartNumbersSaved,
    PartNumberView,
    RemoveBarcode,
    RemovePartNumber,
    ScannedView,
)
from shared.handlers import Work
from shared.pagination import cursor_after, keys_of
from shared.refusals import Refused

# --- further numbers -----------------------------------------------------------------------------


@handlers.command(AddPartNumber)
async def add_part_number(
    command: AddPartNumber, store: InventoryStore, work: Work
) -> PartNumberView:
    await references.shown_product(store.connection, command.product_id)
    number = await part_numbers.add(store.connection, command, work.new_id())
    await _tell_numbers(command.product_id, store, work)
    return number


@handlers.command(RemovePartNumber)
async def remove_part_number(command: RemovePartNumber, store: InventoryStore, work: Work) -> Done:
    await part_numbers.remove(store.connection, command.product_id, command.part_number_id)
    await _tell_numbers(command.product_id, store, work)
    return Done()


@handlers.question(ListPartNumbers)
async def list_part_numbers(
    question: ListPartNumbers, store: InventoryStore, work: Work
) -> Page[PartNumberView]:
    await references.shown_product(store.connection, question.product_id)
    return await part_numbers.listed(store.connection, question)


@handlers.question(ListAnalogues)
async def list_analogues(
    question: ListAnalogues, store: InventoryStore, work: Work
) -> Page[AnalogueView]:
    """What is available first, the closest first."""
    await references.shown_product(store.connection, question.product_id)
    steps = await part_numbers.analogue_ids(store.connection, question.product_id)
    found = await references.shown_products(store.connection, steps)
    placed = sorted((_place(product, steps[product.id]), product) for product in found)
    if question.cursor:
        after = keys_of(question.cursor, tuple[bool, int, str, str])
        placed = [each for each in placed if each[0] > after]
    shown = placed[: question.limit]
    return Page(
        items=tuple(
            AnalogueView(product=product, step=1 if place[1] == 1 else 2)
            for place, product in shown
        ),
        next=cursor_after(*shown[-1][0]) if len(placed) > len(shown) else None,
    )


def _place(product: ProductView, step: int) -> tuple[bool, int, str, str]:
    return (product.available <= 0, step, product.name, str(product.id))


async def _tell_numbers(product_id: UUID, store: InventoryStore, work: Work) -> None:
    numbers = await part_numbers.all_of(store.connection, product_id)
    work.publish(PartNumbersSaved(product_id=product_id, numbers=numbers))


# --- barcodes ------------------------------------------------------------------------------------


@handlers.command(AddBarcode)
async def add_barcode(command: AddBarcode, store: InventoryStore, work: Work) -> BarcodeView:
    product = await references.shown_product(store.connection, command.product_id)
    unit = unit_named(product, command.measure) if command.measure else product.units[0]
    await barcodes.refuse_taken(store.connection, command.code, product.id)
    unit_id = await references.unit_id(store.connection, unit.name)
    main = unit == product.units[0]
    await barcodes.add(store.connection, product.id, command.code, None if main else unit_id)
    if product.barcode is None:
        await _set_first(product.id, command.code, store, work)
    return await _told(product.id, command.code, store, work)


@handlers.command(MakeBarcode)
async def make_barcode(command: MakeBarcode, store: InventoryStore, work: Work) -> BarcodeView:
    product = await references.product(store.connection, command.product_id)
    if await barcodes.all_of(store.connection, product.id):
        raise Refused("barcode_exists", product=product.name)
    code = await barcodes.new_own(store.connection)
    await barcodes.add(store.connection, product.id, code)
    await _set_first(product.id, code, store, work)
    return await _told(product.id, code, store, work)


@handlers.command(RemoveBarcode)
async def remove_barcode(command: RemoveBarcode, store: InventoryStore, work: Work) -> Done:
    """The next oldest one is the product's ``barcode`` when that goes."""
    product = await references.product(store.connection, command.product_id)
    await barcodes.remove(store.connection, product.id, command.code)
    left = await barcodes.all_of(store.connection, product.id)
    if product.barcode == command.code:
        await _set_first(product.id, left[0].code if left else None, store, work)
    work.publish(BarcodesSaved(product_id=product.id, barcodes=left))
    return Done()


@handlers.question(ListBarcodes)
async def list_barcodes(
    question: ListBarcodes, store: InventoryStore, work: Work
) -> Page[BarcodeView]:
    await references.shown_product(store.connection, question.product_id)
    return await barcodes.listed(store.connection, question)


@handlers.question(GetByBarcode)
async def get_by_barcode(question: GetByBarcode, store: InventoryStore, work: Work) -> ScannedView:
    product_id, measure, _ = await barcodes.find(store.connection, question.code)
    product = await references.shown_product(store.connection, product_id)
    return ScannedView(code=question.code, product=product, unit=unit_named(product, measure))


async def _set_first(product_id: UUID, code: str | None, store: InventoryStore, work: Work) -> None:
    """The product's own field follows; its row is locked with those of the batch's parts."""
    before: Product = await references.product(store.connection, product_id)
    values: dict[str, Any] = {"barcode": code}
    product, changes = edited(before, values, None)
    known = await references.known_labels(
        store.connection,
        {"vendor": before.vendor, "group": before.group, "measure": before.measure},
    )
    await references.save_product(store.connection, product, known, work.new_id, with_units=False)
    view = product_view(product, store.book.available(product.id))
    work.publish(ProductSaved(product=view, created=False, changes=changes))


async def _told(product_id: UUID, code: str, store: InventoryStore, work: Work) -> BarcodeView:
    saved = await barcodes.all_of(store.connection, product_id)
    work.publish(BarcodesSaved(product_id=product_id, barcodes=saved))
    return next(each for each in saved if each.code == code)
