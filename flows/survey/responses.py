"""Responses out of a CSV export, checked against the codebook; what the codebook does not name is dropped at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from flows.errors import UsageError
from flows.files.reading import batches, inspect
from flows.files.rows import Row, UnreadableRow
from flows.settings.wording import did_you_mean
from flows.survey.codebook import Answer, Codebook, Grouping, Question

YES: Final = frozenset({"y", "yes", "ja", "j", "1", "true", "x"})
NO: Final = frozenset({"", "n", "no", "nein", "0", "false"})
NOT_SHOWN: Final = "N/A"
BATCH: Final = 1_000
LARGEST_BAD_SHARE: Final = 0.2


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit the codebook: its line in the file, the column and the reason. No value: it may say who
    answered.
    """

    line: int
    column: str
    reason: str


@dataclass
class Responses:
    """What a file says.

    Attributes:
        groups: per grouping the group of each respondent, None where it was not said.
        answers: per question the answers that each respondent picked, None for one who was not asked or did not answer.
        bad: rows that do not fit the codebook.
        incomplete_count: responses that were not finished, or have no answer at all; they are not counted.
        completed: days (as in the file) of the first and the last finished response; None: the file does not say.
    """

    groups: dict[str, list[str | None]] = field(default_factory=dict)
    answers: dict[str, list[frozenset[str] | None]] = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    incomplete_count: int = 0
    completed: tuple[str, str] | None = None

    @property
    def count(self) -> int:
        """Finished responses that fit the codebook."""
        return len(next(iter(self.answers.values())))


def read_responses(path: Path, codebook: Codebook) -> Responses:
    """Read a CSV export of LimeSurvey (headings: question codes; answers as codes or in full) or another CSV file.

    Any delimiter, encoding and a byte order mark are understood. Raises UsageError when the file cannot be read, lacks
    columns of the codebook, has no finished response, or has more bad rows than a misunderstanding here and there.
    """
    layout = inspect(path)
    if layout.format != "csv":
        raise UsageError(f"{path}: is no CSV file. Export the responses as CSV, with question codes as headings.")
    reader = _Reader(codebook)
    for rows, lines in batches(layout, BATCH):
        for row, line in zip(rows, lines, strict=True):
            reader.take(path, row, line)
    found = reader.found
    read = found.count + len(found.bad)
    if not read:
        raise UsageError(
            f"{path}: has no finished response ({found.incomplete_count:,} unfinished). "
            f"The column '{codebook.completed_column}' says which are finished."
        )
    if len(found.bad) > LARGEST_BAD_SHARE * read:
        shown = "\n".join(f"- line {bad.line}, column {bad.column}: {bad.reason}" for bad in found.bad[:5])
        raise UsageError(
            f"{path}: {len(found.bad):,} of {read:,} finished responses do not fit the codebook; nothing was imported. "
            f"Correct the codebook or the export. The first of them:\n{shown}"
        )
    return found


