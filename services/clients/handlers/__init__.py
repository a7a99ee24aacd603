"""Every message that comes in.

``cards``: reception writes down a client and a car. ``finding``: finds them again. ``importing``:
lists of them come in as files. ``merging``: two cards of one client become one. ``contracts``: what
was agreed on with a client. ``personal_data``: all that is known of a person is given out.
``erasure``: a person is forgotten.
"""

from services.clients.handlers import (
    cards,
    contracts,
    erasure,
    finding,
    importing,
    merging,
    personal_data,
)
from services.clients.handlers.table import handlers

__all__ = [
    "cards",
    "contracts",
    "erasure",
    "finding",
    "handlers",
    "importing",
    "merging",
    "personal_data",
]
