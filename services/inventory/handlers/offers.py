"""What suppliers offer: found, and made a product of our own."""

from __future__ import annotations

from services.inventory.handlers.catalogue import create_product
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, offers, references
from shared.contracts.base import Page
from shared.contracts.inventory import CreateProduct, ProductView
from shared.contracts.price_lists import CreateProductFromOffer, FindOffers, OfferView
from shared.handlers import Work
from shared.roles import sees_all_costs


@handlers.question(FindOffers)
async def find_offers(question: FindOffers, store: InventoryStore, work: Work) -> Page[OfferView]:
    if question.product_id:
        await references.shown_product(store.connection, question.product_id)
    return await offers.find_offers(
        store.connection, question, work.today, with_cost=sees_all_costs(work.actor.role)
    )


@handlers.command(CreateProductFromOffer)
async def create_product_from_offer(
    command: CreateProductFromOffer, store: InventoryStore, work: Work
) -> ProductView:
    offer = await offers.offer(store.connection, command.offer_id, work.today)
    filled = CreateProduct(
        name=command.name or offer.name or offer.number,
        oem=offer.number,
        vendor=offer.vendor,
        group=command.group,
        measure=command.measure,
        price=command.price,
        barcode=command.barcode,
        pricing="matrix" if command.price is None else "fixed",
    )
    return await create_product(filled, store, work)
