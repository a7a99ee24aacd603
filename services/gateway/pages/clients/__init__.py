"""Clients: found, known, written to, and made one; what they bring as files."""

from services.gateway.pages.clients import card, finding, importing, merging, money, relations

PAGES = tuple(
    page
    for module in (finding, card, money, relations, merging, importing)
    for page in module.PAGES
)

__all__ = ["PAGES"]
