"""The tables of the orders service."""

from services.orders.tables.approvals import estimate_links, station_secrets
from services.orders.tables.columns import tables
from services.orders.tables.copies import clients, products, vehicles
from services.orders.tables.orders import (
    comments,
    order_numbers,
    orders,
    part_lines,
    service_lines,
)
from services.orders.tables.places import employees, posts, sections, stations, works
from services.orders.tables.works import packages, price_rules, work_variants

__all__ = [
    "clients",
    "comments",
    "employees",
    "estimate_links",
    "order_numbers",
    "orders",
    "packages",
    "part_lines",
    "posts",
    "price_rules",
    "products",
    "sections",
    "service_lines",
    "station_secrets",
    "stations",
    "tables",
    "vehicles",
    "work_variants",
    "works",
]
