"""Copies of others' things, for whoever compares them with what their owners say."""

from __future__ import annotations

from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from services.documents.store.told import told_by_documents
from shared.contracts.base import Page
from shared.contracts.copies import ListToldByDocuments, Told
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(ListToldByDocuments)
async def list_told(question: ListToldByDocuments, store: DocumentsStore, work: Work) -> Page[Told]:
    rows = await told_by_documents(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.id,))
