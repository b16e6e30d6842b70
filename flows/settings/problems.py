"""What is wrong with listening.yaml: every problem with its place and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.errors import UsageError

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the root."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to correct. Lines and columns count from 1; line 0 means the file as a whole."""

    line: int
    column: int
    field: str
    wrong: str
    remedy: str
    excerpt: str = ""

    def describe(self, file: str) -> str:
        """One message: file, line, column, field, what is wrong, what to do."""
        place = ":".join([file, *(str(number) for number in (self.line, self.column) if number)])
        field = f"{self.field}: " if self.field else ""
        message = f"{place}: {field}{self.wrong} {self.remedy}".rstrip()
        return f"{message}\n{self.excerpt}" if self.excerpt else message


class SettingsError(UsageError):
    """Settings that cannot be used. The message lists every problem in the order of the file.

    Attributes
    ----------
    file: the file as the user named it.
    problems: all that was found, by line.
    """

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems))
        messages = [problem.describe(file) for problem in self.problems]
        if len(messages) > 1:
            messages.insert(0, f"{file}: {len(messages)} problems.")
        super().__init__("\n".join(messages))
