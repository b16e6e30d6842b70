"""Corrections as labels that `marktecho train` reads: the texts of posts, with what people said about them."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from flows.errors import UsageError
from flows.home import Home
from flows.queue.decide import wording_of
from flows.queue.entries import Ask
from flows.queue.store import LabelKind, reading

COLUMNS: Final = ("text", "label", "language", "mention_id", "previous", "corrected_at")


@dataclass(frozen=True)
class Written:
    """How many labels of which value were written, and how many left out because their text has changed or gone."""

    path: Path
    counts: Counter[str]
    stale_count: int


def write_labels(home: Home, ask: Ask, kind: LabelKind, path: Path) -> Written:
    """Write the corrections of a kind to a CSV or JSON Lines file, one row per post, the file swapped in when complete.

    A correction counts for the wording that the person read: when a post has been edited since, or is gone, it is left
    out and counted. Who corrected is not written. Raises UsageError for another format, or when there is nothing.
    """
    form = path.suffix.lower()
    if form not in (".csv", ".jsonl"):
        raise UsageError(f"--output {path}: write a .csv or a .jsonl file; marktecho train reads both.")
    with reading(home) as store:
        labels = store.labels(kind) if store else []
    if not labels:
        raise UsageError(f"Nobody has corrected a {kind} yet. `marktecho queue correct` and the page's queues do.")
    texts = {
        mention_id: (text, language)
        for mention_id, text, language in ask(
            "select mention_id, text, language from mentions where list_contains($ids, mention_id)",
            {"ids": [label.mention_id for label in labels]},
        )
    }
    rows = [
        (text, label.label, language, label.mention_id, label.previous, label.happened_at.isoformat())
        for label in labels
        for text, language in [texts.get(label.mention_id, (None, None))]
        if text is not None and wording_of(text) == label.wording
    ]
    if not rows:
        raise UsageError(f"All {len(labels):,} corrections of a {kind} are of posts that have been edited or are gone.")
    with _swapped_in(path) as file:
        if form == ".csv":
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        else:
            for row in rows:
                file.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False) + "\n")
    return Written(path, Counter(row[1] for row in rows), len(labels) - len(rows))


@contextmanager
def _swapped_in(path: Path) -> Iterator[IO[str]]:
    """A new file beside the path, readable by its owner only, that takes its place when the block ends well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise UsageError(f"--output {path}: cannot be written ({error.strerror}).") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
