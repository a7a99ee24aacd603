"""What the gateway itself is asked: ``users`` are managed, everybody sees to one's own
``sessions`` and to the ``tokens`` of one's programs."""

from services.gateway.handlers import sessions, tokens, users
from services.gateway.handlers.table import handlers

__all__ = ["handlers", "sessions", "tokens", "users"]
