"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.documents.store import DocumentsStore
from shared.contracts import (
    approvals,
    clients,
    documents,
    forms,
    messages,
    orders,
    photos,
    statements,
    work_order,
)
from shared.handlers import Handlers

handlers = Handlers(
    "documents",
    DocumentsStore,
    refused=documents.DocumentsCommandRefused,
    publishes=(
        forms.FormTemplateSaved,
        forms.FormLookChanged,
        messages.MessageTemplateSaved,
        messages.MessageScheduled,
        messages.MessageQueued,
        messages.MessageSent,
        messages.MessageDelivered,
        messages.MessageFailed,
        messages.MessageUndetermined,
        messages.MessageSkipped,
        messages.MessageCancelled,
        photos.PhotoAdded,
        photos.PhotoChanged,
        photos.PhotoRemoved,
    ),
    asks=(
        clients.GetClient,
        orders.FindOrders,
        orders.GetOrder,
        orders.ListStations,
        work_order.GetWorkOrder,
        approvals.EstimateLink,
        approvals.OrderOfLink,
        approvals.ListDeclinedWorks,
        statements.ClientStatement,
    ),
)
