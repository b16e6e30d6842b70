"""An adapted model: the embedded one with heads of a company's own, and the folder in which it is kept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from models.adapted_head import AdaptedHead, Evidence
from models.card import CARD_FILE, file_hash
from models.errors import ModelError
from models.reading import Reading, TextReader

HEADS_FILE = "heads.safetensors"
HEADS = ("sentiment", "intent")
_ADAPTED = "+adapted."
_REMEDY = "choose another with `marktecho models use`, or train again with `marktecho train`"


class AdaptedReader:
    """Reads as its base does, and lets the adapted heads have the last word; a ``TextReader``.

    Attributes:
        version: that of the base and of the heads; the key of stored enrichments.
        heads: the adapted heads by name.
    """

    def __init__(
        self,
        base: TextReader,
        heads: Mapping[str, AdaptedHead],
        version: str,
        error_rates: Mapping[str, np.ndarray] | None = None,
    ):
        """Put heads on a base; ``error_rates`` are those of an adapted sentiment head, by language."""
        self.base = base
        self.heads = dict(heads)
        self.version = version
        self.dimension = base.dimension
        self.aspect_settings = base.aspect_settings
        self.error_rates = error_rates or base.error_rates

    def read(self, texts: Sequence[str], *, with_clauses: bool = False) -> Reading:
        """Read texts; see ``Reader.read``. Clauses get their sentiment from the adapted head, too."""
        return self.adapt(texts, self.base.read(texts, with_clauses=with_clauses))

    def adapt(self, texts: Sequence[str], reading: Reading) -> Reading:
        """Let the adapted heads have the last word on what the base has read of these texts."""
        changed: dict[str, Any] = {}
        for name, head in self.heads.items():
            scored, evidence = evidence_of(name, texts, reading)
            probabilities = np.full_like(getattr(reading, name), np.nan)
            if len(scored):
                probabilities[scored] = head.probabilities(evidence)
            changed[name] = probabilities
        if "sentiment" in self.heads and any(reading.clauses):
            changed["clause_sentiment"] = self._clauses(texts, reading)
        return replace(reading, **changed)

    def _clauses(self, texts: Sequence[str], reading: Reading) -> list[np.ndarray]:
        rows = [row for row, clauses in enumerate(reading.clauses) for _ in clauses]
        evidence = Evidence(
            [
                text[clause.start : clause.end]
                for text, clauses in zip(texts, reading.clauses, strict=True)
                for clause in clauses
            ],
            np.concatenate(reading.clause_sentiment),
            reading.intent[rows],
            np.concatenate(reading.clause_embeddings),
        )
        ends = np.cumsum([len(clauses) for clauses in reading.clauses])[:-1]
        return np.split(self.heads["sentiment"].probabilities(evidence).astype(np.float32), ends)


def evidence_of(head: str, texts: Sequence[str], reading: Reading) -> tuple[np.ndarray, Evidence]:
    """The numbers of the scored texts of a reading, and what an adapted head of that name reads of them."""
    scored = np.flatnonzero([reason is None for reason in reading.not_scored])
    others = [getattr(reading, name)[scored] for name in HEADS if name != head]
    return scored, Evidence(
        [texts[row] for row in scored.tolist()],
        getattr(reading, head)[scored],
        np.hstack(others),
        reading.embeddings[scored],
    )


def adapted_version(base_version: str, heads: Mapping[str, AdaptedHead]) -> str:
    """The version of a model with these heads: the same weights have the same version."""
    return f"{base_version}{_ADAPTED}{hashlib.sha256(_packed(heads)).hexdigest()[:8]}"


def embedding_version(version: str) -> str:
    """The version of the weights that give a model its embeddings: adapted heads leave them as they are."""
    return version.partition(_ADAPTED)[0]


def save_adapted(folder: Path, reader: AdaptedReader, card: Mapping[str, Any]) -> None:
    """Write an adapted model: ``heads.safetensors`` and ``card.json`` with its hash.

    Args:
        folder: created if missing.
        reader: the model.
        card: further facts about it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEADS_FILE).write_bytes(_packed(reader.heads))
    whole = {
        "version": reader.version,
        "base": reader.base.version,
        "files": {HEADS_FILE: {"sha256": file_hash(folder / HEADS_FILE)}},
        "error_rates": {language: rates.tolist() for language, rates in reader.error_rates.items()},
        **card,
    }
    (folder / CARD_FILE).write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_adapted(folder: Path, base: TextReader) -> AdaptedReader:
    """Load an adapted model on to its base.

    Raises:
        ModelError: a file is missing, damaged or of another base.
    """
    card = read_adapted_card(folder)
    path = folder / HEADS_FILE
    try:
        if card["base"] != base.version:
            raise ModelError(
                f"{folder}: was adapted from {card['base']}, and this Marktecho reads with {base.version}; {_REMEDY}"
            )
        found = file_hash(path)
        if found != card["files"][HEADS_FILE]["sha256"]:
            raise ModelError(f"{path}: SHA-256 is {found}, not that of {CARD_FILE}: damaged or exchanged; {_REMEDY}")
        tensors = load_file(path)
        heads = {
            name: AdaptedHead.of_tensors(
                {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}
            )
            for name in card["heads"]
        }
        rates = {language: np.array(rates, float) for language, rates in card["error_rates"].items()}
        return AdaptedReader(base, heads, card["version"], rates)
    except (OSError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(f"{folder}: cannot be loaded ({error!r}); {_REMEDY}") from error


def read_adapted_card(folder: Path) -> dict[str, Any]:
    """The card of an adapted model; raises ModelError when it is missing or no JSON object."""
    path = folder / CARD_FILE
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); {_REMEDY}") from error
    if not isinstance(card, dict):
        raise ModelError(f"{path}: is no card of a model; {_REMEDY}")
    return card


def _packed(heads: Mapping[str, AdaptedHead]) -> bytes:
    return bytes(
        save({f"{name}.{key}": value for name, head in sorted(heads.items()) for key, value in head.tensors().items()})
    )
