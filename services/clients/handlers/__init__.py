"""Every message that comes in.

``cards``: reception writes down a client and a car. ``finding``: finds them again.
``merging``: two cards of one client become one.
"""

from services.clients.handlers import cards, finding, merging
from services.clients.handlers.table import handlers

__all__ = ["cards", "finding", "handlers", "merging"]
