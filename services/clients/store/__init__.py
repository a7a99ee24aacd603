"""What the clients service keeps, and how it comes in and out of the database."""

from services.clients.store import importing
from services.clients.store.cards import ClientsStore

__all__ = ["ClientsStore", "importing"]
