"""Backups of a whole station: one instant of all its databases, its files, and the log since."""
