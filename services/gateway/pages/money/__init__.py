"""The office's money: expenses, pay, and who owes what."""

from services.gateway.pages.money import debts, expenses, pay, records, suppliers

PAGES = (*expenses.PAGES, *records.PAGES, *pay.PAGES, *debts.PAGES, *suppliers.PAGES)
