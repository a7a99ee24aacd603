"""What the books hold of a client who is merged with another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from services.finance.domain.bonus_lots import Lot
from services.finance.domain.ledger import ClientAccount
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement
from services.finance.store.bonus_books import BonusBooks
from services.finance.store.rows import any_of, lot_of
from services.finance.store.schema import accounts, bonus_lots, payments, settlements

_SETTLEMENTS = (
    select(settlements)
    .where(any_of(settlements.c.client_id, "ids"))
    .order_by(settlements.c.order_id, settlements.c.completion)
    .with_for_update()
)
_PAYMENTS = select(payments.c.id).where(
    or_(any_of(payments.c.customer_id, "ids"), any_of(payments.c.payer_id, "ids"))
)
_LEAD_ON = (
    update(accounts)
    .where(accounts.c.merged_into == bindparam("merged_id"))
    .values(merged_into=bindparam("survivor_id"))
)
_FORGET_NOTES = (
    update(payments)
    .where(any_of(payments.c.customer_id, "ids"), payments.c.comment.is_not(None))
    .values(comment=None)
)
_LOTS = select(bonus_lots).where(any_of(bonus_lots.c.client_id, "ids"))


class MergingBooks(BonusBooks):
    """The books of clients, whichever names they go by."""

    async def survivor_of(self, client_id: UUID) -> UUID:
        """Who is meant by this client: itself, or the one that it was merged into. Locks the
        account, so that nobody merges it meanwhile; opens it for that, where there is none yet."""
        account = await self.account(client_id) or self.add_client(client_id)
        if account.merged_into is None:
            return client_id
        return await self.survivor_of(account.merged_into)

    async def lead_on(self, merged: ClientAccount) -> None:
        """Whatever still comes for it, or for those that it was made of, is the survivor's."""
        await self.connection.execute(
            _LEAD_ON, {"merged_id": merged.client_id, "survivor_id": merged.merged_into}
        )
        for account in list(self._accounts.values.values()):
            if account.merged_into == merged.client_id:
                self._accounts.put(
                    account.client_id, replace(account, merged_into=merged.merged_into)
                )
        self._accounts.put(merged.client_id, merged)

    async def settlements_of(self, client_id: UUID) -> list[Settlement]:
        """All that ever were the client's, standing or not."""
        self._found_settlements(await self._rows(_SETTLEMENTS, ids={client_id}))
        return [
            known
            for known in self._settlements.values.values()
            if known.completed and known.completed.client_id == client_id
        ]

    async def payments_naming(self, client_id: UUID) -> list[Payment]:
        """All that the client, or somebody for the client, ever paid."""
        found = {row.id for row in await self._rows(_PAYMENTS, ids={client_id})}
        await self._load_payments((), (), found - self._payments.values.keys())
        return [
            payment
            for payment in self._payments.values.values()
            if client_id in (payment.customer_id, payment.payer_id)
        ]

    async def forget_notes(self, aliases: Collection[UUID]) -> None:
        """What was noted on a person's payments; as they came, and as this transaction has
        them."""
        await self.connection.execute(_FORGET_NOTES, {"ids": list(aliases)})
        for payment in list(self._payments.values.values()):
            if payment.customer_id in aliases and payment.comment:
                self._payments.put(payment.id, replace(payment, comment=None))

    async def lots_of(self, client_id: UUID) -> list[Lot]:
        """All of them, empty ones too."""
        for row in await self._rows(_LOTS, ids={client_id}):
            self._lots.find(row.id, lot_of(row))
        return [lot for lot in self._lots.values.values() if lot.client_id == client_id]
