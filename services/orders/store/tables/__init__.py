"""The tables of the orders service."""

from services.orders.store.tables.approvals import estimate_links, station_secrets
from services.orders.store.tables.catalogue import packages, price_rules, work_variants
from services.orders.store.tables.columns import tables
from services.orders.store.tables.copies import clients, products, vehicles
from services.orders.store.tables.credit import client_contracts
from services.orders.store.tables.load import absences, bookings, holidays, load_settings, weeks
from services.orders.store.tables.orders import (
    ERA,
    ERA_LENGTH,
    SEARCHED,
    comments,
    order_numbers,
    orders,
    part_lines,
    price_steps,
    service_lines,
)
from services.orders.store.tables.places import (
    employees,
    order_types,
    places_version,
    posts,
    sections,
    stations,
    works,
)
from services.orders.store.tables.reports import order_changes, order_sums

__all__ = [
    "ERA",
    "ERA_LENGTH",
    "SEARCHED",
    "absences",
    "bookings",
    "client_contracts",
    "clients",
    "comments",
    "employees",
    "estimate_links",
    "holidays",
    "load_settings",
    "order_changes",
    "order_numbers",
    "order_sums",
    "order_types",
    "orders",
    "packages",
    "part_lines",
    "places_version",
    "posts",
    "price_rules",
    "price_steps",
    "products",
    "sections",
    "service_lines",
    "station_secrets",
    "stations",
    "tables",
    "vehicles",
    "weeks",
    "work_variants",
    "works",
]
