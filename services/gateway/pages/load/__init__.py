"""The load panel: who holds which post when, and when the station works."""

from services.gateway.pages.load import calendar, panel

PAGES = (*panel.PAGES, *calendar.PAGES)
