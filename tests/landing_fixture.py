"""A source made by hand: pages of records a test writes down, landed by the real code into a real warehouse.

night = make_night(tmp_path)
run = land_pages(night, [[post("1", "Hallo"), broken("2")], [deleted("1")]])
rows(night, "from landing.mentions")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from flows.home import Home
from flows.ingest import SourceRun, land
from flows.night import Night
from flows.settings import parse_settings
from flows.sources.base import BrokenRecord, Connector, Cursor, Page, RawMention, Record, SourceSettings
from flows.warehouse import connect

SETTINGS = """
company: {id: acme, name: Acme, query: "acme OR @acme_help"}
"""
PUBLISHED = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


class HandmadeSettings(SourceSettings):
    type: Literal["handmade"] = "handmade"


class HandmadeConnector(Connector):
    """Delivers the given pages; its cursor is the number of pages read. `before_page` may raise or wait."""

    settings_type = HandmadeSettings
    required_fields = ("id", "text")
    optional_fields = ("likes", "user.name")
    author_fields = ("user.name",)

    def __init__(self, pages: list[list[Record]], before_page: Callable[[int], None] = lambda number: None) -> None:
        self.pages = pages
        self.before_page = before_page

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        for number in range(cursor.get("pages", 0), len(self.pages)):
            self.before_page(number)
            yield Page(list(self.pages[number]), {"pages": number + 1})
        self.before_page(len(self.pages))

    def to_mention(self, record: Record) -> RawMention:
        if record.get("deleted"):
            return RawMention(native_id=record["id"], text="", deleted=True)
        if record.get("text") is None:
            raise BrokenRecord("text", "is missing")
        return RawMention(
            native_id=record["id"],
            text=record["text"],
            author=record.get("user", {}).get("name"),
            like_count=record.get("likes"),
            published_at=record.get("published_at", PUBLISHED),
        )


def post(native_id: str, text: str = "Hallo Welt", *, author: str = "erika.muster", **fields: Any) -> dict[str, Any]:
    return {"id": native_id, "text": text, "user": {"name": author}, **fields}


def broken(native_id: str) -> dict[str, Any]:
    return {"id": native_id, "user": {"name": "erika.muster"}}


def deleted(native_id: str) -> dict[str, Any]:
    return {"id": native_id, "deleted": True}


def make_night(home: Path | Home) -> Night:
    return Night.start(parse_settings(SETTINGS), home if isinstance(home, Home) else Home.locate(home))


def land_pages(
    night: Night,
    pages: list[list[Record]],
    *,
    source: str = "handmade",
    before_page: Callable[[int], None] = lambda number: None,
    **settings: Any,
) -> SourceRun:
    return land(night, HandmadeConnector(pages, before_page), HandmadeSettings(name=source, **settings))


def rows(night: Night, sql: str) -> list[dict[str, Any]]:
    with connect(night.home) as warehouse:
        result = warehouse.execute(sql)
        names = [column[0] for column in result.description]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]
