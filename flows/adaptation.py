"""`marktecho train`: a head adapted to a company's own labels, taken into use only when it is better.

One text in five is held back, chosen by its hash: the same texts in every training, so that no model is ever judged on
texts that it, or the model it is compared with, has learnt from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from flows import model_versions
from flows.errors import UsageError
from flows.evaluation import LABELS
from flows.files.reading import inspect
from flows.home import Home
from flows.labels import BATCH_SIZE, BY_NAME, Columns, Labelled, counted, read_labelled
from flows.model import load_model
from flows.night import reporter
from models.adaptation import FOLDS, fit_head
from models.adapted import AdaptedReader, adapted_version, evidence_of, read_adapted_card, save_adapted
from models.adapted_head import Evidence
from models.card import file_hash
from models.error_rates import measured
from models.evaluate import Figures, figures_of
from models.normal_form import normal_text
from models.reading import TextReader

HELD_BACK_ONE_IN: Final = 5
FEWEST_TO_LEARN: Final = 15
FEWEST_HELD_BACK: Final = 3
Outcome = Literal["better", "not_better", "same"]


@dataclass(frozen=True)
class Training:
    """What a training has found.

    Attributes:
        outcome: "better": the new model is in use; "not_better": it has been dropped; "same": the model in use has
            learnt from these very labels.
        model: the name of the model in use afterwards.
        before, after: figures of the model in use before and of the new one, on the same held-back texts.
        train_counts, held_back_counts: texts by label.
        left_out: rows that were not used, by reason.
    """

    file: str
    head: str
    model: str
    model_version: str
    outcome: Outcome
    before: Figures
    after: Figures
    train_counts: dict[str, int]
    held_back_counts: dict[str, int]
    left_out: dict[str, int]
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The figures for scripts."""
        return asdict(self)


@dataclass(frozen=True)
class _Split:
    """Labelled texts: class numbers, language, which are held back, and the fold of the others."""

    texts: list[str]
    classes: np.ndarray
    languages: list[str]
    is_held_back: np.ndarray
    folds: np.ndarray

    def rows(self, chosen: np.ndarray) -> _Split:
        return _Split(
            [self.texts[row] for row in chosen],
            self.classes[chosen],
            [self.languages[row] for row in chosen],
            self.is_held_back[chosen],
            self.folds[chosen],
        )


def train(
    file: Path,
    home: Home,
    *,
    head: str = "sentiment",
    columns: Columns = BY_NAME,
    labels: Iterable[str] = (),
) -> Training:
    """Adapt a head to the labels of a CSV, JSON Lines or Parquet file.

    The new model joins the adapted head with the other heads of the model in use. It is written and used from now on
    when the mean of macro-F1 and micro-F1 on the held-back texts is higher than that of the model in use; otherwise
    nothing is written. Progress goes to the context's reporter. Raises UsageError for a wrong file, column, label or
    head, or too few labels, before anything is learnt.
    """
    if head not in LABELS:
        raise UsageError(f"--head {head}: must be one of {', '.join(LABELS)}.")
    known = LABELS[head]
    layout = inspect(file)
    found = read_labelled(layout, columns, known, labels)
    split = _split(found, file, known)
    reader = load_model(home)
    adapted = reader if isinstance(reader, AdaptedReader) else AdaptedReader(reader, {}, reader.version)
    scored, evidence = _read(adapted.base, head, split.texts)
    if dropped := len(split.texts) - len(scored):
        found.left_out["not scored"] += dropped
    split = split.rows(scored)
    _check_counts(split, file, known)
    learnt = ~split.is_held_back
    held_back = evidence.rows(split.is_held_back)
    report = reporter.get()
    report("fit", 0, 1)
    fit = fit_head(evidence.rows(learnt), split.classes[learnt], split.folds[learnt])
    report("fit", 1, 1)
    unseen = np.empty_like(evidence.own, dtype=np.float64)
    unseen[learnt], unseen[~learnt] = fit.unseen, fit.head.probabilities(held_back)
    heads = {**adapted.heads, head: fit.head}
    rates = measured(split.classes, unseen.argmax(1), split.languages) if head == "sentiment" else adapted.error_rates
    new = AdaptedReader(adapted.base, heads, adapted_version(adapted.base.version, heads), rates)
    present = adapted.heads[head].probabilities(held_back) if head in adapted.heads else held_back.own
    true = split.classes[split.is_held_back]
    before, after = (_figures(true, one, head, file) for one in (present, unseen[~learnt]))
    is_better = _goodness(after) > _goodness(before)
    training = Training(
        file=str(file),
        head=head,
        model=new.version.rpartition("+")[2].replace(".", "-") if is_better else model_versions.name_in_use(home),
        model_version=new.version if is_better else reader.version,
        outcome="better" if is_better else "same" if new.version == reader.version else "not_better",
        before=before,
        after=after,
        train_counts=_counts(split.classes[learnt], known),
        held_back_counts=_counts(split.classes[~learnt], known),
        left_out=dict(found.left_out.most_common()),
        notes=[layout.note] if layout.note else [],
    )
    if is_better:
        _keep(home, training, new, reader, {"prior": fit.prior, "file_sha256": file_hash(file)})
    return training


