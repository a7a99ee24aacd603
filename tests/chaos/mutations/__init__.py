"""Faults in our own delivery code, each of which some test must find.

A mutation replaces text that stands exactly once in its file; when the text has gone, the run
stops and says so. ``checks`` are the tests that are run against it, most of them ``test_directed``.
"""

from __future__ import annotations

from tests.chaos.mutations.business import DOING
from tests.chaos.mutations.delivery import DELIVERING
from tests.chaos.mutations.mutation import Mutation

MUTATIONS = (*DELIVERING, *DOING)
__all__ = ["MUTATIONS", "Mutation"]
