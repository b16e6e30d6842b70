"""Search by meaning: cosine between the query's embedding and the published vectors, all of them looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np

from models.search_vectors import cosines
from models.topic_space import TopicSpace

BATCH_SIZE = 100_000


def by_meaning(
    marts: duckdb.DuckDBPyConnection,
    embedding: np.ndarray,
    *,
    most: int,
    where: str | None,
    values: Mapping[str, Any],
) -> list[tuple[str, float]]:
    """The mentions nearest in meaning to an embedding of the model that the file was published with, best first.

    `where` is a condition over the mart `mentions`, None for all; `values` are its values. Returns at most `most` pairs
    of mention_id and cosine; none when there are too few mentions to tell directions.
    """
    space = _space(marts)
    if space is None:
        return []
    point = space.project(embedding[None, :])[0]
    wanted = f"semi join (select mention_id from mentions where {where}) using (mention_id)" if where else ""
    with marts.cursor() as cursor:
        cursor.execute("use marts")
        batches = cursor.execute(
            f"select vectors.rowid, vector from search.vectors {wanted}", dict(values)
        ).to_arrow_reader(BATCH_SIZE)
        rows, scores = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for batch in batches:
            found = cosines(_matrix(batch.column(1), len(point)), point)
            best = np.argsort(-found, kind="stable")[:most]
            rows.append(np.asarray(batch.column(0))[best])
            scores.append(found[best])
    row, score = np.concatenate(rows), np.concatenate(scores)
    best = np.argsort(-score, kind="stable")[:most]
    ids = dict(
        marts.execute(
            "select rowid, mention_id from search.vectors where rowid in (select unnest($rows))",
            {"rows": row[best].tolist()},
        ).fetchall()
    )
    pairs = [(ids[int(row[one])], float(score[one])) for one in best]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def model_version(marts: duckdb.DuckDBPyConnection) -> str | None:
    """The model version whose embeddings the published vectors are; None when there are none."""
    found = marts.execute("select model_version from search.space").fetchone()
    return found[0] if found else None


def _space(marts: duckdb.DuckDBPyConnection) -> TopicSpace | None:
    found = marts.execute("select origin, basis from search.space where len(basis) > 0").fetchone()
    return TopicSpace(np.array(found[0]), np.array(found[1])) if found else None


def _matrix(column: Any, directions: int) -> np.ndarray:
    """Vectors as int8 [n, directions], without a copy."""
    _, offsets, data = column.buffers()
    first = np.frombuffer(offsets, np.int32)[column.offset]
    codes = np.frombuffer(data, np.int8, count=len(column) * directions, offset=int(first))
    return codes.reshape(len(column), directions)
