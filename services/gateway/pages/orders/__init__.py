"""Work orders on pages: their list, one of them, and everything that is done to it.

``order``: one order at a glance; ``finding``: the list; ``header``: its head, its steps and
comments; ``works`` and ``parts``: what is put on it; ``lines``: what is on it; ``approvals``: what
the client says; ``money``: what the client pays; ``sending``: what the client is written;
``timeline``: everything that happened to it.
"""

from __future__ import annotations

from services.gateway.pages.orders import (
    approvals,
    finding,
    header,
    lines,
    money,
    order,
    parts,
    sending,
    timeline,
    works,
)

PAGES = (
    *finding.PAGES,
    *order.PAGES,
    *header.PAGES,
    *works.PAGES,
    *parts.PAGES,
    *lines.PAGES,
    *approvals.PAGES,
    *money.PAGES,
    *sending.PAGES,
    *timeline.PAGES,
)
