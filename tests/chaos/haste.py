"""What under chaos happens sooner than it would, so that an episode sees it; the proportions are
those of the real figures."""

from __future__ import annotations

ACK_WAIT_S = 5
"""Short, so that what was cut off comes again within an episode, and so that a process that was
frozen finds its events handled by nobody, or by itself."""
RETRY_DELAYS_S = (0.2, 1.0, 5.0, 20.0)
"""Together several times as long as that: an event may have to wait until the one before it, which
went to somebody who died, comes again, and must not be parked sooner."""
OWED_FOR_S = sum(RETRY_DELAYS_S) + (len(RETRY_DELAYS_S) + 1) * ACK_WAIT_S
