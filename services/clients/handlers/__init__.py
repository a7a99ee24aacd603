"""Every message that comes in.

``cards``: reception writes down a client and a car. ``finding``: finds them again. ``importing``:
lists of them come in as files. ``merging``: two cards of one client become one. ``contracts``: what
was agreed on with a client. ``personal_data``: all that is known of a person is given out.
``erasure``: a person is forgotten. ``history``: what happened with a client. ``links``: who belongs
to whom. ``tags``: clients and cars are marked. ``visits``: who came how often. ``segments``:
clients with something in common. ``mileage``: what orders say of their cars. ``figures``: what
finance must agree with.
"""

from services.clients.handlers import (
    cards,
    contracts,
    erasure,
    figures,
    finding,
    history,
    importing,
    links,
    merging,
    mileage,
    personal_data,
    segments,
    tags,
    visits,
)
from services.clients.handlers.table import handlers

__all__ = [
    "cards",
    "contracts",
    "erasure",
    "figures",
    "finding",
    "handlers",
    "history",
    "importing",
    "links",
    "merging",
    "mileage",
    "personal_data",
    "segments",
    "tags",
    "visits",
]
