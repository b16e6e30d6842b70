"""Which text is in which topic: core.text_topics."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from flows.night import Night
from flows.topics.registry import Registry
from flows.topics.texts import TEXTS_PER_TOPIC


def write_assignments(
    warehouse: duckdb.DuckDBPyConnection,
    night: Night,
    registry: Registry,
    hashes: Sequence[str],
    topic_ids: Sequence[str | None],
    confidence: np.ndarray,
) -> None:
    """Write the topics of texts in place of those recorded before, inside the caller's transaction."""
    rows = pa.table(
        {
            "text_hash": pa.array(hashes, pa.string()),
            "model_version": pa.array([registry.model_version] * len(hashes), pa.string()),
            "topic_id": pa.array(topic_ids, pa.string()),
            "confidence_score": pa.array(confidence, pa.float64()),
            "assigned_at": pa.array([night.as_of] * len(hashes), pa.timestamp("us", "UTC")),
        }
    )
    warehouse.register("new_rows", rows)
    warehouse.execute("delete from core.text_topics where text_hash in (select text_hash from new_rows)")
    warehouse.execute("insert into core.text_topics by name select * from new_rows")
    warehouse.unregister("new_rows")


def recorded(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The topics of texts that still stand, `TEXTS_PER_TOPIC` originals of each topic at most."""
    return dict(
        warehouse.execute(
            """
            select text_hash, text_topics.topic_id
            from core.text_topics
            semi join (select text_hash from topic_texts where is_original) as originals using (text_hash)
            where topic_id is not null
            qualify row_number() over (partition by text_topics.topic_id order by text_hash) <= $most
            order by text_hash
            """,
            {"most": TEXTS_PER_TOPIC},
        ).fetchall()
    )
