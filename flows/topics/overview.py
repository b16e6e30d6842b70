"""The topics of the warehouse at a glance."""

from __future__ import annotations

from typing import Any

from flows.home import Home
from flows.warehouse import connect, exclusive


def overview(home: Home) -> list[dict[str, Any]]:
    """Topics alive, the largest first: id, labels, keywords, number of texts, topics with nearly the same name."""
    with exclusive(home), connect(home) as warehouse:
        found = warehouse.execute(
            """
            with sizes as (
                select topic_id, count(*) as text_count
                from core.text_topics
                group by all
            )
            select
                topic_id, label_de, label_en, keywords, coalesce(text_count, 0) as text_count, similar_topic_ids,
                is_named
            from core.topics
            left join sizes using (topic_id)
            where retired_at is null
            order by text_count desc, topic_id
            """
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
