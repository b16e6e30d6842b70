"""The whole night as its users run it, over good and bad input at once.

Nothing is lost, nothing doubled, a failed audit publishes nothing, and readers are never disturbed.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from flows.demo.platforms import MastodonAccount, MastodonPost
from flows.home import Home
from flows.published import open_published
from tests.night_process import Done, ask, marktecho, marts_content, nightly
from tests.night_sources import EMOJI, FIRST_TIME, LONG, OPTED_OUT, SECRETS, Sources, mixed_sources
from tests.prefect_server import PrefectServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SPOILED = "Velumo customer service"
"""Begins the text whose stored probabilities are made impossible before the refused night."""


@dataclass(frozen=True)
class Night:
    """A night that has run: its state folder (a copy of its own), how it ended and what Prefect says about it."""

    home: Path
    done: Done
    state: dict[str, str]

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published" / "marts.duckdb"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sources]:
    with mixed_sources(tmp_path_factory.mktemp("sources")) as served:
        yield served


def run_night(sources: Sources, home: Path, prefect: PrefectServer) -> Night:
    done = nightly(sources.config, home, prefect.environment)
    return Night(home, done, prefect.started_runs()[-1]["state"])  # type: ignore[arg-type]


def copied(night: Night, folder: Path) -> Path:
    shutil.copytree(night.home, folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, sources: Sources, prefect: PrefectServer) -> Night:
    return run_night(sources, tmp_path_factory.mktemp("first") / "home", prefect)


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory, sources: Sources, prefect: PrefectServer, first: Night) -> Night:
    """A night over a warehouse in which a stored probability has rotted."""
    home = copied(first, tmp_path_factory.mktemp("refused"))
    with duckdb.connect(str(home / "warehouse.duckdb")) as warehouse:
        warehouse.execute(
            """
            update core.enrichments set p_negative = 7
            where text_hash = (select text_hash from core.mentions where starts_with(text, ?))
            """,
            [SPOILED],
        )
    return run_night(sources, home, prefect)


def test_broken_records_do_not_fail_the_night(first: Night) -> None:
    assert first.done.code == 0, first.done.errors
    assert (first.state["type"], first.state["name"]) == ("COMPLETED", "Completed")
    assert "Traceback" not in first.done.errors


def test_every_record_is_a_mention_once_or_in_quarantine_with_its_reason(first: Night, sources: Sources) -> None:
    for source, fates in sources.fates.items():
        found = ask(first.warehouse, "select native_id from core.mentions where source = ? order by 1", source)
        assert found == [(native_id,) for native_id in sorted(fates.mentions)], source
        broken = {
            native_id or row_number: (field, reason)
            for native_id, row_number, field, reason in ask(
                first.warehouse,
                "select native_id, row_number, field, reason from landing.quarantine where source = ?",
                source,
            )
        }
        assert broken.keys() == fates.quarantine.keys(), source
        for name, (field, reason) in fates.quarantine.items():
            assert broken[name][0] == field
            assert reason in broken[name][1]


def test_the_counts_of_every_source_reconcile(first: Night, sources: Sources) -> None:
    health = {
        source: counts
        for source, *counts in ask(
            first.published,
            """
            select source, outcome, record_count, landed_count, quarantined_count, skipped_count
            from marts.source_health
            """,
        )
    }
    expected = {}
    for source, fates in sources.fates.items():
        landed = len(fates.mentions) + fates.repeated_count
        total = landed + len(fates.quarantine) + fates.skipped_count
        outcome = "ok" if total else "no_hits"
        expected[source] = [outcome, total, landed, len(fates.quarantine), fates.skipped_count]
    assert health == expected


def test_an_emoji_is_published_without_a_sentiment_but_with_the_reason(first: Night) -> None:
    found = ask(
        first.published,
        "select sentiment, sentiment_score, p_positive, not_scored_reason from marts.mentions where text = ?",
        EMOJI,
    )
    assert found == [(None, None, None, "no_words")]


def test_a_long_post_is_published_whole_and_scored(first: Night) -> None:
    assert len(LONG) == 30_000
    found = ask(
        first.published, "select sentiment is not null, not_scored_reason from marts.mentions where text = ?", LONG
    )
    assert found == [(True, None)]


def test_undated_articles_stay_undated(first: Night) -> None:
    dates = ask(first.published, "select published_at is null from marts.mentions where source = 'press' order by 1")
    assert dates == [(False,), (True,), (True,)]


def test_quarantine_files_hold_the_records_without_people(first: Night, sources: Sources) -> None:
    files = {path.name.split("-2")[0]: path for path in (first.home / "quarantine").glob("*.jsonl")}
    assert files.keys() == {source for source, fates in sources.fates.items() if fates.quarantine}
    for source, path in files.items():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert {row["native_id"] or row["row_number"] for row in rows} == sources.fates[source].quarantine.keys()
        assert all(row["payload"] for row in rows)
    text = files["fediverse"].read_text(encoding="utf-8")
    assert "ruft mich an: [phone] oder [email]" in text
    assert not any(secret in text for secret in SECRETS)


def test_an_opted_out_author_is_nowhere(first: Night) -> None:
    with duckdb.connect(str(first.warehouse), read_only=True) as warehouse:
        tables = warehouse.execute(
            """
            select schema_name || '.' || table_name
            from duckdb_tables()
            where schema_name in ('landing', 'core', 'marts')
            """
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            rows = warehouse.execute(f"select count(*) from {table} as t where contains(t::varchar, ?)", [OPTED_OUT])
            assert rows.fetchone() == (0,), table


def test_the_same_night_again_changes_nothing_and_scores_nothing(
    first: Night, sources: Sources, prefect: PrefectServer, tmp_path: Path
) -> None:
    again = run_night(sources, copied(first, tmp_path), prefect)
    assert again.done.code == 0, again.done.errors
    assert marts_content(again.home) == marts_content(first.home)
    for table in (
        "landing.mentions",
        "landing.quarantine",
        "core.mentions",
        "core.mention_entities",
        "core.copies",
        "core.enrichments",
        "core.aspect_scores",
    ):
        rows = f"select * from {table} order by all"
        assert ask(again.warehouse, rows) == ask(first.warehouse, rows), table
    assert "enrich: 0 of 0" in again.done.errors


def test_a_failed_audit_says_what_failed_and_publishes_nothing(refused: Night, first: Night) -> None:
    assert refused.done.code == 3, refused.done.errors
    assert (refused.state["type"], refused.state["name"]) == ("FAILED", "AuditRefused")
    assert fingerprint(refused) == fingerprint(first)
    ((mention_id,),) = ask(
        refused.warehouse, "select mention_id from core.mentions where starts_with(text, ?)", SPOILED
    )
    *_, line = [line for line in refused.done.errors.splitlines() if "mentions: p_negative is between" in line]
    assert "(1 failing)" in line
    assert str(mention_id) in line
    assert "mentions: probabilities_add_up" in refused.done.errors
    assert "Traceback" not in refused.done.errors
    run_id, outcome = ask(refused.warehouse, "select run_id, outcome from core.runs order by started_at desc")[0]
    assert outcome == "audit_refused"
    docs = refused.home / "reports" / "data_docs" / str(run_id) / "index.html"
    assert str(docs) in refused.done.errors
    assert "mentions" in docs.read_text(encoding="utf-8")
    done = marktecho("alerts", "--json", "--home", refused.home)
    assert [alert["kind"] for alert in json.loads(done.output)] == ["audit_refused"]


def test_refused_marts_cannot_be_published_by_hand(
    refused: Night, first: Night, sources: Sources, tmp_path: Path
) -> None:
    tried = replace(refused, home=copied(refused, tmp_path))
    done = marktecho("publish", "--config", sources.config, "--home", tried.home)
    assert done.code == 3, done.errors
    assert "mentions: p_negative is between" in done.errors
    assert fingerprint(tried) == fingerprint(first)


def test_after_a_refusal_a_mended_night_publishes_while_readers_read(
    refused: Night, first: Night, sources: Sources, prefect: PrefectServer, tmp_path: Path
) -> None:
    mended = replace(refused, home=copied(refused, tmp_path))
    with duckdb.connect(str(mended.warehouse)) as warehouse:
        warehouse.execute("update core.enrichments set p_negative = 1 - p_neutral - p_positive where p_negative = 7")
    new = sources.mastodon.add(
        MastodonPost(MastodonAccount("neu"), "Velumo ist mein neues Rad", FIRST_TIME.replace(day=12))
    )
    question = "select count(*), (select count(*) from marts.runs where published_at is not null) from marts.mentions"
    try:
        with (
            duckdb.connect(str(mended.published), read_only=True) as held,
            ThreadPoolExecutor() as pool,
        ):
            (before,) = held.execute(question).fetchall()
            after = (before[0] + 1, before[1] + 1)
            seen = []
            running = pool.submit(run_night, sources, mended.home, prefect)
            while not running.done():
                assert held.execute(question).fetchall() == [before]
                with open_published(Home(mended.home)) as fresh:
                    seen += fresh.execute(question).fetchall()
                time.sleep(0.1)
            assert running.result().done.code == 0, running.result().done.errors
            assert held.execute(question).fetchall() == [before]
        assert set(seen) <= {before, after}
        assert len(seen) > 10
        assert ask(mended.published, question) == [after]
    finally:
        sources.mastodon.delete(new)
    outcomes = ask(mended.published, "select outcome from marts.runs order by started_at")
    assert outcomes == [("done",), ("audit_refused",), ("done",)]
    assert ask(mended.warehouse, "select kind, closed_at is not null from core.alerts") == [("audit_refused", True)]
    assert "20.11.2026" in (mended.home / "reports" / "briefs" / "latest.md").read_text(encoding="utf-8")


def fingerprint(night: Night) -> tuple[str, int]:
    return sha256(night.published.read_bytes()).hexdigest(), night.published.stat().st_size
