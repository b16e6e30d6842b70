"""The step behind `marktecho score`: read, score and write a chunk at a time, so that memory stays flat."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.errors import UsageError
from flows.files.mapping import did_you_mean
from flows.files.reading import inspect
from flows.files.rows import UnreadableRow
from flows.home import Home
from flows.model import load_model
from flows.night import reporter
from flows.scoring.chunks import Chunk, chunks
from flows.scoring.columns import BATCH_SIZE, Columns, find_columns
from flows.scoring.output import check_output, writing
from flows.scoring.scorer import ADDED, Scorer
from flows.settings import Settings
from models.reading import TextReader

UNREADABLE_ROW, MISSING_TEXT, NOT_TEXT = "unreadable_row", "missing_text", "not_text"
KEPT_ERRORS = 20
_WORDS = {MISSING_TEXT: "there is no text", NOT_TEXT: "there is another kind of value"}


@dataclass(frozen=True)
class RowError:
    """A row that could not be read: its number (from 1) and what was wrong, with the line."""

    row: int
    message: str


@dataclass
class ScoreSummary:
    """What scoring a file did.

    `not_scored` counts rows by reason, `languages` by language (without those that have none). `errors` are the first
    rows that could not be read, `error_count` is how many there were. `notes` is what was assumed about the file.
    """

    output: str
    model_version: str
    row_count: int = 0
    scored_count: int = 0
    not_scored: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The summary for scripts; counts from most to least."""
        return vars(self) | {
            "not_scored": dict(self.not_scored.most_common()),
            "languages": dict(self.languages.most_common()),
            "errors": [vars(error) for error in self.errors],
        }

    def add(self, scores: pa.Table, errors: list[RowError]) -> None:
        """Count a chunk."""
        reasons = scores["not_scored_reason"].to_pylist()
        self.row_count += len(reasons)
        self.scored_count += reasons.count(None)
        self.not_scored.update(reason for reason in reasons if reason is not None)
        self.languages.update(language for language in scores["language"].to_pylist() if language is not None)
        self.error_count += len(errors)
        self.errors += errors[: KEPT_ERRORS - len(self.errors)]


def score(
    file: Path,
    output: Path,
    *,
    text_column: str = "text",
    settings: Settings | None = None,
    prefix: str = "",
    force: bool = False,
    home: Home | None = None,
    reader: TextReader | None = None,
) -> ScoreSummary:
    """Write `file` to `output`, row for row in order, with the columns of `flows.scoring.scorer.ADDED`.

    A row that cannot be read, or has no text, is written with its reason and without scores. `prefix` goes before the
    names of the added columns. Progress goes to the context's reporter. Raises UsageError, before anything is written,
    when input or output are not usable, and MarktechoError when the output cannot be written; then there is none.
    """
    layout = inspect(file)
    form, is_gzip = check_output(output, file, force=force)
    report = reporter.get()
    columns = find_columns(layout, lambda done: report("look through", done, None))
    names = [prefix + name for name in ADDED.names]
    _check_columns(file, columns, text_column, names)
    reader = reader or load_model(home)
    scorer = Scorer(reader, settings)
    summary = ScoreSummary(str(output), reader.version, notes=[layout.note] if layout.note else [])
    with writing(output, form, is_gzip, layout, columns.types) as writer:
        report("score", 0, columns.row_count)
        for chunk in chunks(layout, BATCH_SIZE):
            scores, errors = _score(chunk, scorer, text_column, summary.row_count + 1)
            writer.write(chunk, scores.rename_columns(names))
            summary.add(scores, errors)
            report("score", summary.row_count, columns.row_count)
    return summary


def _check_columns(file: Path, columns: Columns, text_column: str, added: list[str]) -> None:
    if text_column not in columns.names:
        raise UsageError(
            f"{file}: there is no column '{text_column}'.{did_you_mean(text_column, columns.names)} Name the column "
            f"of the text with --text-column. Columns: {', '.join(columns.names)}."
        )
    taken = [name for name in added if name in columns.types]
    if taken:
        raise UsageError(
            f"{file}: has columns that scoring would add: {', '.join(taken)}. Give the added ones other names, for "
            "example with --prefix marktecho_, or rename these."
        )


def _score(chunk: Chunk, scorer: Scorer, text_column: str, first_row: int) -> tuple[pa.Table, list[RowError]]:
    values = chunk.values(text_column)
    faults = [_fault(value) for value in values]
    scores = scorer.score(["" if fault else value for value, fault in zip(values, faults, strict=True)])
    if not any(faults):
        return scores, []
    found = scores["not_scored_reason"].to_pylist()
    reasons = [fault or reason for fault, reason in zip(faults, found, strict=True)]
    index = ADDED.get_field_index("not_scored_reason")
    scores = scores.set_column(index, ADDED.field(index), pa.array(reasons, pa.string()))
    errors = [
        RowError(
            row, value.reason if isinstance(value, UnreadableRow) else f"{place}{_WORDS[fault]} in '{text_column}'"
        )
        for row, (value, place, fault) in enumerate(zip(values, chunk.places, faults, strict=True), start=first_row)
        if fault
    ]
    return scores, errors


def _fault(value: Any) -> str | None:
    if isinstance(value, UnreadableRow):
        return UNREADABLE_ROW
    if isinstance(value, str):
        return None
    # a data frame writes a missing text as NaN
    return MISSING_TEXT if value is None or value != value else NOT_TEXT  # noqa: PLR0124
