"""What a file consists of: rows, and pieces that are none."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
"""Column names and values; from CSV all values are text."""


class UnreadableRow(str):
    """A row that does not have the form of its file: its longest piece, with the reason.

    Not the whole row, because which piece of it names the author cannot be told.
    """

    __slots__ = ("reason",)
    reason: str

    @classmethod
    def of(cls, reason: str, pieces: list[str]) -> UnreadableRow:
        """Make one of what could be read and why it is not a row."""
        row = cls(max(pieces, key=len, default=""))
        row.reason = reason
        return row