class _Unfit(Exception):  # noqa: N818 - carries a reason to the row's record
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class _Reader:
    """Takes rows one by one."""

    def __init__(self, codebook: Codebook) -> None:
        self._codebook = codebook
        self._known: dict[str, dict[str, str]] = {}
        for name, grouping in codebook.groupings.items():
            self._known[name] = _written(grouping.answers)
        for question in codebook.questions:
            self._known[question.id] = _written(question.answers)
        self._lines: dict[str, int] = {}
        self._has_columns = False
        self.found = Responses(
            {name: [] for name in codebook.groupings}, {question.id: [] for question in codebook.questions}
        )

    def take(self, path: Path, row: Row | UnreadableRow, line: int) -> None:
        """Take a row: as a response, as a bad one, or as one that was not finished."""
        if isinstance(row, UnreadableRow):
            reason = row.reason.partition(": ")[2] or row.reason
            self.found.bad.append(BadRow(line, "row", reason))
            return
        if not self._has_columns:
            self._require_columns(path, row)
            self._has_columns = True
        values = {column: _plain(row[column]) for column in self._codebook.columns}
        day = _plain(row.get(self._codebook.completed_column))[:10]
        is_unfinished = self._codebook.completed_column in row and not day
        asked = [column for question in self._codebook.questions for column in question.columns]
        if is_unfinished or not any(values[column] for column in asked):
            self.found.incomplete_count += 1
            return
        try:
            self._require_new(row, line)
            groups = {name: self._group(name, one, values) for name, one in self._codebook.groupings.items()}
            answers = {question.id: self._answers(question, values) for question in self._codebook.questions}
        except _Unfit as unfit:
            self.found.bad.append(BadRow(line, unfit.column, unfit.reason))
            return
        for name, group in groups.items():
            self.found.groups[name].append(group)
        for question_id, picked in answers.items():
            self.found.answers[question_id].append(picked)
        if day:
            first, last = self.found.completed or (day, day)
            self.found.completed = min(first, day), max(last, day)

    def _require_columns(self, path: Path, row: Row) -> None:
        missing = [column for column in self._codebook.columns if column not in row]
        if missing:
            remedy = did_you_mean(missing[0], [name for name in row if len(name) < 60], "")
            raise UsageError(
                f"{path}: lacks columns of the codebook: {', '.join(missing)}. "
                f"{remedy or 'Export with question codes as headings, or correct the codebook.'}"
            )

    def _require_new(self, row: Row, line: int) -> None:
        number = _plain(row.get(self._codebook.id_column))
        if number:
            first = self._lines.setdefault(number, line)
            if first != line:
                raise _Unfit(self._codebook.id_column, f"the response stands already in line {first}")

    def _group(self, name: str, grouping: Grouping, values: dict[str, str]) -> str | None:
        group = self._answer(name, grouping.column, values[grouping.column])
        if group is None and grouping.is_weighted:
            raise _Unfit(grouping.column, "is empty, and the weighting needs it")
        return group

    def _answers(self, question: Question, values: dict[str, str]) -> frozenset[str] | None:
        if question.type != "multiple":
            answer = self._answer(question.id, question.column, values[question.column])
            return None if answer is None else frozenset([answer])
        picked = frozenset(answer.id for answer in question.answers if self._is_picked(question, answer, values))
        # without a single mark or No it cannot be told from a question that was not asked
        return picked if any(values[column] for column in question.columns) else None

    def _answer(self, name: str, column: str, value: str) -> str | None:
        if not value:
            return None
        answer = self._known[name].get(value.casefold())
        if answer is None:
            known = ", ".join(self._codes(name))
            raise _Unfit(column, f"is none of the codebook's answers ({known})")
        return answer

    def _is_picked(self, question: Question, answer: Answer, values: dict[str, str]) -> bool:
        column = question.column_of(answer)
        value = values[column].casefold()
        if value in YES or self._known[question.id].get(value) == answer.id:
            return True
        if value in NO:
            return False
        raise _Unfit(column, "is neither a mark (Y, Yes, Ja, 1) nor none (empty, N, No, Nein, 0)")

    def _codes(self, name: str) -> Iterator[str]:
        answers: Any = self._codebook.groupings.get(name)
        if answers is None:
            answers = next(question for question in self._codebook.questions if question.id == name)
        return (code for answer in answers.answers for code in answer.code)


def _plain(value: Any) -> str:
    """A cell without blanks around it; empty where LimeSurvey says that the question was not shown."""
    text = str(value or "").strip()
    return "" if text.upper() == NOT_SHOWN else text


def _written(answers: tuple[Answer, ...]) -> dict[str, str]:
    """Every way in which an answer may be written, folded, with its id; codes go before names."""
    written: dict[str, str] = {}
    for answer in answers:
        for name in (answer.name.de, answer.name.en):
            written.setdefault(name.casefold(), answer.id)
    return written | {code.casefold(): answer.id for answer in answers for code in answer.code}
