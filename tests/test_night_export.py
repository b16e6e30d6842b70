"""A real export of another tool through `marktecho import` and a night: every row is somewhere, once."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from tests.night_process import ask, marktecho, nightly
from tests.prefect_server import PrefectServer

EXPORT = Path(__file__).parents[2] / "shared" / "data" / "streams" / "spotifycares.jsonl.gz"
ROWS = 3_000
MAPPING = {
    "native_id": "tweet_id",
    "published_at": "created_at",
    "author": "author_id",
    "reply_to": "in_response_to_tweet_id",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not EXPORT.exists(), reason="the export is not part of the repository"),
]


def test_every_row_of_a_real_export_is_a_mention_once_or_in_quarantine(tmp_path: Path, prefect: PrefectServer) -> None:
    with gzip.open(EXPORT, "rt", encoding="utf-8") as export:
        lines = list(islice(export, ROWS))
    assert len(lines) == ROWS
    file, config, home = tmp_path / "export.jsonl", tmp_path / "listening.yaml", tmp_path / "home"
    file.write_text("".join(lines), encoding="utf-8")
    config.write_text("language: en\ncompany: {id: spotify, name: Spotify, query: spotify}\n", encoding="utf-8")
    mapping = [part for pair in MAPPING.items() for part in ("--map", "=".join(pair))]
    imported = marktecho(
        "import", file, "--source", "care", *mapping, "--config", config, "--home", home, "--json", timeout=300
    )
    assert imported.code == 0, imported.errors
    counts = json.loads(imported.output)
    night = nightly(config, home, prefect.environment)
    assert night.code == 0, night.errors

    warehouse, published = home / "warehouse.duckdb", home / "published" / "marts.duckdb"
    mentions = [native_id for (native_id,) in ask(warehouse, "select native_id from core.mentions order by 1")]
    quarantine = ask(warehouse, "select row_number, native_id, field, reason from landing.quarantine")
    assert counts["record_count"] == ROWS
    assert (counts["landed_count"], counts["quarantined_count"]) == (len(mentions), len(quarantine))
    rows = {number: json.loads(line) for number, line in enumerate(lines, start=1)}
    for row_number, native_id, field, reason in quarantine:
        row = rows.pop(row_number)
        assert (row["text"], field, reason) == (None, "text", "is missing or empty")
        assert native_id == (row["tweet_id"] and row["tweet_id"].removesuffix(".0"))
    assert quarantine, "this export has rows without a text"
    assert mentions == sorted(row["tweet_id"] for row in rows.values())

    published_count, told_count = ask(
        published, "select count(*), count(coalesce(sentiment, not_scored_reason)) from marts.mentions"
    )[0]
    assert 0 < published_count < len(mentions)
    assert told_count == published_count
