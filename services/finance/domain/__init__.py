"""The rules of money, pure: the ledger, the life of a settlement, the money of clients."""

from services.finance.domain.settlement import TRANSITIONS

__all__ = ["TRANSITIONS"]
