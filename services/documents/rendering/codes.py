"""The order's number for scanners: QR, as a picture of squares."""

from __future__ import annotations

import io

import segno


def qr_code(number: str) -> bytes:
    """SVG."""
    picture = io.BytesIO()
    segno.make_qr(number, error="m").save(
        picture, kind="svg", border=2, xmldecl=False, omitsize=True
    )
    return picture.getvalue()
