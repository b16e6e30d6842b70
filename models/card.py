"""The card of the weights: what the files are, how to use them, and what was measured on validation data."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelError
from models.reading import HEAD_LABELS, NEEDED_HEADS

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
CARD_FILE = "card.json"
ENCODER_FILE = "encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"
_REMEDY = "restore models/weights from the repository, or retrain with: python -m models.training"


@dataclass(frozen=True)
class Card:
    """Settings and measured figures that belong to one set of weights.

    Attributes:
        folder: where the files lie.
        version: key of everything computed with these weights.
        prefix: put before every text.
        max_tokens: longest piece the encoder reads at once, special tokens included.
        dimension: length of an embedding.
        heads: names of the heads, all of them in ``HEAD_LABELS``.
        temperatures: head name to the number its logits are divided by.
        aspects: settings of the aspect matcher (threshold and margin of similarities).
        error_rates: language to 3x3 matrix, rows = true sentiment, columns = predicted.
    """

    folder: Path
    version: str
    prefix: str
    max_tokens: int
    dimension: int
    heads: tuple[str, ...]
    temperatures: dict[str, float]
    aspects: dict[str, float]
    error_rates: dict[str, np.ndarray]


def file_hash(path: Path) -> str:
    """SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked_files(folder: Path, files: dict[str, Any]) -> None:
    for name in (ENCODER_FILE, TOKENIZER_FILE):
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{path}: the file is missing; {_REMEDY}")
        expected, found = files[name]["sha256"], file_hash(path)
        if found != expected:
            raise ModelError(
                f"{path}: SHA-256 is {found}, {CARD_FILE} says {expected}: damaged or exchanged; {_REMEDY}"
            )


def load_card(folder: Path | None = None, *, check_files: bool = True) -> Card:
    """Read ``card.json`` of a weights folder (default: the embedded one) and check the files' hashes against it.

    Raises:
        ModelError: the card or a file is missing, unreadable or has another hash, or the labels differ from ours.
    """
    folder = WEIGHTS_FOLDER if folder is None else Path(folder)
    path = folder / CARD_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path}: the file is missing; {_REMEDY}") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); {_REMEDY}") from error
    try:
        labels = {name: list(known) for name, known in HEAD_LABELS.items() if name in {*raw["labels"], *NEEDED_HEADS}}
        if raw["labels"] != labels:
            raise ModelError(f"{path}: labels are {raw['labels']}, this program needs {labels}; {_REMEDY}")
        if check_files:
            _checked_files(folder, raw["files"])
        return Card(
            folder=folder,
            version=raw["version"],
            prefix=raw["prefix"],
            max_tokens=raw["max_tokens"],
            dimension=raw["dimension"],
            heads=tuple(raw["labels"]),
            temperatures=raw["temperatures"],
            aspects=raw["aspects"],
            error_rates={language: np.array(rates, float) for language, rates in raw["error_rates"].items()},
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: {error!r} is missing or of the wrong type; {_REMEDY}") from error
