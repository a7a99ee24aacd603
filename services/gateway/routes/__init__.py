"""Every address of the API, area by area, in the order in which a day uses them."""

from services.gateway.routes import (
    approvals,
    audit,
    clients,
    events,
    finance,
    forms,
    formulas,
    inventory,
    load,
    messages,
    orders,
    reports,
    segments,
    session,
    station,
)

AREAS = (
    session.AREA,
    clients.AREA,
    segments.AREA,
    station.AREA,
    orders.AREA,
    load.AREA,
    forms.AREA,
    approvals.AREA,
    inventory.AREA,
    finance.AREA,
    formulas.AREA,
    messages.AREA,
    finance.BONUSES,
    reports.AREA,
    audit.AREA,
    events.AREA,
)
