"""Cash boxes, their shifts and what happens at the till: owned by ``services/finance``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    PositiveMoney,
    Question,
    Revision,
    SignedMoney,
    Text,
    View,
)
from shared.contracts.finance import MoneyMethod, MoneySum

Methods = Annotated[tuple[MoneyMethod, ...], Field(min_length=1, max_length=3)]
CashDirection = Literal["in", "out"]
CashParty = Literal["bank", "owner", "cash_box"]
"""Where cash comes from or goes to: the bank, the owner, or another box of the station (it is on
its way until that box takes it in)."""
FaceValue = Annotated[
    Money, Field(gt=0, le=10_000, description="Of one banknote or coin, in roubles")
]


# --- boxes and settings -------------------------------------------------------------------------


class CashBoxView(View):
    """A drawer with cash, and the ways in which its cashier takes money."""

    id: UUID
    name: str
    section_id: UUID | None
    methods: tuple[MoneyMethod, ...]
    active: bool
    revision: Revision
    created_at: Instant
    updated_at: Instant


class CreateCashBox(Command[CashBoxView]):
    """Refused: ``name_taken``, ``section_not_found``."""

    subject: ClassVar[str] = "cmd.finance.create_cash_box.v1"

    name: Name
    section_id: UUID | None = None
    methods: Methods = ("cash", "card", "transfer")


class ChangeCashBox(Command[CashBoxView]):
    """What is absent stays. Refused: ``cash_box_not_found``, ``name_taken``,
    ``section_not_found``, ``field_required``, ``revision_conflict``; ``shift_is_open`` when a box
    with an open shift is to be put out of use."""

    subject: ClassVar[str] = "cmd.finance.change_cash_box.v1"

    cash_box_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    section_id: UUID | None = None
    methods: Methods | None = None
    active: bool | None = None


class ListCashBoxes(Question[Page[CashBoxView]]):
    """The oldest first: the first that is in use is the station's main one."""

    subject: ClassVar[str] = "ask.finance.cash_boxes.v1"

    active: bool | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class TillSettingsView(View):
    shift_required: bool
    """Whether cash is taken and given only while a shift is open."""
    revision: Revision
    updated_at: Instant


class GetTillSettings(Question[TillSettingsView]):
    subject: ClassVar[str] = "ask.finance.till_settings.v1"


