"""`marktecho evaluate`: how good the model is on a labelled file, whose texts it reads as the night would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from flows.errors import UsageError
from flows.files.mapping import did_you_mean, value_of
from flows.files.reading import Layout, batches, inspect, sample
from flows.files.reading import columns as columns_of
from flows.files.rows import UnreadableRow
from flows.landing.clean import as_landed
from flows.model import load_model
from flows.night import reporter
from models.evaluate import Figures, figures_of
from models.language import detect
from models.reader import Reader
from models.reading import INTENTS, SENTIMENTS

BATCH_SIZE: Final = 2_048
LABELS: Final = {"sentiment": SENTIMENTS, "intent": INTENTS}
FEWEST_TEXTS: Final = 20
"""Languages with fewer texts are figured together: a share of five texts says nothing."""
OTHERS, UNKNOWN = "others", "unknown"


@dataclass(frozen=True)
class Columns:
    """Where a labelled file has what; without a language column the language is detected."""

    text: str = "text"
    label: str = "label"
    language: str | None = None


@dataclass
class Labelled:
    """The texts of a file that have a label: texts, class numbers, languages; and how many rows were left out, why."""

    texts: list[str] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Evaluation:
    """Figures of a labelled file: over all texts, and per language (most texts first).

    `left_out` counts rows by why they were left out, `unscored_languages` the texts of languages in which the model
    could score none.
    """

    file: str
    model_version: str
    left_out: dict[str, int]
    overall: Figures
    languages: list[Figures]
    unscored_languages: dict[str, int]
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The figures for scripts."""
        return asdict(self)


def evaluate(
    file: Path,
    *,
    task: str = "sentiment",
    columns: Columns = Columns(),
    labels: Iterable[str] = (),
    reader: Reader | None = None,
) -> Evaluation:
    """Compare the model's classes with the labels of a CSV, JSON Lines or Parquet file.

    `labels` are `old=new` pairs: what the file's labels are called here; `old=` leaves the rows of a label out. Rows
    without text or label, and unreadable ones, are left out and counted. Progress goes to the context's reporter.
    Raises UsageError for a wrong file, column, task or label, before the model is loaded.
    """
    if task not in LABELS:
        raise UsageError(f"--task {task}: must be one of {', '.join(LABELS)}.")
    known = LABELS[task]
    layout = inspect(file)
    _check_columns(layout, columns)
    found = _read(layout, columns, known, _renamed(labels, known))
    if not found.texts:
        raise UsageError(f"{file}: there is no text with a label. Left out: {_counted(found.left_out)}.")
    reader = reader or load_model()
    probabilities = _probabilities(reader, found.texts, task)
    true = np.array(found.classes)
    overall = figures_of(true, probabilities, known, task, (file.name, "all", "all"))
    if overall is None:
        raise UsageError(f"{file}: the model could score none of the texts (no words, or other scripts).")
    languages = np.array(_pooled(found.languages))
    counts = Counter(languages.tolist())
    per_language = {
        language: figures_of(
            true[languages == language], probabilities[languages == language], known, task, (file.name, language, "all")
        )
        for language, _ in counts.most_common()
    }
    return Evaluation(
        file=str(file),
        model_version=reader.version,
        left_out=dict(found.left_out.most_common()),
        overall=overall,
        languages=[figures for figures in per_language.values() if figures is not None],
        unscored_languages={name: counts[name] for name, figures in per_language.items() if figures is None},
        notes=[layout.note] if layout.note else [],
    )


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


def _read(layout: Layout, columns: Columns, known: tuple[str, ...], renamed: dict[str, str]) -> Labelled:
    found = Labelled()
    used: set[str] = set()
    unknown: Counter[str] = Counter()
    for rows, _ in batches(layout, BATCH_SIZE):
        for row in rows:
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
            else:
                found.texts.append(as_landed(text))
                found.classes.append(known.index(name))
                found.languages.append(str((columns.language and value_of(row, columns.language)) or ""))
    if unknown:
        raise UsageError(
            f"{layout.path}: column '{columns.label}' has unknown labels: {_counted(unknown)}. Labels are "
            f"{', '.join(known)}; say what others mean with --label old=new, or leave their rows out with --label old="
        )
    unused = sorted(set(renamed) - used)
    if unused:
        raise UsageError(
            f"--label {unused[0]}={renamed[unused[0]]}: there is no label '{unused[0]}' in {layout.path}."
            f"{did_you_mean(unused[0], used)} Labels there: {', '.join(sorted(used))}."
        )
    if columns.language is None:
        found.languages = [language or "" for language in detect(found.texts)[0]]
    return found


def _counted(counts: Counter[str]) -> str:
    shown = [f"{name} ({count:,})" for name, count in counts.most_common(20)]
    return ", ".join(shown) + (f" and {len(counts) - 20} more" if len(counts) > 20 else "")


def _probabilities(reader: Reader, texts: list[str], task: str) -> np.ndarray:
    report = reporter.get()
    parts = []
    report("evaluate", 0, len(texts))
    for start in range(0, len(texts), BATCH_SIZE):
        reading = reader.read(texts[start : start + BATCH_SIZE])
        parts.append(reading.sentiment if task == "sentiment" else reading.intent)
        report("evaluate", min(start + BATCH_SIZE, len(texts)), len(texts))
    return np.concatenate(parts)


def _pooled(languages: list[str]) -> list[str]:
    counts = Counter(languages)
    return [(one or UNKNOWN) if counts[one] >= FEWEST_TEXTS else OTHERS for one in languages]
