"""Money of clients and suppliers recounted: what stands beside the ledger against its postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from shared.handlers import Store

MOST = 1000

_CLIENTS = text("""
WITH posted AS (
    SELECT client_id,
        sum(amount * ((debit = 'receivable')::int - (credit = 'receivable')::int)) AS receivable,
        sum(amount * ((credit = 'deposits')::int - (debit = 'deposits')::int)) AS deposits,
        sum(amount * ((credit = 'bonuses')::int - (debit = 'bonuses')::int)) AS bonuses
    FROM postings WHERE client_id IS NOT NULL GROUP BY client_id
), by_order AS (
    SELECT order_id,
        sum(amount * ((debit = 'receivable')::int - (credit = 'receivable')::int)) AS due
    FROM postings WHERE debit = 'receivable' OR credit = 'receivable' GROUP BY order_id
), by_payment AS (
    SELECT payment_id,
        sum(amount * ((credit = 'deposits')::int - (debit = 'deposits')::int)) AS held,
        sum(amount * ((debit = 'vat.advances')::int - (credit = 'vat.advances')::int)) AS held_vat
    FROM postings WHERE payment_id IS NOT NULL GROUP BY payment_id
), applied AS (
    SELECT order_id, sum(amount) AS paid FROM applications GROUP BY order_id
), statement AS (
    SELECT client_id, sum(owed) AS owes FROM (
        SELECT client_id, entry_id,
            sum(amount * ((debit IN ('receivable', 'deposits'))::int
                        - (credit IN ('receivable', 'deposits'))::int)) AS owed
        FROM postings
        WHERE client_id IS NOT NULL
            AND (debit IN ('receivable', 'deposits') OR credit IN ('receivable', 'deposits'))
        GROUP BY client_id, entry_id
    ) AS document GROUP BY client_id
), charged AS (
    SELECT entry_id,
        sum(amount) FILTER (WHERE debit = 'receivable') AS revenue,
        sum(amount) FILTER (WHERE credit = 'vat.output') AS vat,
        sum(amount) FILTER (WHERE debit = 'cost.goods') AS cost
    FROM postings GROUP BY entry_id
), moved AS (
    SELECT entries.document_id,
        sum(amount) FILTER (WHERE entries.kind IN ('payment', 'supplier_payment')) AS taken,
        sum(amount) FILTER (WHERE entries.kind IN ('refund', 'supplier_refund')) AS refunded
    FROM entries JOIN postings ON postings.entry_id = entries.id
    WHERE entries.kind IN ('payment', 'refund', 'supplier_payment', 'supplier_refund')
        AND entries.document_id IS NOT NULL
    GROUP BY entries.document_id
), owed AS (
    SELECT supplier_id,
        sum(amount * ((credit = 'payables')::int - (debit = 'payables')::int)) AS owed,
        coalesce(sum(amount * ((credit = 'payables')::int - (debit = 'payables')::int))
            FILTER (WHERE kind = 'receipt' OR kind = 'supplier_return'), 0) AS charged
    FROM postings JOIN entries ON entries.id = postings.entry_id
    WHERE debit = 'payables' OR credit = 'payables' GROUP BY supplier_id
), paid AS (
    SELECT supplier_id, sum(coalesce(taken, 0) - coalesce(moved.refunded, 0)) AS paid
    FROM supplier_payments JOIN moved ON moved.document_id = supplier_payments.id
    GROUP BY supplier_id
), undone AS (
    SELECT undoing.id AS entry_id, undoing.order_id, undoing.client_id
    FROM entries AS undoing
    WHERE undoing.reverses IS NOT NULL AND EXISTS (
        (SELECT line, debit, credit, amount FROM postings WHERE entry_id = undoing.reverses
         EXCEPT
         SELECT line, credit, debit, amount FROM postings WHERE entry_id = undoing.id)
        UNION ALL
        (SELECT line, credit, debit, amount FROM postings WHERE entry_id = undoing.id
         EXCEPT
         SELECT line, debit, credit, amount FROM postings WHERE entry_id = undoing.reverses)
        -- The reversal of an order undoes the corrections of its cost, too.
        EXCEPT ALL
        SELECT line, credit, debit, amount FROM postings
        WHERE entry_id = undoing.id AND undoing.kind = 'settlement_reversal'
            AND 'cost.goods' IN (debit, credit)
            AND line >= (SELECT count(*) FROM postings WHERE entry_id = undoing.reverses)
    )
), counted AS (
    SELECT side.what, client_id, NULL::uuid AS order_id, NULL::uuid AS document_id,
        NULL::uuid AS supplier_id, side.expected, side.actual
    FROM accounts FULL JOIN posted USING (client_id) LEFT JOIN statement USING (client_id),
    LATERAL (VALUES
        ('account_receivable', coalesce(posted.receivable, 0), accounts.receivable),
        ('account_deposits', coalesce(posted.deposits, 0), accounts.deposits),
        ('account_bonuses', coalesce(posted.bonuses, 0), accounts.bonuses),
        ('account_statement', coalesce(statement.owes, 0),
         accounts.receivable - accounts.deposits)
    ) AS side (what, expected, actual)
UNION ALL
    SELECT side.what, client_id, order_id, NULL, NULL, side.expected, side.actual
    FROM settlements LEFT JOIN by_order USING (order_id)
    LEFT JOIN applied USING (order_id),
    LATERAL (VALUES
        ('settlement_due', coalesce(by_order.due, 0), revenue - settlements.paid),
        ('settlement_paid', coalesce(applied.paid, 0), settlements.paid)
    ) AS side (what, expected, actual)
    WHERE state = 'settled'
UNION ALL
    SELECT 'unsettled_due', NULL, order_id, NULL, NULL, due, 0 FROM by_order
    WHERE NOT EXISTS (
        SELECT FROM settlements
        WHERE settlements.order_id = by_order.order_id AND state = 'settled'
    )
UNION ALL
    SELECT side.what, client_id, order_id, entry_id, NULL, side.expected, side.actual
    FROM settlements LEFT JOIN charged USING (entry_id),
    LATERAL (VALUES
        ('entry_revenue', coalesce(charged.revenue, 0), settlements.revenue),
        ('entry_vat', coalesce(charged.vat, 0), vat_services + vat_products + vat_materials),
        ('entry_cost', coalesce(charged.cost, 0), CASE state
            WHEN 'settled' THEN settlements.cost - settlements.corrected
            ELSE coalesce(charged.cost, 0)
        END)
    ) AS side (what, expected, actual)
    WHERE entry_id IS NOT NULL
UNION ALL
    SELECT 'entry_reversal', client_id, order_id, entry_id, NULL, NULL, NULL FROM undone
UNION ALL
    SELECT side.what, customer_id, order_id, payments.id, NULL, side.expected, side.actual
    FROM payments LEFT JOIN by_payment ON by_payment.payment_id = payments.id
    LEFT JOIN moved ON moved.document_id = payments.id,
    LATERAL (VALUES
        ('payment_held', coalesce(by_payment.held, 0), payments.held),
        ('payment_held_vat', coalesce(by_payment.held_vat, 0),
         coalesce(round(payments.held * vat_percent / (100 + vat_percent), 2), 0)),
        ('payment_amount', coalesce(moved.taken, 0), payments.amount),
        ('payment_refunded', coalesce(moved.refunded, 0), payments.refunded)
    ) AS side (what, expected, actual)
UNION ALL
    SELECT side.what, NULL, NULL, supplier_payments.id, supplier_id, side.expected,
        side.actual
    FROM supplier_payments LEFT JOIN moved ON moved.document_id = supplier_payments.id,
    LATERAL (VALUES
        ('supplier_payment_amount', coalesce(moved.taken, 0), supplier_payments.amount),
        ('supplier_payment_refunded', coalesce(moved.refunded, 0), supplier_payments.refunded)
    ) AS side (what, expected, actual)
UNION ALL
    SELECT 'supplier_account', NULL, NULL, NULL, supplier_id,
        coalesce(charged, 0) - coalesce(paid, 0), coalesce(owed, 0)
    FROM owed FULL JOIN paid USING (supplier_id)
)
SELECT * FROM counted
WHERE expected IS DISTINCT FROM actual OR what = 'entry_reversal'
ORDER BY what, client_id, order_id, document_id, supplier_id LIMIT :most
""")
"""In one statement, so that all of it is of one moment: another would be counted between two."""


class Checks(Store):
    """Reads all books; nobody is kept waiting."""

    async def client_differences(self) -> Sequence[Row[Any]]:
        """What differs: ``what, client_id, order_id, document_id, supplier_id, expected,
        actual``."""
        found: Sequence[Row[Any]] = (await self.connection.execute(_CLIENTS, {"most": MOST})).all()
        return found
