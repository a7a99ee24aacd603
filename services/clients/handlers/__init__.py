"""Every message that comes in.

``cards``: reception writes down a client and a car. ``finding``: finds them again.
"""

from services.clients.handlers import cards, finding
from services.clients.handlers.table import handlers

__all__ = ["cards", "finding", "handlers"]
