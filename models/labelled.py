"""Labelled texts from files: JSON Lines or CSV, gzipped or not, or a folder of ``<intent>.<language>.txt``."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.reading import EMOTIONS, INTENTS, IRONY, OFFENSIVE, SENTIMENTS

TASKS = {"sentiment": SENTIMENTS, "intent": INTENTS, "irony": IRONY, "offensive": OFFENSIVE, "emotion": EMOTIONS}
_OTHER_NAMES = {
    "non_irony": "literal",
    "irony": "ironic",
    "not-offensive": "inoffensive",
    "OTHER": "inoffensive",
    "OFFENSE": "offensive",
}


@dataclass(frozen=True)
class LabelledText:
    """A text with its true label, and language and source where the file gives them ("?" otherwise)."""

    text: str
    label: str
    language: str
    source: str


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if kind not in (".jsonl", ".ndjson", ".csv"):
        raise ModelError(
            f"{path}: unknown kind of file; give .jsonl or .csv, gzipped or not, or a folder of .txt files"
        )
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            if kind == ".csv":
                yield from enumerate(csv.DictReader(file), start=2)
                return
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield number, json.loads(line)
                    except ValueError as error:
                        raise ModelError(
                            f"{path}, line {number}: not JSON ({error}); put one object on a line"
                        ) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read ({error})") from error


def _intent_folder(folder: Path) -> list[LabelledText]:
    found = []
    for path in sorted(folder.glob("*.*.txt")):
        intent, language, _ = path.name.split(".")
        if intent not in INTENTS:
            raise ModelError(f"{path}: {intent!r} is no intent; use one of {', '.join(INTENTS)}")
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [LabelledText(line, intent, language, folder.name) for line in lines if line.strip()]
    return found


def read_labelled(path: Path) -> list[LabelledText]:
    """Read labelled texts.

    Args:
        path: a file with the fields ``text`` and ``label`` (and, if it likes, ``lang`` and ``source``), or a
            folder. The labels of TweetEval and GermEval 2018 are known by their own names, too.

    Raises:
        ModelError: names the file, the line and the field that is wrong, and what is allowed.
    """
    if path.is_dir():
        found = _intent_folder(path)
    else:
        found = []
        for number, record in _records(path):
            for field in ("text", "label"):
                if not isinstance(record.get(field), str):
                    raise ModelError(f"{path}, line {number}: the field {field!r} is missing or no text")
            label = _OTHER_NAMES.get(record["label"], record["label"])
            if not any(label in labels for labels in TASKS.values()):
                allowed = "; or ".join(f"{task}: {', '.join(labels)}" for task, labels in TASKS.items())
                raise ModelError(f"{path}, line {number}: label {label!r} is unknown; use {allowed}")
            name = path.name.split(".")[0]
            found.append(
                LabelledText(record["text"], label, str(record.get("lang") or "?"), str(record.get("source") or name))
            )
    if not found:
        raise ModelError(f"{path}: holds no labelled text")
    return found
