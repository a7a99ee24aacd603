"""What clients says of visits, cards, cars and contracts, for whoever compares it with what others
say."""

from __future__ import annotations

from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore, figures
from services.clients.store.told import told_by_clients
from shared.contracts.base import Page
from shared.contracts.copies import ListToldByClients, Told
from shared.contracts.reconciliation import Difference, GetVisitFigures, VisitFigures
from shared.contracts.visits import CheckVisits, GetKeptVisits, KeptVisits
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(GetVisitFigures)
async def get_visit_figures(
    question: GetVisitFigures, store: ClientsStore, work: Work
) -> Page[VisitFigures]:
    return page_of(
        await figures.visit_figures(store.connection, question),
        question.limit,
        lambda row: VisitFigures(
            order_id=row.order_id,
            client_id=row.client_ids[0],
            completions=tuple(row.completions),
            revenue=row.revenue,
            at=row.at,
            section_id=row.section_ids[0],
        ),
        lambda row: (row.order_id,),
    )


@handlers.question(ListToldByClients)
async def list_told(question: ListToldByClients, store: ClientsStore, work: Work) -> Page[Told]:
    rows = await told_by_clients(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.id,))


@handlers.question(GetKeptVisits)
async def get_kept_visits(question: GetKeptVisits, store: ClientsStore, work: Work) -> KeptVisits:
    return await figures.kept_visits(store.connection)


@handlers.question(CheckVisits, report=True)
async def check_visits(question: CheckVisits, store: ClientsStore, work: Work) -> Page[Difference]:
    return Page(
        items=tuple(
            Difference(
                what=row.what,
                expected=row.expected or "nothing",
                actual=row.actual or "nothing",
                client_id=row.client_id,
            )
            for row in await figures.counter_differences(store.connection)
        )
    )
