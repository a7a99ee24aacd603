"""Contracts with clients: what one must hold, and what an edit changes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts.base import Change
from shared.contracts.client_contracts import (
    ChangeContract,
    ContractFields,
    ContractView,
    CreateContract,
)
from shared.edits import edited, ensure_filled, named_fields
from shared.refusals import Refused, ensure_revision

_NEVER_EMPTY = ("number", "signed_on", "payment_days")


def new_contract(command: CreateContract, contract_id: UUID, now: datetime) -> ContractView:
    """Raises ``Refused("period_invalid")``."""
    fields = {name: getattr(command, name) for name in ContractFields.model_fields}
    return _in_order(
        ContractView(
            **fields,
            id=contract_id,
            client_id=command.client_id,
            revision=1,
            created_at=now,
            updated_at=now,
        )
    )


def changed_contract(
    contract: ContractView, command: ChangeContract, now: datetime
) -> tuple[ContractView, tuple[Change, ...]]:
    """Raises ``Refused``: ``field_required``, ``period_invalid``, ``revision_conflict``."""
    ensure_revision(command.expected_revision, contract.revision)
    fields = named_fields(command, "contract_id")
    ensure_filled(fields, _NEVER_EMPTY)
    new, changes = edited(contract, fields, now)
    return _in_order(new), changes


def of_client(contract: ContractView, client_id: UUID, now: datetime) -> ContractView:
    """The card that it stood on was another of this client's."""
    return _revised(contract, now, client_id=client_id)


def _revised(contract: ContractView, now: datetime, **fields: Any) -> ContractView:
    revision = contract.revision + 1
    return contract.model_copy(update={**fields, "revision": revision, "updated_at": now})


def _in_order(contract: ContractView) -> ContractView:
    if contract.valid_from and contract.valid_to and contract.valid_to < contract.valid_from:
        raise Refused("period_invalid")
    hundredths = {
        name: amount.quantize(Decimal("0.01"))
        for name in ("credit_limit", "discount_percent")
        if (amount := getattr(contract, name)) is not None
    }
    return contract.model_copy(update=hundredths)
