"""The till: what is to be paid, money taken and given back, boxes and their shifts."""

from services.gateway.pages.till import desk, payments, receipts, shifts

PAGES = (*desk.PAGES, *payments.PAGES, *shifts.PAGES, *receipts.PAGES)
