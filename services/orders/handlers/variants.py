"""Price variants of a work by vehicle, and how computed prices are rounded."""

from __future__ import annotations

from dataclasses import asdict, replace
from uuid import UUID

from services.orders.domain.variants import Variant, ensure_clear
from services.orders.handlers.reference import ensure_one_price
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import works
from shared.contracts.base import Done, Page
from shared.contracts.works import (
    ChangePriceRules,
    ChangeVariant,
    CreateVariant,
    GetPriceRules,
    ListVariants,
    PriceRulesSaved,
    PriceRulesView,
    RemoveVariant,
    VariantFields,
    VariantRemoved,
    VariantSaved,
    VariantView,
)
from shared.edits import changes_between, ensure_filled, named_fields
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision


@handlers.command(CreateVariant)
async def create_variant(command: CreateVariant, store: OrdersStore, work: Work) -> VariantView:
    others = await store.catalogue.held_variants_of(command.service_id)
    said = {name: getattr(command, name) for name in VariantFields.model_fields}
    variant = Variant(id=work.new_id(), service_id=command.service_id, **said)
    _check(variant, others)
    await store.catalogue.save_variant(variant)
    work.publish(VariantSaved(variant=_view(variant), created=True))
    return _view(variant)


@handlers.command(ChangeVariant)
async def change_variant(command: ChangeVariant, store: OrdersStore, work: Work) -> VariantView:
    others = await store.catalogue.held_variants_of(command.service_id)
    before = _named(others, command.variant_id, command.expected_revision)
    named = named_fields(command)
    fields = {name: named[name] for name in VariantFields.model_fields if name in named}
    variant = replace(before, **fields, revision=before.revision + 1)
    changes = changes_between(_view(before), _view(variant), fields)
    if not changes:
        return _view(before)
    _check(variant, others)
    await store.catalogue.save_variant(variant)
    work.publish(VariantSaved(variant=_view(variant), created=False, changes=changes))
    return _view(variant)


@handlers.command(RemoveVariant)
async def remove_variant(command: RemoveVariant, store: OrdersStore, work: Work) -> Done:
    variants = await store.catalogue.held_variants_of(command.service_id)
    variant = _named(variants, command.variant_id, command.expected_revision)
    await store.catalogue.remove_variant(variant)
    work.publish(VariantRemoved(variant=_view(variant)))
    return Done()


@handlers.question(ListVariants)
async def list_variants(
    question: ListVariants, store: OrdersStore, work: Work
) -> Page[VariantView]:
    await store.places.get(works, question.service_id)
    return await store.catalogue.page_of_variants(question)


@handlers.question(GetPriceRules)
async def get_price_rules(
    question: GetPriceRules, store: OrdersStore, work: Work
) -> PriceRulesView:
    return await store.catalogue.price_rules(work.settings)


@handlers.command(ChangePriceRules)
async def change_price_rules(
    command: ChangePriceRules, store: OrdersStore, work: Work
) -> PriceRulesView:
    before = await store.catalogue.price_rules(work.settings, lock=True)
    ensure_revision(command.expected_revision, before.revision)
    fields = named_fields(command)
    ensure_filled(fields, fields)
    changes = changes_between(before, before.model_copy(update=fields), fields)
    if not changes:
        return before
    rules = before.model_copy(update={**fields, "revision": before.revision + 1})
    await store.catalogue.save_price_rules(rules, before.revision, work.settings)
    work.publish(PriceRulesSaved(station_id=work.settings.station_id, rules=rules, changes=changes))
    return rules


def _named(variants: tuple[Variant, ...], variant_id: UUID, expected: int | None) -> Variant:
    for variant in variants:
        if variant.id == variant_id:
            ensure_revision(expected, variant.revision)
            return variant
    raise Refused("variant_not_found", id=variant_id)


def _check(variant: Variant, others: tuple[Variant, ...]) -> None:
    ensure_one_price(variant.price, variant.labor_hours, variant.labor_rate)
    ensure_clear(variant, others)


def _view(variant: Variant) -> VariantView:
    return VariantView(**asdict(variant))
