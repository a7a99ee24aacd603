"""How often an event is tried, and when again: known to who handles it and to who watches."""

RETRY_DELAYS_S = (0.2, 1, 3, 10, 30, 60, 120, 300)
"""After the first, second, … failure. One failure more, and the event is parked."""
