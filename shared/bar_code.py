"""A number for scanners: Code 128, as a picture of lines."""

from __future__ import annotations

from barcode.codex import Code128  # type: ignore[import-untyped]
from barcode.errors import BarcodeError  # type: ignore[import-untyped]

_QUIET_MODULES = 10
"""Of white on both sides of a bar code: without them scanners do not find it."""


def bar_code(number: str) -> bytes | None:
    """SVG; ``None`` for a number with letters that Code 128 does not have."""
    try:
        (modules,) = Code128(number).build()
    except BarcodeError:
        return None
    bars = "".join(
        f"M{x + _QUIET_MODULES} 0h1v30h-1z" for x, module in enumerate(modules) if module == "1"
    )
    width = len(modules) + 2 * _QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 30" '
        f'width="{width}" height="30" preserveAspectRatio="none">'
        f'<path d="{bars}"/></svg>'
    ).encode()
