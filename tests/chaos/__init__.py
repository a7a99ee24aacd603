"""Chaos: a whole station under load, and everything that can happen to it.

``python -m tests.chaos`` runs campaigns of seeded faults against a station as ``pitlane up`` runs
it; ``python -m tests.chaos.mutants`` proves that the checks see what they are there to see.
"""
