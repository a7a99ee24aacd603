"""The office's money: expenses, pay, and who owes what."""

from services.gateway.pages.money import debts, expenses, pay

PAGES = (*expenses.PAGES, *pay.PAGES, *debts.PAGES)
