"""Charts of the brief: as SVG that needs nothing from elsewhere and reads in grey, and as a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

WIDTH = 340
INK, FADED, STRONG = "#222222", "#a9b4c0", "#1f4e79"
"""Strong is darker than faded by enough to tell them apart in grey; no meaning is in the colour alone."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_FONT = 'font-family="system-ui, sans-serif" font-size="11"'


class Chart(Protocol):
    """What a point shows."""

    @property
    def title(self) -> str:
        """What is drawn."""
        ...

    def svg(self) -> str:
        """The chart as one `svg` element."""
        ...

    def text(self) -> str:
        """The chart for readers that show no pictures: one line, or a line per row."""
        ...


@dataclass(frozen=True)
class Bars:
    """Numbers per day or week, in order; those from `marked` on (positions) are what the point is about.

    Attributes:
        level: what was to be expected, drawn as a dashed line; its name is `level_name`.
        first, last: names of both ends of the axis.
    """

    title: str
    values: Sequence[int]
    marked: frozenset[int]
    first: str
    last: str
    level: float | None = None
    level_name: str = ""

    def svg(self) -> str:
        """Bars, the marked ones dark; the largest number is written at its bar."""
        height, top, floor, left = 110, 18, 88, 4
        most = max([*self.values, self.level or 0, 1])
        step = (WIDTH - 2 * left) / max(len(self.values), 1)
        parts = []
        peak = max(range(len(self.values)), key=lambda place: self.values[place], default=0)
        for place, value in enumerate(self.values):
            tall = (floor - top) * value / most
            fill = STRONG if place in self.marked else FADED
            x = left + place * step
            parts.append(
                f'<rect x="{x:.1f}" y="{floor - tall:.1f}" width="{max(step - 1.5, 1):.1f}" height="{tall:.1f}" '
                f'fill="{fill}"/>'
            )
            if place == peak and value:
                anchor = "start" if place < 2 else "end" if place > len(self.values) - 3 else "middle"
                parts.append(_label(x + step / 2, floor - tall - 4, f"{value}", anchor))
        parts.append(f'<line x1="{left}" x2="{WIDTH - left}" y1="{floor}" y2="{floor}" stroke="{INK}"/>')
        if self.level is not None:
            y = floor - (floor - top) * self.level / most
            parts.append(
                f'<line x1="{left}" x2="{WIDTH - left}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK}" '
                'stroke-dasharray="5 3"/>'
            )
            parts.append(_label(left, y - 4, self.level_name, "start"))
        parts.append(_label(left, floor + 15, self.first, "start"))
        parts.append(_label(WIDTH - left, floor + 15, self.last, "end"))
        return _frame(self.title, height, parts)

    def text(self) -> str:
        """A block per number between the names of both ends."""
        most = max([*self.values, 1])
        blocks = "".join(_BLOCKS[round((len(_BLOCKS) - 1) * value / most)] for value in self.values)
        return f"{self.first} {blocks} {self.last} (max {most})"


@dataclass(frozen=True)
class Row:
    """A value with its interval; `said` is how it is written."""

    name: str
    value: float
    low: float
    high: float
    said: str
    is_ours: bool


@dataclass(frozen=True)
class Intervals:
    """Values with their intervals on one axis from `low` to `high`; `middle` is drawn as a dashed line."""

    title: str
    rows: Sequence[Row]
    low: float
    high: float
    middle: float | None = None

    def svg(self) -> str:
        """A line and a dot per row: filled for the company, hollow for others."""
        row_height, name_height = 40, 14
        height = row_height * len(self.rows) + 12
        parts = []
        if self.middle is not None:
            x = self._x(self.middle)
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{height - 2}" stroke="{FADED}" stroke-dasharray="3 3"/>'
            )
        for place, row in enumerate(self.rows):
            y = place * row_height + name_height
            parts.append(_label(4, y, row.name, "start", is_bold=row.is_ours))
            parts.append(_label(WIDTH - 4, y, row.said, "end", is_bold=row.is_ours))
            y += 12
            low, high, x = self._x(row.low), self._x(row.high), self._x(row.value)
            colour = STRONG if row.is_ours else INK
            parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
            parts += [
                f'<line x1="{end:.1f}" x2="{end:.1f}" y1="{y - 4}" y2="{y + 4}" stroke="{colour}" stroke-width="2"/>'
                for end in (low, high)
            ]
            fill = colour if row.is_ours else "#ffffff"
            parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>')
        return _frame(self.title, height, parts)

    def text(self) -> str:
        """A line per row."""
        return "\n".join(f"{row.name}: {row.said}" for row in self.rows)

    def _x(self, value: float) -> float:
        span = self.high - self.low
        return 8 + (WIDTH - 16) * (min(max(value, self.low), self.high) - self.low) / span


def _label(x: float, y: float, text: str, anchor: str, *, is_bold: bool = False) -> str:
    weight = ' font-weight="bold"' if is_bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" {_FONT} fill="{INK}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'


def _frame(title: str, height: float, parts: Sequence[str]) -> str:
    name = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{name}</title>{''.join(parts)}</svg>"
    )
