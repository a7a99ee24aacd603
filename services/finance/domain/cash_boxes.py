"""Cash boxes, and at which of them money is taken or given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.finance.domain.shifts import Shift
from shared.contracts.finance import MoneyMethod, PaymentMethod
from shared.contracts.till import CashBoxView
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class CashBox:
    """A drawer with cash, and the ways in which its cashier takes money."""

    id: UUID
    name: str
    section_id: UUID | None
    methods: tuple[MoneyMethod, ...]
    active: bool
    revision: int
    created_at: datetime
    updated_at: datetime

    def view(self) -> CashBoxView:
        return CashBoxView.model_validate(self, from_attributes=True)


@dataclass(frozen=True, slots=True)
class Tills:
    """All boxes of the station in the order in which they were made, and the open shifts by box."""

    shift_required: bool
    boxes: Mapping[UUID, CashBox]
    shifts: Mapping[UUID, Shift]

    def box(self, cash_box_id: UUID) -> CashBox:
        """Refused: ``cash_box_not_found``, ``cash_box_inactive``."""
        box = self.boxes.get(cash_box_id)
        if box is None:
            raise Refused("cash_box_not_found", id=cash_box_id)
        if not box.active:
            raise Refused("cash_box_inactive", name=box.name)
        return box

    def open_shift(self, box: CashBox) -> Shift:
        """Refused: ``shift_not_open``."""
        shift = self.shifts.get(box.id)
        if shift is None:
            raise Refused("shift_not_open", name=box.name)
        return shift

    def shift_for(
        self,
        methods: Collection[PaymentMethod],
        login: str,
        cash_box_id: UUID | None = None,
        shift_id: UUID | None = None,
    ) -> Shift | None:
        """The shift in which money moves by these methods; none: outside of shifts, as where
        nobody opens any.

        A box or shift that is named must be open. Else it is the shift that this person has
        opened, or that of the main box, the first that is in use and takes the methods.

        Refused: ``cash_box_not_found``, ``cash_box_inactive``, ``method_not_taken``,
        ``shift_not_open``, ``shift_closed``, ``shift_of_other_box``, and ``shift_required`` for
        cash where the station wants a shift for it.
        """
        if shift_id is not None:
            shift = next((one for one in self.shifts.values() if one.id == shift_id), None)
            if shift is None:
                raise Refused("shift_closed")
            if cash_box_id not in (None, shift.cash_box_id):
                raise Refused("shift_of_other_box")
            cash_box_id = shift.cash_box_id
        if cash_box_id is not None:
            box = self.box(cash_box_id)
            if missing := set(methods) - set(box.methods):
                raise Refused("method_not_taken", name=box.name, method=min(missing))
            return self.open_shift(box)
        takers = [
            box for box in self.boxes.values() if box.active and set(methods) <= set(box.methods)
        ]
        shifts = [self.shifts.get(box.id) for box in takers]
        own = [shift for shift in shifts if shift and shift.opened_by == login]
        shift = own[0] if own else shifts[0] if shifts else None
        if shift is None and "cash" in methods and self.shift_required:
            raise Refused("shift_required")
        return shift
