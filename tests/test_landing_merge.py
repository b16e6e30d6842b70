"""However pages are cut, repeated, edited or cut off by a crash: what has landed is what a perfect observer saw."""

from __future__ import annotations

import itertools
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.landing import chunk
from flows.night import Night
from flows.sources.base import Record
from tests.landing_fixture import broken, deleted, land_pages, make_night, post, rows

EVENTS = st.builds(
    lambda kind, native_id, version: {
        "post": post(native_id, f"Fassung {version}"),
        "broken": broken(native_id),
        "deleted": deleted(native_id),
    }[kind],
    st.sampled_from(["post", "post", "post", "post", "broken", "deleted"]),
    st.sampled_from("abcdef"),
    st.integers(min_value=0, max_value=9),
)
PAGES = st.lists(st.lists(EVENTS, max_size=5), min_size=1, max_size=8)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class PerfectObserver:
    """Sees every record once, in order, and never forgets."""

    texts: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)

    def see(self, record: Record) -> None:
        native_id = record["id"]
        if record.get("deleted"):
            self.gone.add(native_id)
            self.texts.pop(native_id, None)
            self.open.discard(native_id)
        elif native_id in self.gone:
            return
        elif "text" not in record:
            self.open.add(native_id)
        else:
            self.texts[native_id] = record["text"]
            self.open.discard(native_id)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return make_night(tmp_path_factory.mktemp("home"))


sources = (f"source{number}" for number in itertools.count())


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    pages=PAGES,
    crashes=st.lists(st.integers(0, 8), max_size=2),
    enough=st.sampled_from([1, 4, 1_000]),
    lose=st.booleans(),
)
def test_what_lands_equals_a_perfect_observer(
    night: Night, pages: list[list[Record]], crashes: list[int], enough: int, lose: bool
) -> None:
    source = next(sources)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk, "ENOUGH", enough)
        for crash in crashes:

            def die(number: int, crash: int = crash) -> None:
                if number == crash:
                    raise Killed

            try:
                land_pages(make_night(night.home), pages, source=source, before_page=die)
            except Killed:
                if lose:
                    shutil.rmtree(night.home.work)
        land_pages(make_night(night.home), pages, source=source)
    observer = PerfectObserver()
    for record in itertools.chain.from_iterable(pages):
        observer.see(record)

    mine = f"where source = '{source}'"
    landed = rows(night, f"select native_id, text from landing.mentions {mine}")
    assert sorted((row["native_id"], row["text"]) for row in landed) == sorted(observer.texts.items())
    gone = rows(night, f"select native_id from landing.tombstones {mine}")
    assert sorted(row["native_id"] for row in gone) == sorted(observer.gone)
    unresolved = rows(night, f"select native_id from landing.quarantine {mine} and resolved_at is null")
    assert sorted(row["native_id"] for row in unresolved) == sorted(observer.open)


def test_a_deleted_post_leaves_no_broken_version_behind(night: Night) -> None:
    pages = [[broken("a"), post("b")], [deleted("a")], [broken("a")], [broken("a"), post("a")], [broken("c")]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk, "ENOUGH", 1)
        run = land_pages(make_night(night.home), pages, source="deleting")
    assert (run.record_count, run.landed_count, run.quarantined_count, run.skipped_count) == (7, 2, 4, 1)
    kept = rows(night, "select native_id from landing.quarantine where source = 'deleting'")
    assert [row["native_id"] for row in kept] == ["c"]


def test_the_same_pages_again_change_nothing(night: Night) -> None:
    pages = [[post(str(number)) for number in range(30)] + [broken("x"), deleted("3")]]
    land_pages(night, pages, source="first")
    before = _everything(night, "first")
    run = land_pages(make_night(night.home), [[], *pages], source="first")
    assert (run.record_count, run.landed_count, run.quarantined_count, run.skipped_count) == (32, 31, 1, 0)
    assert _everything(night, "first") == before


def test_a_lost_work_folder_is_restored_from_the_warehouse(night: Night) -> None:
    pages = [[post(str(number))] for number in range(4)]
    land_pages(night, pages[:3], source="lost")
    shutil.rmtree(night.home.work)
    run = land_pages(make_night(night.home), pages, source="lost")
    assert run.record_count == 1
    assert len(rows(night, "from landing.mentions where source = 'lost'")) == 4


def test_a_hyphen_in_the_name_of_a_source_keeps_its_cursor(night: Night) -> None:
    land_pages(night, [[post("1")]], source="my-source")
    assert land_pages(make_night(night.home), [[post("1")], [post("2")]], source="my-source").record_count == 1


def test_sources_may_land_at_the_same_time(tmp_path: Path) -> None:
    night = make_night(tmp_path)
    pages = [[post(f"{page}-{number}") for number in range(20)] for page in range(3)]
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda name: land_pages(night, pages, source=name), ["one", "two", "three", "four"]))
    assert [run.landed_count for run in runs] == [60] * 4
    counts = rows(night, "select source, count(*) as count from landing.mentions group by all")
    assert {row["source"]: row["count"] for row in counts} == dict.fromkeys(["one", "two", "three", "four"], 60)
    assert len(rows(night, "from core.source_runs")) == 4


def _everything(night: Night, source: str) -> list[list[dict[str, object]]]:
    tables = ("mentions", "quarantine", "tombstones")
    return [rows(night, f"from landing.{table} where source = '{source}' order by all") for table in tables]
