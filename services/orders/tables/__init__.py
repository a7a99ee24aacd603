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

__all__ = [
    "clients",
    "comments",
    "employees",
    "estimate_links",
    "order_numbers",
    "orders",
    "part_lines",
    "posts",
    "products",
    "sections",
    "service_lines",
    "station_secrets",
    "stations",
    "tables",
    "vehicles",
    "works",
]
