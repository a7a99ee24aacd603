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
    purchasing,
    reports,
    session,
    station,
)

AREAS = (
    session.AREA,
    clients.AREA,
    station.AREA,
    orders.AREA,
    load.AREA,
    forms.AREA,
    approvals.AREA,
    inventory.AREA,
    purchasing.AREA,
    finance.AREA,
    formulas.AREA,
    messages.AREA,
    finance.BONUSES,
    reports.AREA,
    audit.AREA,
    events.AREA,
)
