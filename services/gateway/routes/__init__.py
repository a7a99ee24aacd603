"""Every address of the API, area by area, in the order in which a day uses them."""

from services.gateway.routes import (
    approvals,
    audit,
    clients,
    events,
    finance,
    inventory,
    orders,
    reports,
    session,
    station,
)

AREAS = (
    session.AREA,
    clients.AREA,
    station.AREA,
    orders.AREA,
    approvals.AREA,
    inventory.AREA,
    finance.AREA,
    finance.BONUSES,
    reports.AREA,
    audit.AREA,
    events.AREA,
)
