"""``make drill``: what takes too long for ``make test``, with figures."""
