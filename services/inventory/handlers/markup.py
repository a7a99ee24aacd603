"""The markup matrix is replaced, and prices follow: of what is bought at once, of all else in
batches, so that nobody waits for a whole catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import batched
from uuid import UUID

from services.inventory.domain.markup import Matrix
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, prices, references
from shared.contracts.base import Change
from shared.contracts.inventory import (
    GetMarkupRules,
    MarkupMatrix,
    MarkupRulesSaved,
    ProductSaved,
    RepricingDue,
    SetMarkupRules,
)
from shared.handlers import Work
from shared.refusals import ensure_revision

BATCH = 200
"""Products that are computed anew in one transaction, and locked meanwhile."""


@handlers.command(SetMarkupRules)
async def set_markup_rules(
    command: SetMarkupRules, store: InventoryStore, work: Work
) -> MarkupMatrix:
    Matrix(command.rules).check()
    before = await prices.held_matrix(store.connection, alone=True)
    ensure_revision(command.expected_revision, before.revision)
    if command.rules == before.rules:
        return before
    matrix = MarkupMatrix(rules=command.rules, revision=before.revision + 1)
    await prices.save_matrix(store.connection, matrix)
    work.publish(MarkupRulesSaved(revision=matrix.revision, rules=matrix.rules))
    for product_ids in batched(await prices.products_of_matrix(store.connection), BATCH):
        work.publish(RepricingDue(revision=matrix.revision, product_ids=product_ids))
    return matrix


@handlers.question(GetMarkupRules)
async def get_markup_rules(
    question: GetMarkupRules, store: InventoryStore, work: Work
) -> MarkupMatrix:
    return await prices.shown_matrix(store.connection)


@handlers.event(RepricingDue)
async def repricing_due(event: RepricingDue, store: InventoryStore, work: Work) -> None:
    """By the rules of now: an older matrix's event does what the newest one's will, only sooner."""
    work.publish(*await follow_matrix(event.product_ids, store))


async def keep_costs(
    costs: Mapping[UUID, Decimal | None], store: InventoryStore
) -> list[ProductSaved]:
    """What a main unit of each of the locked products was bought for last, and the prices that
    follow from that."""
    await prices.keep_costs(store.connection, costs)
    store.book.last_costs.update(costs)
    return await follow_matrix(costs, store)


async def follow_matrix(product_ids: Iterable[UUID], store: InventoryStore) -> list[ProductSaved]:
    """The prices of locked products, and what there is to tell of those that are others now.
    Lines of orders keep theirs."""
    changed = await prices.follow_matrix(store.connection, product_ids)
    if not changed:
        return []
    events = []
    for product in await references.shown_products(store.connection, changed):
        old, new = changed[product.id]
        store.book.prices[product.id] = new
        shown = product.model_copy(update={"available": store.book.available(product.id)})
        change = Change(field="price", old=str(old), new=str(new))
        events.append(ProductSaved(product=shown, created=False, changes=(change,)))
    return events
