"""A search over the published mentions: by words, by meaning, or both in one ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import duckdb
import numpy as np

from flows.errors import UsageError
from flows.search.extension import load_fts
from flows.search.meaning import Vectors, by_meaning, load_vectors, model_version
from flows.search.words import by_words
from models.adapted import embedding_version
from models.rank_fusion import fused
from models.reading import TextReader

FUSED_DEPTH = 100
COVERED_SHARE = 0.3
"""A mention that has less of the query's weight is found by its meaning or not at all: chosen in bench/SEARCH.md."""


class Mode(StrEnum):
    """What is compared."""

    BOTH = "both"
    WORDS = "words"
    MEANING = "meaning"


@dataclass(frozen=True)
class Hit:
    """A mention that was found, and by what: words, meaning or both. Scores compare hits of one search only."""

    mention_id: str
    score: float
    found_by: str


def has_index(marts: duckdb.DuckDBPyConnection) -> bool:
    """Whether the published file has what search needs: files published by earlier versions do not."""
    found = marts.execute(
        "select 1 from duckdb_tables() where (database_name, schema_name, table_name) = ('marts', 'search', 'space')"
    ).fetchone()
    return found is not None


def has_vectors_of(marts: duckdb.DuckDBPyConnection, reader: TextReader) -> bool:
    """Whether the published vectors come from this model's embeddings."""
    published = model_version(marts)
    return published is not None and embedding_version(published) == embedding_version(reader.version)


def search(
    marts: duckdb.DuckDBPyConnection,
    words: str,
    reader: TextReader | None,
    *,
    mode: Mode = Mode.BOTH,
    most: int = 10,
    where: str | None = None,
    values: Mapping[str, Any] | None = None,
    load: Callable[[duckdb.DuckDBPyConnection], Vectors | None] = load_vectors,
) -> list[Hit]:
    """Find mentions, best first, at most `most`.

    `reader` is the embedded model, which Mode.WORDS does without. `where` is a condition over the mart `mentions` and
    `values` are its values. `load` gives the published vectors, for those who keep
    them. Raises UsageError when the query has no words, when the file was published without an index, or when meanings
    are asked for alone and cannot be compared; with both, words then stand alone.
    """
    if not any(character.isalnum() for character in words):
        raise UsageError(f"{words!r}: there is no word in this search.")
    if not has_index(marts):
        raise UsageError(
            "The published file was written by an earlier version and cannot be searched yet. Run `marktecho publish`."
        )
    load_fts(marts)
    asked = dict(values or {})
    depth = max(most, FUSED_DEPTH)
    found = by_words(marts, words, most=depth, where=where, values=asked) if mode is not Mode.MEANING else []
    if mode is Mode.WORDS:
        return [Hit(match.mention_id, match.score, "words") for match in found[:most]]
    embedding = _embedding(marts, words, reader)
    vectors = None if embedding is None else load(marts)
    near = (
        []
        if embedding is None or vectors is None
        else by_meaning(marts, vectors, embedding, most=depth, where=where, values=asked)
    )
    if mode is Mode.MEANING:
        if embedding is None:
            raise UsageError(
                "Meanings cannot be compared: the published posts were read by another model, which the next night "
                f"makes good, or the model cannot read {words!r}. Search by words."
            )
        return [Hit(mention_id, score, "meaning") for mention_id, score in near[:most]]
    with_words = [match.mention_id for match in found if match.covered_share >= COVERED_SHARE or embedding is None]
    with_meaning = [mention_id for mention_id, _ in near]
    return [
        Hit(mention_id, score, _found_by(mention_id in set(with_words), mention_id in set(with_meaning)))
        for mention_id, score in fused([with_words, with_meaning])[:most]
    ]


def _found_by(words: bool, meaning: bool) -> str:
    if words and meaning:
        return "both"
    return "words" if words else "meaning"


def _embedding(marts: duckdb.DuckDBPyConnection, words: str, reader: TextReader | None) -> np.ndarray | None:
    if reader is None or not has_vectors_of(marts, reader):
        return None
    reading = reader.read([words])
    return reading.embeddings[0] if reading.not_scored[0] is None else None
