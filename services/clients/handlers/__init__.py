"""Every message that comes in.

``cards``: reception writes down a client and a car. ``finding``: finds them again. ``importing``:
lists of them come in as files.
"""

from services.clients.handlers import cards, finding, importing
from services.clients.handlers.table import handlers

__all__ = ["cards", "finding", "handlers", "importing"]
