"""What the clients service keeps, and how it comes in and out of the database."""

from services.clients.store import (
    figures,
    importing,
    tables_contracts,
    tables_links,
    tables_merging,
    tables_segments,
)
from services.clients.store.cards import ClientsStore
from services.clients.store.tables import tables

__all__ = [
    "ClientsStore",
    "figures",
    "importing",
    "tables",
    "tables_contracts",
    "tables_links",
    "tables_merging",
    "tables_segments",
]