class ChangeTillSettings(Command[TillSettingsView]):
    """Refused: ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.change_till_settings.v1"

    expected_revision: Revision | None = None
    shift_required: bool


# --- shifts -------------------------------------------------------------------------------------


class ShiftView(View):
    """A cashier's time at a box. ``expected`` is what the books say is in the drawer; of a closed
    shift, what they said before its count."""

    id: UUID
    cash_box_id: UUID
    number: int
    """Of its Z report: without gaps in its box."""
    opened_at: Instant
    opened_by: str
    opening: Money
    """Counted at the opening."""
    opening_difference: SignedMoney
    """More (or less) than the books knew of; posted at the opening."""
    closed_at: Instant | None
    closed_by: str | None
    expected: SignedMoney
    counted: Money | None
    difference: SignedMoney | None
    """``counted - expected``; posted at the close."""


class ShiftNow(ShiftView):
    """As the books have it, also where they know of more than a drawer can hold."""

    expected: MoneySum


class Banknotes(View):
    """``pieces`` banknotes or coins of one value."""

    value: FaceValue
    pieces: Annotated[int, Field(ge=0, le=1_000_000)]


class OpenShift(Command[ShiftView]):
    """``counted`` lies in the drawer. What differs from the last close was taken or given outside
    of shifts, as far as the books know of such; else it is a surplus or shortage. What a new box
    begins with otherwise is the owner's. Refused: ``cash_box_not_found``, ``cash_box_inactive``,
    ``shift_is_open``, ``cash_too_much``."""

    subject: ClassVar[str] = "cmd.finance.open_shift.v1"

    cash_box_id: UUID
    counted: Money
    comment: Text | None = None


class MethodSum(View):
    """What came, or went, by one method, and by how many documents."""

    method: MoneyMethod
    amount: MoneySum
    documents: int


class ShiftReport(View):
    """``opening + movements = expected`` and ``expected + difference = counted``, of cash alone.
    ``x``: the shift as it is now. ``z``: as it was closed; never changes."""

    kind: Literal["x", "z"]
    shift_id: UUID
    cash_box_id: UUID
    cash_box: str
    number: int
    at: Instant
    opened_at: Instant
    opened_by: str
    closed_by: str | None
    receipts: tuple[MethodSum, ...]
    refunds: tuple[MethodSum, ...]
    expenses: tuple[MethodSum, ...]
    """Less those that were taken back."""
    cash_in: MoneySum
    cash_out: MoneySum
    opening: Money
    opening_difference: SignedMoney
    movements: MoneySum
    expected: SignedMoney
    counted: Money | None
    difference: SignedMoney | None
    banknotes: tuple[Banknotes, ...]
    documents: int
    suppliers: tuple[MethodSum, ...] = ()
    """What suppliers were paid, less what they gave back."""
    payroll: tuple[MethodSum, ...] = ()
    """What employees were paid, less what was undone."""


class ShiftReportNow(ShiftReport):
    """As ``ShiftNow``."""

    expected: MoneySum


class CloseShift(Command[ShiftReport]):
    """Counted by its total, or by banknotes. What is missing is an expense (``cash_shortage``),
    what is over is income (``cash_surplus``). Answers the Z report. Refused:
    ``shift_not_found``, ``shift_closed``, ``count_missing`` (neither), ``count_differs`` (both,
    and they disagree), ``cash_too_much``."""

    subject: ClassVar[str] = "cmd.finance.close_shift.v1"

    shift_id: UUID
    counted: Money | None = None
    banknotes: Annotated[tuple[Banknotes, ...], Field(max_length=50)] = ()
    comment: Text | None = None


class GetShift(Question[ShiftNow]):
    """Refused: ``shift_not_found``."""

    subject: ClassVar[str] = "ask.finance.shift.v1"

    shift_id: UUID


class ListShifts(Question[Page[ShiftNow]]):
    """Newest first; the period is that of their openings."""

    subject: ClassVar[str] = "ask.finance.shifts.v1"

    cash_box_id: UUID | None = None
    open: bool | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class GetXReport(Question[ShiftReportNow]):
    """What has come and gone so far, of an open or closed shift. Refused: ``shift_not_found``."""

    subject: ClassVar[str] = "ask.finance.x_report.v1"

    shift_id: UUID


class GetZReport(Question[ShiftReport]):
    """As it was frozen at the close. Refused: ``shift_not_found``, ``shift_is_open``."""

    subject: ClassVar[str] = "ask.finance.z_report.v1"

    shift_id: UUID


# --- cash in and out ----------------------------------------------------------------------------


class CashDocumentView(View):
    """Cash that was brought into a box, or taken out of it, and is neither paid nor spent."""

    id: UUID
    at: Instant
    direction: CashDirection
    party: CashParty
    amount: Money
    cash_box_id: UUID
    shift_id: UUID
    comment: str | None
    actor: str


class MoveCash(Command[CashDocumentView]):
    """Change is brought in, takings are collected. Refused: ``cash_box_not_found``,
    ``cash_box_inactive``, ``shift_not_open``, ``not_enough_cash``, ``cash_too_much``."""

    subject: ClassVar[str] = "cmd.finance.move_cash.v1"

    cash_box_id: UUID
    direction: CashDirection
    party: CashParty
    amount: PositiveMoney
    comment: Text | None = None


class ListCashDocuments(Question[Page[CashDocumentView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.finance.cash_documents.v1"

    cash_box_id: UUID | None = None
    shift_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- facts --------------------------------------------------------------------------------------


class CashBoxSaved(Event):
    """Made or edited. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.cash_box_saved.v1"

    cash_box: CashBoxView

    def aggregate_id(self) -> UUID:
        return self.cash_box.id


class TillSettingsSaved(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.till_settings_saved.v1"

    station_id: UUID
    settings: TillSettingsView

    def aggregate_id(self) -> UUID:
        return self.station_id


class ShiftOpened(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.shift_opened.v1"

    shift: ShiftView
    comment: str | None = None

    def aggregate_id(self) -> UUID:
        return self.shift.id


class ShiftClosed(Event):
    """With its Z report. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.shift_closed.v1"

    report: ShiftReport
    comment: str | None = None

    def aggregate_id(self) -> UUID:
        return self.report.shift_id


class CashMoved(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.cash_moved.v1"

    document: CashDocumentView

    def aggregate_id(self) -> UUID:
        return self.document.id
