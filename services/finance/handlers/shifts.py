"""Shifts: opened and closed with a count, reported at any time; cash brought in and taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.finance.domain import shifts as domain
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import Account, EntryKind
from services.finance.domain.shifts import PARTIES, Shift, cash_moved
from services.finance.handlers.fiscal import queue_shift
from services.finance.handlers.table import check_period, handlers, keep, stamp
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.till import (
    CashDocumentView,
    CashMoved,
    CloseShift,
    GetShift,
    GetXReport,
    GetZReport,
    ListCashDocuments,
    ListShifts,
    MoveCash,
    OpenShift,
    ShiftClosed,
    ShiftNow,
    ShiftOpened,
    ShiftReport,
    ShiftReportNow,
    ShiftView,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused


@handlers.command(OpenShift)
async def open_shift(command: OpenShift, store: FinanceStore, work: Work) -> ShiftView:
    # One after the other: the first takes over what was taken outside of shifts.
    await store.till_settings(lock=True)
    tills = await store.tills()
    box = tills.box(command.cash_box_id)
    if box.id in tills.shifts:
        raise Refused("shift_is_open", name=box.name)
    domain.ensure_room(box.name, command.counted)
    shift, entries = domain.open_shift(
        work.new_id(),
        box.id,
        command.counted,
        await store.last_shift(box.id),
        await store.loose_cash(),
        stamp(work),
        iter(work.new_id, None),
    )
    await store.add_shift(shift)
    view = shift.view(shift.opening, ShiftView)
    opened = ShiftOpened(shift=view, comment=command.comment)
    await keep(Decision(entries, events=(opened,)), store, work)
    await queue_shift("shift_open", shift, store, work)
    return view


@handlers.command(CloseShift)
async def close_shift(command: CloseShift, store: FinanceStore, work: Work) -> ShiftReport:
    shift = await store.lock_shift(command.shift_id)
    if shift is None:
        raise Refused("shift_not_found", id=command.shift_id)
    if shift.closed_at:
        raise Refused("shift_closed")
    box = (await store.tills()).boxes[shift.cash_box_id]
    counted = domain.counted_in(command, box.name)
    movements = await store.movements(shift.id)
    closed, entries = domain.close_shift(
        shift, box.name, movements, counted, command.banknotes, stamp(work), iter(work.new_id, None)
    )
    assert closed.report is not None
    await store.close_shift(closed)
    event = ShiftClosed(report=closed.report, comment=command.comment)
    await keep(Decision(entries, events=(event,)), store, work)
    await queue_shift("shift_close", closed, store, work)
    return closed.report


@handlers.question(GetShift)
async def get_shift(question: GetShift, store: FinanceStore, work: Work) -> ShiftNow:
    shift = await _shift(question.shift_id, store)
    (view,) = await shown([shift], store)
    return view


@handlers.question(ListShifts)
async def list_shifts(question: ListShifts, store: FinanceStore, work: Work) -> Page[ShiftNow]:
    check_period(question.start, question.end)
    found = await store.shift_rows(question)
    views = {view.id: view for view in await shown(found, store)}
    return page_of(
        found,
        question.limit,
        lambda shift: views[shift.id],
        lambda shift: (shift.opened_at, shift.id),
    )


@handlers.question(GetXReport)
async def get_x_report(question: GetXReport, store: FinanceStore, work: Work) -> ShiftReportNow:
    shift = await _shift(question.shift_id, store)
    box = await store.box_shown(shift.cash_box_id)
    moved = await store.movements_by_shift([shift])
    assert box is not None
    report = domain.report_of(ShiftReportNow, shift, box.name, moved[shift.id], work.now)
    return report.model_copy(update={"kind": "x"})


@handlers.question(GetZReport)
async def get_z_report(question: GetZReport, store: FinanceStore, work: Work) -> ShiftReport:
    shift = await _shift(question.shift_id, store)
    if shift.report is None:
        box = await store.box_shown(shift.cash_box_id)
        raise Refused("shift_is_open", name=box.name if box else "")
    return shift.report


async def shown(some: Sequence[Shift], store: FinanceStore) -> tuple[ShiftNow, ...]:
    """Shifts with what the books say is in their drawers."""
    moved = await store.movements_by_shift(some)
    return tuple(
        shift.view(shift.opening + cash_moved(moved[shift.id]), ShiftNow) for shift in some
    )


async def _shift(shift_id: UUID, store: FinanceStore) -> Shift:
    shift = await store.shift_shown(shift_id)
    if shift is None:
        raise Refused("shift_not_found", id=shift_id)
    return shift


# --- cash in and out ----------------------------------------------------------------------------


@handlers.command(MoveCash)
async def move_cash(command: MoveCash, store: FinanceStore, work: Work) -> CashDocumentView:
    tills = await store.tills()
    shift = tills.open_shift(tills.box(command.cash_box_id))
    await store.lock_shift(shift.id)
    expected = await store.expected_cash(shift)
    here = replace(stamp(work), shift_id=shift.id)
    entry = domain.move_cash(command, expected, here, work.new_id())
    document = domain.cash_document(entry, shift.cash_box_id)
    await keep(Decision((entry,), events=(CashMoved(document=document),)), store, work)
    return document


@handlers.question(ListCashDocuments)
async def list_cash_documents(
    question: ListCashDocuments, store: FinanceStore, work: Work
) -> Page[CashDocumentView]:
    check_period(question.start, question.end)
    parties = {account: party for party, account in PARTIES.items()}
    return page_of(
        await store.cash_document_rows(question),
        question.limit,
        lambda row: CashDocumentView(
            id=row.id,
            at=row.at,
            direction="in" if EntryKind(row.kind) is EntryKind.CASH_IN else "out",
            party=parties[Account(row.party)],
            amount=row.amount,
            cash_box_id=row.cash_box_id,
            shift_id=row.shift_id,
            comment=row.comment,
            actor=row.actor,
        ),
        lambda row: (row.at, row.id),
    )
