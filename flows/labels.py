"""Labelled files of a company: which texts have which label, and what is wrong with the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from flows.errors import UsageError
from flows.files.mapping import did_you_mean, value_of
from flows.files.reading import Layout, batches, sample
from flows.files.reading import columns as columns_of
from flows.files.rows import UnreadableRow
from flows.landing.clean import as_landed
from models.language import detect

BATCH_SIZE: Final = 2_048


@dataclass(frozen=True)
class Columns:
    """Where a labelled file has what; without a language column the language is detected."""

    text: str = "text"
    label: str = "label"
    language: str | None = None


BY_NAME: Final = Columns()
"""Text and label stand in columns of these names."""


@dataclass
class Labelled:
    """The texts of a file that have a label, as the night would read them.

    Texts, class numbers, languages, lines (Parquet: row numbers); and how many rows were left out, why.
    """

    texts: list[str] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_labelled(layout: Layout, columns: Columns, known: tuple[str, ...], labels: Iterable[str] = ()) -> Labelled:
    """Read the texts of a file with their labels.

    `known` are the labels of the head; `labels` are `old=new` pairs: what the file's labels are called here, `old=`
    leaves the rows of a label out. Rows without text or label, and unreadable ones, are left out and counted. Raises
    UsageError for a wrong column or label, naming file, line and what is allowed, and when no text is left.
    """
    _check_columns(layout, columns)
    renamed = _renamed(labels, known)
    found = Labelled()
    used: set[str] = set()
    unknown: Counter[str] = Counter()
    first_lines: dict[str, int] = {}
    for rows, numbers in batches(layout, BATCH_SIZE):
        for row, number in zip(rows, numbers, strict=True):
            if isinstance(row, UnreadableRow):
                found.left_out["unreadable row"] += 1
                continue
            text, given = value_of(row, columns.text), value_of(row, columns.label)
            label = "" if given is None or given != given else str(given).strip()  # noqa: PLR0124 - NaN is no label
            used.add(label)
            name = renamed.get(label, label)
            if not isinstance(text, str) or not text.strip():
                found.left_out["no text"] += 1
            elif not label:
                found.left_out["no label"] += 1
            elif not name:
                found.left_out[f"label {label}"] += 1
            elif name not in known:
                unknown[label] += 1
                first_lines.setdefault(label, number)
            else:
                found.texts.append(as_landed(text))
                found.classes.append(known.index(name))
                found.languages.append(str((columns.language and value_of(row, columns.language)) or ""))
                found.lines.append(number)
    if unknown:
        first, line = next(iter(first_lines.items()))
        raise UsageError(
            f"{layout.path}, {'row' if layout.format == 'parquet' else 'line'} {line}: '{first}' in column "
            f"'{columns.label}' is no label.{did_you_mean(first, known)} Unknown labels: {counted(unknown)}. Labels "
            f"are {', '.join(known)}; say what others mean with --label old=new, or leave their rows out with "
            "--label old="
        )
    unused = sorted(set(renamed) - used)
    if unused:
        raise UsageError(
            f"--label {unused[0]}={renamed[unused[0]]}: there is no label '{unused[0]}' in {layout.path}."
            f"{did_you_mean(unused[0], used)} Labels there: {', '.join(sorted(used))}."
        )
    if not found.texts:
        raise UsageError(f"{layout.path}: there is no text with a label. Left out: {counted(found.left_out)}.")
    if columns.language is None:
        found.languages = [language or "" for language in detect(found.texts)[0]]
    return found


def counted(counts: Counter[str]) -> str:
    """Counts as a person reads them, from most to least: `good (3), bad (2)`."""
    shown = [f"{name} ({count:,})" for name, count in counts.most_common(20)]
    return ", ".join(shown) + (f" and {len(counts) - 20} more" if len(counts) > 20 else "")


def _check_columns(layout: Layout, columns: Columns) -> None:
    known = columns_of(sample(layout))
    for option, column in (("text", columns.text), ("label", columns.label), ("language", columns.language)):
        if column is not None and column not in known:
            raise UsageError(
                f"{layout.path}: there is no column '{column}'.{did_you_mean(column, known)} Name the column with "
                f"--{option}-column. Columns: {', '.join(known)}."
            )


def _renamed(assignments: Iterable[str], known: tuple[str, ...]) -> dict[str, str]:
    renamed: dict[str, str] = {}
    for assignment in assignments:
        old, separator, new = (part.strip() for part in assignment.rpartition("="))
        if not separator or not old:
            raise UsageError(f"--label {assignment}: write it as old=new, for example --label pos=positive.")
        if new and new not in known:
            raise UsageError(
                f"--label {assignment}: '{new}' is no label of the model.{did_you_mean(new, known)} Labels: "
                f"{', '.join(known)}; nothing behind the = leaves the rows out."
            )
        if renamed.get(old, new) != new:
            raise UsageError(f"--label {assignment}: '{old}' is renamed twice. Name one label for it.")
        renamed[old] = new
    return renamed
