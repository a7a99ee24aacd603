"""Latency over load as a picture: how many flows a second, and how long each takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 400, 70, 50, 40, 30
LINES = (("p50", "#1f6feb"), ("p99", "#d1242f"))
STEPS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """One load: ``clients`` at once, what they came to, and how long their flows took."""

    clients: int
    rate: float
    p50_ms: float
    p99_ms: float


def write(points: Sequence[Point], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(picture(points), encoding="utf-8")


def picture(points: Sequence[Point]) -> str:
    """SVG; flows a second from left to right, milliseconds from bottom to top, both from nought."""
    most_rate = _rounded_up(max(point.rate for point in points))
    most_ms = _rounded_up(max(point.p99_ms for point in points))

    def at(rate: float, ms: float) -> tuple[float, float]:
        x = LEFT + rate / most_rate * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - ms / most_ms * (HEIGHT - TOP - BOTTOM)
        return round(x, 1), round(y, 1)

    parts = [_text(LEFT, 22, "Whole flow over HTTP: latency over load", "start", 15)]
    for step in range(STEPS + 1):
        x, y = at(most_rate * step / STEPS, most_ms * step / STEPS)
        parts += [
            f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#d8dee4"/>',
            _text(LEFT - 8, y + 4, f"{most_ms * step / STEPS:,.0f} ms", "end"),
            _text(x, HEIGHT - BOTTOM + 18, f"{most_rate * step / STEPS:g}", "middle"),
        ]
    parts.append(_text(WIDTH / 2, HEIGHT - 10, "flows a second", "middle"))
    ordered = sorted(points, key=lambda point: point.clients)
    for place, (name, color) in enumerate(LINES):
        dots = [at(point.rate, getattr(point, f"{name}_ms")) for point in ordered]
        line = " ".join(f"{x},{y}" for x, y in dots)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        for (x, y), point in zip(dots, ordered, strict=True):
            who = f"{point.clients} client{'s' if point.clients > 1 else ''}"
            title = f"<title>{who}, {name}</title>"
            parts.append(f'<circle cx="{x}" cy="{y}" r="4" fill="{color}">{title}</circle>')
            parts.append(_text(x, y - 9, str(point.clients), "middle"))
        parts.append(_text(WIDTH - RIGHT - 40 * (2 - place), 22, name, "start", 13, color))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        )
    )


def _text(
    x: float, y: float, words: str, anchor: str, size: int = 12, color: str = "#57606a"
) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{color}"'
        f' font-family="sans-serif">{escape(words)}</text>'
    )


def _rounded_up(value: float) -> float:
    """To 1, 2 or 5 with noughts behind: a scale that people can read."""
    power = 10.0 ** (len(str(int(max(value, 1)))) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)
