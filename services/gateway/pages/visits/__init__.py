"""A new visit, in one screen: who comes in what, why, to whom and when."""

from services.gateway.pages.visits.screen import PAGES

__all__ = ["PAGES"]
