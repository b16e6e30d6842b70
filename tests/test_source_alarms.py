"""A source that answers, but not as usual, is noticed that night: a language falls silent, a field is empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.build import build
from flows.core.volumes import count_volumes
from flows.home import Home
from flows.warehouse import connect
from tests.warehouse_fixture import AS_OF, make_night, rows

GERMAN = [6, 4, 7, 5, 6, 3, 5, 6, 4, 0]
"""Posts a night; the last is the one that is judged. The third night the source was down."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home.locate(tmp_path_factory.mktemp("home"))
    with connect(home) as warehouse:
        for number, german in enumerate(GERMAN):
            night = AS_OF - timedelta(days=len(GERMAN) - 1 - number)
            outcome = "down" if number == 2 else "ok"
            likes = 1.0 if number == 9 else 0.05
            warehouse.execute(
                "insert into core.runs (run_id, started_at, as_of) values ($1, $2, $2)", [f"r{number}", night]
            )
            run: dict[str, Any] = {
                "run": f"r{number}",
                "at": night,
                "outcome": outcome,
                "likes": f'{{"likes": {likes}, "url": 0.5}}',
            }
            warehouse.execute(
                """
                insert into core.source_runs
                values ($run, 'forum', $at, $at, $outcome, null, 30, 30, 0, 0, $likes, '{}', null)
                """,
                run,
            )
            for language, count, age in (("de", german, 1), ("en", 20, 1), ("de", 9 * (number == 9), 40)):
                warehouse.execute(
                    """
                    insert into core.mentions by name
                    select
                        format('{}-{}-{}-{}', $run, $language, $age, i) as mention_id, 'forum' as source,
                        mention_id as native_id,
                        'unknown' as author_kind, 'x' as text, 'h' as text_hash, $language as language,
                        $at - interval 1 hour as collected_at, $at - to_days(cast($age as integer)) as published_at,
                        'c' as content_hash, $at as changed_at
                    from range($count) as posts(i)
                    """,
                    {"run": f"r{number}", "language": language, "count": count, "at": night, "age": age},
                )
    judged = make_night(home, run_id="r9")
    with connect(home) as warehouse:
        count_volumes(warehouse, judged)
        count_volumes(warehouse, judged)
    build(judged)
    yield home


def test_days_in_which_the_source_failed_and_old_posts_do_not_count(home: Home) -> None:
    found = {row["language"]: row for row in rows(home, "from core.source_volumes")}
    assert found["de"]["earlier_counts"] == [6, 4, 5, 6, 3, 5, 6, 4]
    assert (found["de"]["mention_count"], found["en"]["mention_count"]) == (0, 20)


def test_a_night_without_german_posts_and_an_empty_field_are_alarms(home: Home) -> None:
    (night,) = rows(home, "from marts.source_health where run_id = 'r9'")
    assert night["outcome"] == "ok"
    assert night["alarms"] == ["de: no posts in a day, 5 usual", "likes: 100% empty, 5% usual"]
    quiet = rows(home, "from marts.source_health where run_id <> 'r9' and len(alarms) > 0")
    assert quiet == []


def test_an_empty_warehouse_has_no_volumes(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    with connect(home) as warehouse:
        count_volumes(warehouse, make_night(home))
    assert rows(home, "from core.source_volumes") == []
