"""Lines of a text file, none of them longer than what fits into memory: a small packed file can hold an endless one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

LONGEST_LINE: Final = 1 << 22
"""Characters."""


class LongLine(str):
    """The beginning of a line that is too long to be read."""

    __slots__ = ()


def bounded_lines(file: IO[str]) -> Iterator[str]:
    """Yield the lines of a file; of one with more than `LONGEST_LINE` characters its beginning, as a LongLine."""
    while line := file.readline(LONGEST_LINE):
        if len(line) < LONGEST_LINE or line.endswith("\n"):
            yield line
            continue
        beginning = LongLine(line[:1_000])
        while (line := file.readline(LONGEST_LINE)) and not line.endswith("\n"):
            pass
        yield beginning
