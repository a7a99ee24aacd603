"""Making papers of templates, confined: what a user wrote never runs in the service itself.

``renderers`` is the service's side; ``zygote`` forks a process per job, which ``confinement``
takes every means from; ``press`` is what that process does.
"""
