"""The office's money: expenses, pay, and who owes what."""

from services.gateway.pages.money import debts, expenses, pay, records

PAGES = (*expenses.PAGES, *records.PAGES, *pay.PAGES, *debts.PAGES)
