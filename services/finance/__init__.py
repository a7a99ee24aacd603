"""Money: settlements, payments, expenses, and the ledger that they are all written in."""
