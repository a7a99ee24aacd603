"""The browser that tests and benchmarks look at pages with: the system's own Chromium."""

from __future__ import annotations

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Debian's two first: the same engine, without windows and with. As in ``scripts/setup-browser``,
which sees to it that there is one."""


def chromium_path() -> str | None:
    """The first that is here."""
    return next(filter(None, map(shutil.which, NAMES)), None)
