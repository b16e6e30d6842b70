"""Search by meaning: cosine between the query's embedding and the published vectors, all of them looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from flows.search.words import CANDIDATES, those_that_pass
from models.search_vectors import cosines
from models.topic_space import TopicSpace

BATCH_SIZE = 100_000
_NAMES = """
select mention_id, cosine
from nearest
join search.vectors on search.vectors.rowid = nearest.place
"""


@dataclass(frozen=True)
class Vectors:
    """All published vectors: rows of `search.vectors` (int64 [n]), codes (int8 [n, directions]), and their space.

    128 bytes a mention; whoever searches often keeps them as long as the file stays published.
    """

    rows: np.ndarray
    codes: np.ndarray
    space: TopicSpace


def load_vectors(marts: duckdb.DuckDBPyConnection) -> Vectors | None:
    """Read all vectors; None when there are none, or too few mentions to tell directions."""
    found = marts.execute("select origin, basis from search.space where len(basis) > 0").fetchone()
    if found is None:
        return None
    space = TopicSpace(np.array(found[0]), np.array(found[1]))
    directions = len(space.basis)
    rows, codes = [np.empty(0, np.int64)], [np.empty((0, directions), np.int8)]
    for batch in marts.execute("select rowid, vector from search.vectors").to_arrow_reader(BATCH_SIZE):
        rows.append(np.asarray(batch.column(0)))
        codes.append(_matrix(batch.column(1), directions))
    return Vectors(np.concatenate(rows), np.concatenate(codes), space)


def by_meaning(
    marts: duckdb.DuckDBPyConnection,
    vectors: Vectors,
    embedding: np.ndarray,
    *,
    most: int,
    where: str | None,
    values: Mapping[str, Any],
) -> list[tuple[str, float]]:
    """The mentions nearest in meaning to an embedding of the model that the file was published with, best first.

    `where` is a condition over the mart `mentions`, None for all; `values` are its values. Returns at most `most` pairs
    of mention_id and cosine. All vectors are compared; the nearest are held against the condition, and all of them when
    too few pass.
    """
    point = vectors.space.project(embedding[None, :])[0]
    scores = np.concatenate(
        [
            cosines(vectors.codes[first : first + BATCH_SIZE], point)
            for first in range(0, len(vectors.codes), BATCH_SIZE)
        ]
        or [np.empty(0, np.float32)]
    )
    for depth in (most * CANDIDATES, len(scores)):
        best = np.argpartition(-scores, depth)[:depth] if depth < len(scores) else np.arange(len(scores))
        marts.register("nearest", pa.table({"place": vectors.rows[best], "cosine": scores[best]}))
        found = dict(marts.execute(_NAMES).fetchall())
        marts.unregister("nearest")
        passing = those_that_pass(marts, list(found), where, values)
        if len(passing) >= most or depth >= len(scores):
            break
    return sorted(((one, found[one]) for one in passing), key=lambda pair: (-pair[1], pair[0]))[:most]


def model_version(marts: duckdb.DuckDBPyConnection) -> str | None:
    """The model version whose embeddings the published vectors are; None when there are none."""
    found = marts.execute("select model_version from search.space").fetchone()
    return found[0] if found else None


def _matrix(column: Any, directions: int) -> np.ndarray:
    """Vectors as int8 [n, directions], without a copy."""
    _, offsets, data = column.buffers()
    first = np.frombuffer(offsets, np.int32)[column.offset]
    codes = np.frombuffer(data, np.int8, count=len(column) * directions, offset=int(first))
    return codes.reshape(len(column), directions)
