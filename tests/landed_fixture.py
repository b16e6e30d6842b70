"""Landing tables written by hand, for tests of what comes after landing.

land(home, post("1", "Acme ist toll"), post("2", "Hallo", author="anna"))
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from flows.home import Home
from flows.landing.mention import MENTIONS, TOMBSTONES, content_hash, mention_id
from flows.night import Night
from flows.settings import parse_settings
from flows.warehouse import connect

PUBLISHED = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
COLLECTED = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
AS_OF = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)

NEWS = (
    "Acme eröffnet im Frühjahr ein neues Verteilzentrum am Stadtrand und schafft dort nach eigenen Angaben mehr als "
    "zweihundert Arbeitsplätze für die ganze Region"
)
CORE_TABLES = (
    "mentions", "mention_entities", "sentiment_overrides", "copies", "spam", "prepared", "entities", "aspects",
    "routing_rules", "routing_queries", "routing_matches", "text_features", "signatures", "similar_texts", "tombstones",
)  # fmt: skip


SETTINGS = """
company: {id: acme, name: Acme, query: "acme OR @acme_help"}
competitors:
  - {id: rival, name: Rival, query: "rival NOT source:blog"}
products:
  - {id: gadget, name: Gadget, query: "gadget* AND lang:de"}
rules:
  - {id: war-zone, query: '"war zone"', sentiment: neutral}
  - {id: love, query: "love OR liebe", sentiment: positive}
"""


def post(
    native_id: str, text: str, *, source: str = "forum", author: str | None = None, **fields: Any
) -> dict[str, Any]:
    """A row of landing.mentions; `author` stands for the author's key."""
    row: dict[str, Any] = dict.fromkeys(MENTIONS.names)
    row |= {
        "mention_id": mention_id(source, native_id),
        "source": source,
        "native_id": native_id,
        "author_key": author,
        "author_kind": "unknown",
        "text": text,
        "published_at": PUBLISHED,
        "collected_at": COLLECTED,
        "run_id": "run-1",
    }
    row |= fields
    return row | {"content_hash": content_hash(row)}


def land(home: Home, *posts: dict[str, Any]) -> None:
    """Write rows as landing would: the row of a known post is replaced when its content differs."""
    with connect(home) as warehouse:
        warehouse.register("delivered", pa.Table.from_pylist(list(posts), MENTIONS))
        warehouse.execute(
            "delete from landing.mentions where (mention_id, content_hash) not in (select (mention_id, content_hash) "
            "from delivered) and mention_id in (select mention_id from delivered)"
        )
        warehouse.execute(
            "insert into landing.mentions by name select * from delivered anti join landing.mentions using (mention_id)"
        )


def bury(home: Home, *native_ids: str, source: str = "forum") -> None:
    """Write tombstones as landing would."""
    rows = [
        {
            "source": source,
            "native_id": native_id,
            "mention_id": mention_id(source, native_id),
            "reason": "deleted",
            "noticed_at": AS_OF,
        }
        for native_id in native_ids
    ]
    with connect(home) as warehouse:
        warehouse.register("gone", pa.Table.from_pylist(rows, TOMBSTONES))
        warehouse.execute("insert into landing.tombstones by name select * from gone")


def make_night(home: Home, settings: str = SETTINGS, as_of: datetime = AS_OF) -> Night:
    return Night.start(parse_settings(settings), home, as_of=as_of)


def rows(home: Home, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(home) as warehouse:
        return warehouse.execute(sql, list(parameters)).fetchall()


def everything(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """All core rows, without the times of writing."""
    return {
        table: sorted(
            rows(home, f"select * {'exclude (changed_at)' if table == 'mentions' else ''} from core.{table}"), key=repr
        )
        for table in CORE_TABLES
    }
