"""Where money is taken and given: cash boxes, what the station asks of them, and the shift of
whoever stands there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.cash_boxes import CashBox
from services.finance.domain.ledger import MONEY_ACCOUNTS, Stamp
from services.finance.domain.shifts import Shift, ensure_enough
from services.finance.handlers.people import ensure_section
from services.finance.handlers.table import handlers, stamp
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.finance import MoneyMethod, PaymentMethod
from shared.contracts.till import (
    CashBoxSaved,
    CashBoxView,
    ChangeCashBox,
    ChangeTillSettings,
    CreateCashBox,
    GetTillSettings,
    ListCashBoxes,
    TillSettingsSaved,
    TillSettingsView,
)
from shared.edits import edited, edited_row, ensure_filled, named_fields
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused, ensure_revision


async def at_till(
    methods: Collection[PaymentMethod],
    cash_box_id: UUID | None,
    shift_id: UUID | None,
    store: FinanceStore,
    work: Work,
) -> tuple[Stamp, Shift | None]:
    """Now, by whoever sent the message, in the shift in which this money moves, if in any.
    Bonuses are no money. Refused as ``Tills.shift_for``."""
    if "bonus" in methods:
        return stamp(work), None
    tills = await store.tills()
    shift = tills.shift_for(methods, work.actor.login, cash_box_id, shift_id)
    return replace(stamp(work), shift_id=shift.id if shift else None), shift


async def ensure_cash(shift: Shift | None, amount: Decimal, store: FinanceStore) -> None:
    """Before cash is given: nobody else gives of it meanwhile. Refused: ``not_enough_cash``."""
    if shift and await store.lock_shift(shift.id):
        ensure_enough(await store.expected_cash(shift), amount)


# --- boxes and settings -------------------------------------------------------------------------


@handlers.command(CreateCashBox)
async def create_cash_box(command: CreateCashBox, store: FinanceStore, work: Work) -> CashBoxView:
    box = CashBox(
        id=work.new_id(),
        name=command.name,
        section_id=command.section_id,
        methods=_in_order(command.methods),
        active=True,
        revision=1,
        created_at=work.now,
        updated_at=work.now,
    )
    await _ensure_free(box, store)
    await ensure_section(box.section_id, work)
    await store.save_box(box)
    work.publish(CashBoxSaved(cash_box=box.view()))
    return box.view()


@handlers.command(ChangeCashBox)
async def change_cash_box(command: ChangeCashBox, store: FinanceStore, work: Work) -> CashBoxView:
    box = await store.lock_box(command.cash_box_id)
    if box is None:
        raise Refused("cash_box_not_found", id=command.cash_box_id)
    ensure_revision(command.expected_revision, box.revision)
    fields = named_fields(command, "cash_box_id")
    ensure_filled(fields, fields.keys() - {"section_id"})
    if command.methods:
        fields["methods"] = _in_order(command.methods)
    changed, changes = edited_row(box, fields, work.now)
    if not changes:
        return box.view()
    await _ensure_free(changed, store)
    if changed.section_id != box.section_id:
        await ensure_section(changed.section_id, work)
    if not changed.active and box.id in (await store.tills()).shifts:
        raise Refused("shift_is_open", name=box.name)
    await store.save_box(changed)
    work.publish(CashBoxSaved(cash_box=changed.view(), changes=changes))
    return changed.view()


@handlers.question(ListCashBoxes)
async def list_cash_boxes(
    question: ListCashBoxes, store: FinanceStore, work: Work
) -> Page[CashBoxView]:
    return page_of(
        await store.box_rows(question),
        question.limit,
        CashBox.view,
        lambda box: (box.created_at, box.id),
    )


@handlers.question(GetTillSettings)
async def get_till_settings(
    question: GetTillSettings, store: FinanceStore, work: Work
) -> TillSettingsView:
    return await store.till_settings()


@handlers.command(ChangeTillSettings)
async def change_till_settings(
    command: ChangeTillSettings, store: FinanceStore, work: Work
) -> TillSettingsView:
    settings = await store.till_settings(lock=True)
    ensure_revision(command.expected_revision, settings.revision)
    changed, changes = edited(settings, named_fields(command), work.now)
    if changes:
        await store.save_till_settings(changed)
        station_id = work.settings.station_id
        work.publish(TillSettingsSaved(station_id=station_id, settings=changed, changes=changes))
    return changed


def _in_order(methods: Collection[MoneyMethod]) -> tuple[MoneyMethod, ...]:
    """Each once, as everywhere."""
    return tuple(method for method in MONEY_ACCOUNTS if method in methods)


async def _ensure_free(box: CashBox, store: FinanceStore) -> None:
    """Refused: ``name_taken``, whatever the case of its letters."""
    boxes = (await store.tills()).boxes.values()
    if any(one.name.lower() == box.name.lower() and one.id != box.id for one in boxes):
        raise Refused("name_taken", name=box.name)
