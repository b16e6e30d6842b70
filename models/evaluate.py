"""How good the model is on labelled files: ``python -m models.evaluate [FILE...]``.

Without files: the validation sets and ``evaluate_only/germeval2017_dev`` of ``../shared/data`` where they are, and our
own intent check set.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models import metrics
from models.errors import ModelError
from models.labelled import TASKS, LabelledText, read_labelled
from models.reader import Reader, load_reader

_DATA = Path("../shared/data")
_ALL = "all"
_DEFAULT_FILES = (
    _DATA / "sentiment" / "val.jsonl.gz",
    _DATA / "evaluate_only" / "germeval2017_dev.jsonl.gz",
    _DATA / "irony" / "val.jsonl.gz",
    _DATA / "offensive" / "val.jsonl.gz",
    _DATA / "emotion" / "val.jsonl.gz",
    Path(__file__).parent / "training" / "intents_check",
)


@dataclass(frozen=True)
class Figures:
    """Figures of one group of texts.

    Attributes:
        task: "sentiment", "intent", "irony", "offensive" or "emotion".
        file, language, source: the group; "all" where it is not split.
        text_count, not_scored_count: texts in the group, and those the model would not read (left out of the rest).
        macro_f1, macro_recall, accuracy: means over the classes that occur; accuracy is also micro-F1.
        calibration_error: expected calibration error in 15 bins.
        labels: class names in the order of the lists below.
        precision, recall, f1: per class; None for a class that does not occur.
        confusion: counts, rows = true class, columns = predicted.
        reliability: per bin of confidence the number of texts, mean confidence and accuracy.
    """

    task: str
    file: str
    language: str
    source: str
    text_count: int
    not_scored_count: int
    macro_f1: float
    macro_recall: float
    accuracy: float
    calibration_error: float
    labels: list[str]
    precision: list[float | None]
    recall: list[float | None]
    f1: list[float | None]
    confusion: list[list[int]]
    reliability: list[tuple[int, float, float]]


def _listed(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 4) for value in values]


def figures_of(
    true: np.ndarray, probabilities: np.ndarray, labels: Sequence[str], task: str, group: tuple[str, str, str]
) -> Figures | None:
    """Figures of one group of texts, or None when none of them was scored.

    Args:
        true: class numbers [n].
        probabilities: [n, classes]; NaN where the model would not read a text.
        labels: names of the classes.
        task: the head.
        group: file, language and source to report.
    """
    scored = ~np.isnan(probabilities[:, 0])
    if not scored.any():
        return None
    true_scored, probable = true[scored], probabilities[scored]
    counts = metrics.confusion(true_scored, probable.argmax(1), len(labels))
    f1, recall = metrics.f1_scores(counts), metrics.recalls(counts)
    return Figures(
        task,
        *group,
        text_count=len(true),
        not_scored_count=int((~scored).sum()),
        macro_f1=round(metrics.macro(f1, counts), 4),
        macro_recall=round(metrics.macro(recall, counts), 4),
        accuracy=round(float(counts.trace() / counts.sum()), 4),
        calibration_error=round(metrics.expected_calibration_error(true_scored, probable), 4),
        labels=list(labels),
        precision=_listed(metrics.precisions(counts)),
        recall=_listed(recall),
        f1=_listed(f1),
        confusion=counts.tolist(),
        reliability=[
            (count, round(confidence, 4), round(correct, 4))
            for count, confidence, correct in metrics.reliability(true_scored, probable)
        ],
    )


def evaluate(reader: Reader, texts: Sequence[LabelledText], file: str) -> list[Figures]:
    """Figures of a labelled set: per language and source, per language, and for the whole set.

    Args:
        reader: the model.
        texts: all labelled for the same head.
        file: the name to report.

    Raises:
        ModelError: labels of several heads are mixed, or the model has no such head.
    """
    used = {text.label for text in texts}
    task = next((task for task, labels in TASKS.items() if used <= set(labels)), None)
    if task is None:
        raise ModelError(f"{file}: mixes labels of several heads ({', '.join(sorted(used))}); give one file for each")
    labels = TASKS[task]
    probabilities = getattr(reader.read([text.text for text in texts]), task)
    if probabilities is None:
        raise ModelError(f"{file}: is labelled with {task}, for which the model has no head")
    true = np.array([labels.index(text.label) for text in texts])
    languages = sorted({text.language for text in texts})
    groups = sorted({(text.language, text.source) for text in texts})
    groups += [(name, _ALL) for name in languages if sum(language == name for language, _ in groups) > 1]
    groups += [(_ALL, _ALL)] if len(languages) > 1 else []
    found = []
    for language, source in groups:
        members = np.array([language in (text.language, _ALL) and source in (text.source, _ALL) for text in texts])
        found.append(figures_of(true[members], probabilities[members], labels, task, (file, language, source)))
    return [figures for figures in found if figures is not None]


def _table(task: str, rows: Sequence[Figures]) -> Table:
    table = Table(title=task, title_justify="left")
    for name in ("file", "language", "source", "texts", "not scored", "macro-F1", "macro-recall", "accuracy", "ECE"):
        table.add_column(name, justify="left" if name in ("file", "language", "source") else "right")
    table.add_column("lowest F1" if task == "intent" else "F1 per class")
    for row in rows:
        per_class = zip(row.labels, row.f1, strict=True)
        known = sorted((value, name) for name, value in per_class if value is not None)
        shown = " ".join(f"{name[:3]} {value:.2f}" for value, name in known) if len(known) < 5 else ""
        shown = shown or ", ".join(f"{name} {value:.2f}" for value, name in known[:2])
        figures = (row.macro_f1, row.macro_recall, row.accuracy, row.calibration_error)
        counts = (str(row.text_count), str(row.not_scored_count))
        table.add_row(row.file, row.language, row.source, *counts, *(f"{value:.3f}" for value in figures), shown)
    return table


def main(
    files: Annotated[list[Path] | None, typer.Argument(help="Labelled files (text, label) or folders.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights folder; default: the embedded model.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every figure as JSON, confusion matrices included.")] = False,
) -> None:
    """Report macro-F1, recall, calibration and confusion per language and source."""
    chosen = files or [path for path in _DEFAULT_FILES if path.exists()]
    console = Console()
    try:
        reader = load_reader(weights)
        found = [figures for path in chosen for figures in evaluate(reader, read_labelled(path), path.name)]
    except ModelError as error:
        Console(stderr=True).print(f"[red]error[/red] {error}", highlight=False)
        raise typer.Exit(2) from error
    if as_json:
        console.print_json(json.dumps({"version": reader.version, "figures": [asdict(row) for row in found]}))
        return
    console.print(f"model {reader.version}", highlight=False)
    for task in TASKS:
        rows = [row for row in found if row.task == task]
        if rows:
            console.print(_table(task, rows))


if __name__ == "__main__":
    typer.run(main)
