"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.clients.store import ClientsStore
from shared.contracts import (
    audit,
    bonuses,
    client_contracts,
    client_data,
    client_imports,
    client_links,
    client_merge,
    clients,
    finance,
    messages,
    orders,
    segments,
    tags,
    visits,
)
from shared.handlers import Handlers

handlers = Handlers(
    "clients",
    ClientsStore,
    refused=clients.ClientsCommandRefused,
    publishes=(
        clients.ClientCreated,
        clients.ClientChanged,
        clients.VehicleAdded,
        clients.VehicleChanged,
        client_imports.ClientImportMoved,
        client_contracts.ContractSaved,
        client_data.ClientErased,
        client_merge.ClientMerged,
        client_merge.DuplicateDismissed,
        client_links.ClientLinked,
        client_links.ClientUnlinked,
        tags.TagSaved,
        tags.TagRemoved,
        tags.ClientTagged,
        tags.VehicleTagged,
        segments.SegmentSaved,
        segments.SegmentRemoved,
    ),
    asks=(
        orders.GetOrder,
        orders.FindOrders,
        orders.ListComments,
        orders.ListSections,
        client_data.GetOpenOrders,
        finance.GetBalance,
        finance.ListPayments,
        visits.ListSettlements,
        bonuses.GetBonuses,
        messages.ListMessages,
        audit.FindRecords,
    ),
)
