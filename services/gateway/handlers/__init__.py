"""What the gateway itself is asked: ``users`` are managed, everybody sees to one's own
``sessions``, to the ``tokens`` of one's programs and to the ``jobs`` that one asked for."""

from services.gateway.handlers import jobs, sessions, tokens, users
from services.gateway.handlers.table import handlers

__all__ = ["handlers", "jobs", "sessions", "tokens", "users"]
