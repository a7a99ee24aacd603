"""Clients: found, known, written to, and made one; what they bring as files."""

from services.gateway.pages.clients import card, finding, merging, money, relations

PAGES = (*finding.PAGES, *card.PAGES, *money.PAGES, *relations.PAGES, *merging.PAGES)

__all__ = ["PAGES"]
