"""`marktecho evaluate`: how good the model is on a labelled file, whose texts it reads as the night would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from flows import model_versions
from flows.errors import UsageError
from flows.files.reading import inspect
from flows.home import Home
from flows.labels import BATCH_SIZE, BY_NAME, Columns, read_labelled
from flows.model import load_model
from flows.night import reporter
from models.error_rates import measured
from models.evaluate import Figures, figures_of
from models.reading import INTENTS, SENTIMENTS, TextReader

LABELS: Final = {"sentiment": SENTIMENTS, "intent": INTENTS}
FEWEST_TEXTS: Final = 20
"""Languages with fewer texts are figured together: a share of five texts says nothing."""
OTHERS, UNKNOWN = "others", "unknown"


@dataclass(frozen=True)
class Evaluation:
    """Figures of a labelled file: over all texts, and per language (most texts first).

    `left_out` counts rows by why they were left out, `unscored_languages` the texts of languages in which the model
    could score none. `error_rates` are those of a sentiment head, see `models.error_rates`; empty for an intent head.
    """

    file: str
    model_version: str
    left_out: dict[str, int]
    overall: Figures
    languages: list[Figures]
    unscored_languages: dict[str, int]
    notes: list[str]
    error_rates: dict[str, list[list[float]]]

    def as_dict(self) -> dict[str, Any]:
        """The figures for scripts."""
        return asdict(self)


def evaluate(
    file: Path,
    *,
    task: str = "sentiment",
    columns: Columns = BY_NAME,
    labels: Iterable[str] = (),
    home: Home | None = None,
    model: str | None = None,
    reader: TextReader | None = None,
) -> Evaluation:
    """Compare the model's classes with the labels of a CSV, JSON Lines or Parquet file.

    `labels` are `old=new` pairs: what the file's labels are called here; `old=` leaves the rows of a label out. Rows
    without text or label, and unreadable ones, are left out and counted. The model is the one named `model`, else the
    one in use in the state folder, else the embedded one. Progress goes to the context's reporter. Raises UsageError
    for a wrong file, column, task or label, before the model is loaded.
    """
    if task not in LABELS:
        raise UsageError(f"--task {task}: must be one of {', '.join(LABELS)}.")
    known = LABELS[task]
    layout = inspect(file)
    found = read_labelled(layout, columns, known, labels)
    reader = reader or load_model(home, name=model)
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
        error_rates=_error_rates(true, probabilities, found.languages) if task == "sentiment" else {},
    )


def keep_error_rates(home: Home, found: Evaluation) -> None:
    """Let the nights correct net sentiment with the error rates of an evaluation."""
    rates = {language: np.array(one) for language, one in found.error_rates.items()}
    source = {"file": Path(found.file).name, "text_count": found.overall.text_count}
    model_versions.store_error_rates(home, found.model_version, rates, source)


def _error_rates(true: np.ndarray, probabilities: np.ndarray, languages: list[str]) -> dict[str, list[list[float]]]:
    scored = ~np.isnan(probabilities[:, 0])
    spoken = [language for language, is_scored in zip(languages, scored, strict=True) if is_scored]
    rates = measured(true[scored], probabilities[scored].argmax(1), spoken)
    return {language: one.round(6).tolist() for language, one in rates.items()}


def _probabilities(reader: TextReader, texts: list[str], task: str) -> np.ndarray:
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
