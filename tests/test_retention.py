"""What is deleted upstream or past its retention leaves landing and core with everything derived from it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from flows.enrich import enrich
from flows.erasure import erase
from flows.home import Home
from flows.prepare import prepare
from flows.retention import retain
from flows.warehouse import connect
from tests.landed_fixture import AS_OF, bury, land, make_night, post, rows

OLD = "Acme hat mir damals eine ganz wunderbare Waschmaschine verkauft, sie läuft und läuft noch heute"
RECENT = "Acme liefert seit Wochen nicht, und am Telefon weiß niemand, wo meine Waschmaschine geblieben ist"
SETTINGS = "company: {id: acme, name: Acme, query: acme}\nretention: {default: 365}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two posts, one of them 400 days old, and a copy of each."""
    home = Home.locate(tmp_path / "home")
    long_ago = AS_OF - timedelta(days=400)
    land(
        home,
        post("1", OLD, published_at=long_ago),
        post("2", OLD, published_at=long_ago + timedelta(days=1)),
        post("3", RECENT, published_at=AS_OF - timedelta(days=2)),
        post("4", RECENT, published_at=AS_OF - timedelta(days=1)),
    )
    night = make_night(home, SETTINGS)
    prepare(night)
    enrich(night)
    return home


def places_with(home: Home, words: str) -> set[str]:
    """Tables of landing and core in which some text holds the words."""
    found = set()
    with connect(home) as warehouse:
        columns = warehouse.execute(
            "select table_schema || '.' || table_name, column_name from information_schema.columns "
            "where table_schema in ('landing', 'core') and data_type = 'VARCHAR'"
        ).fetchall()
        for table, column in columns:
            hit = warehouse.execute(f"select count(*) from {table} where contains({column}, ?)", [words]).fetchone()
            if hit and hit[0]:
                found.add(table)
    return found


def test_old_mentions_go_with_all_traces_and_recent_ones_stay(home: Home) -> None:
    assert places_with(home, "wunderbare")
    night = make_night(home, SETTINGS)
    assert retain(night) == 2
    erase(night)
    assert places_with(home, "wunderbare") == set()
    assert rows(home, "select count(*) from core.mentions") == [(2,)]
    assert rows(home, "select count(*) from core.enrichments") == [(1,)]
    assert rows(home, "select count(*) from core.copies") == [(1,)]
    assert retain(night) == 0


def test_reports_and_broken_records_have_days_of_their_own(home: Home) -> None:
    old, new = home.reports / "data_docs" / "run" / "index.html", home.reports / "night-new.md"
    old.parent.mkdir(parents=True)
    old.write_text("old", encoding="utf-8")
    new.write_text("new", encoding="utf-8")
    for path, days in ((old, 31), (new, 29)):
        written = (AS_OF - timedelta(days=days)).timestamp()
        os.utime(path, (written, written))
    assert retain(make_night(home, SETTINGS.replace("365", "{reports: 30}"))) == 0
    assert [path.name for path in home.reports.rglob("*")] == ["night-new.md"]


def test_without_retention_nothing_goes(home: Home) -> None:
    assert retain(make_night(home, "company: {id: acme, name: Acme, query: acme}\n")) == 0
    assert rows(home, "select count(*) from core.mentions") == [(4,)]


def test_a_deleted_post_leaves_only_the_fact_that_it_was_there(home: Home) -> None:
    bury(home, "3")
    bury(home, "4")
    prepare(make_night(home, SETTINGS))
    assert places_with(home, "Telefon") == {"core.erasures_due"}
    erase(make_night(home, SETTINGS))
    assert places_with(home, "Telefon") == set()
    assert (
        rows(home, "select text, native_id, url, author_key from core.mentions where deleted_at is not null")
        == [("", "", None, None)] * 2
    )
    assert rows(home, "select count(*) from core.enrichments") == [(1,)]


def test_a_text_that_another_post_still_has_keeps_its_scores(home: Home) -> None:
    bury(home, "3")
    prepare(make_night(home, SETTINGS))
    assert rows(home, "select count(*) from core.enrichments") == [(2,)]
    assert rows(home, "select count(*) from core.copies") == [(1,)]