def is_held_back(text: str) -> bool:
    """Whether a text, as the night would read it, is judged on and never learnt from."""
    return _number(_key(text)) % HELD_BACK_ONE_IN == 0


def _key(text: str) -> str:
    return normal_text(text).casefold()


def _number(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16)


def _split(found: Labelled, file: Path, known: tuple[str, ...]) -> _Split:
    """Leave out texts with contradictory labels and repetitions, and hold back one in five."""
    labels: dict[str, set[int]] = {}
    keys = [_key(text) for text in found.texts]
    for key, label in zip(keys, found.classes, strict=True):
        labels.setdefault(key, set()).add(label)
    chosen, seen = [], set()
    for row, key in enumerate(keys):
        if len(labels[key]) > 1:
            found.left_out["text with several labels"] += 1
        elif key in seen:
            found.left_out["repeated text"] += 1
        else:
            chosen.append(row)
            seen.add(key)
    numbers = np.array([_number(keys[row]) for row in chosen], np.int64)
    split = _Split(
        texts=[found.texts[row] for row in chosen],
        classes=np.array([found.classes[row] for row in chosen], np.int64),
        languages=[found.languages[row] for row in chosen],
        is_held_back=numbers % HELD_BACK_ONE_IN == 0,
        folds=numbers // HELD_BACK_ONE_IN % FOLDS,
    )
    _check_counts(split, file, known)
    return split


def _check_counts(split: _Split, file: Path, known: tuple[str, ...]) -> None:
    learnt = _counts(split.classes[~split.is_held_back], known)
    held_back = _counts(split.classes[split.is_held_back], known)
    few = [name for name in known if learnt[name] < FEWEST_TO_LEARN or held_back[name] < FEWEST_HELD_BACK]
    if few:
        counts = Counter({name: learnt[name] + held_back[name] for name in known})
        raise UsageError(
            f"{file}: too few different texts with the label {' and '.join(repr(name) for name in few)}. Of each label "
            f"{FEWEST_TO_LEARN} are needed to learn from and {FEWEST_HELD_BACK} to judge with (one text in "
            f"{HELD_BACK_ONE_IN} is held back), so 30 or more. The file has {counted(counts)}. Label more, for "
            "example rows of a file from `marktecho score`, corrected."
        )


def _counts(classes: np.ndarray, known: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(known, np.bincount(classes, minlength=len(known)).tolist(), strict=True))


def _read(reader: TextReader, head: str, texts: list[str]) -> tuple[np.ndarray, Evidence]:
    """The numbers of the texts that the model can read, and what a head learns from."""
    report = reporter.get()
    numbers, parts = [], []
    report("read", 0, len(texts))
    for start in range(0, len(texts), BATCH_SIZE):
        batch = texts[start : start + BATCH_SIZE]
        scored, evidence = evidence_of(head, batch, reader.read(batch))
        numbers.append(scored + start)
        parts.append(evidence)
        report("read", start + len(batch), len(texts))
    return np.concatenate(numbers), Evidence.joined(parts)


def _figures(true: np.ndarray, probabilities: np.ndarray, head: str, file: Path) -> Figures:
    figures = figures_of(true, probabilities, LABELS[head], head, (file.name, "all", "all"))
    if figures is None:
        raise UsageError(f"{file}: the model could score none of the held-back texts.")
    return figures


def _goodness(figures: Figures) -> float:
    return figures.macro_f1 + figures.accuracy


def _keep(home: Home, training: Training, new: AdaptedReader, reader: TextReader, facts: dict[str, Any]) -> None:
    heads: dict[str, Any] = {}
    if isinstance(reader, AdaptedReader):
        heads |= read_adapted_card(home.models / model_versions.name_in_use(home))["heads"]
    heads[training.head] = {
        "labels": list(LABELS[training.head]),
        "file": Path(training.file).name,
        "train_counts": training.train_counts,
        "held_back_counts": training.held_back_counts,
        "before": {"version": reader.version, **_scores(training.before)},
        "after": _scores(training.after),
        **facts,
    }
    card = {"name": training.model, "created_at": datetime.now(UTC).isoformat(timespec="seconds"), "heads": heads}
    save_adapted(home.models / training.model, new, card)
    model_versions.use(home, training.model)


def _scores(figures: Figures) -> dict[str, float]:
    return {
        "macro_f1": figures.macro_f1,
        "micro_f1": figures.accuracy,
        "macro_recall": figures.macro_recall,
        "calibration_error": figures.calibration_error,
    }
