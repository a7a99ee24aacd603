"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.documents.store import DocumentsStore
from shared.contracts import documents, forms
from shared.handlers import Handlers

handlers = Handlers(
    "documents",
    DocumentsStore,
    refused=documents.DocumentsCommandRefused,
    publishes=(forms.FormTemplateSaved, forms.FormLookChanged),
)
