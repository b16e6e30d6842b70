"""Alerts over several nights: one per cause, with an id that stays, from its beginning until it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse_fixture import AS_OF, CoreTables, rows

from flows import runs
from flows.alerts import check_alerts, check_sources, raise_failure, settle_alerts
from flows.alerts.overview import open_alerts
from flows.alerts.registry import REOPEN_WITHIN, SEVERITIES, Alert, Cause, merge
from flows.audit import audit
from flows.build import build, dbt_variables, run_dbt
from flows.errors import AuditRefused
from flows.home import Home
from flows.night import Night
from flows.publish import publish
from flows.published import open_published
from flows.settings import parse_settings
from flows.warehouse import exclusive
from tests.night_process import marktecho

SETTINGS = """
language: en
company: {id: acme, name: Acme, query: acme}
competitors: [{id: rival, name: Rival, query: rival}]
aspects: [delivery, price]
sources:
  - {type: feed, name: forum, urls: ["https://example.org/a.rss"]}
  - {type: feed, name: news, urls: ["https://example.org/b.rss"]}
  - {type: feed, name: old, urls: ["https://example.org/c.rss"], enabled: false}
"""
DAY = timedelta(days=1)


def night_of(home: Home, as_of: datetime = AS_OF) -> Night:
    return Night(f"{as_of:%Y%m%dT%H%M%SZ}-000001", as_of, parse_settings(SETTINGS), home)


def add_run(core: CoreTables, as_of: datetime, **outcomes: str) -> str:
    """A run in the past with the outcome of each source."""
    run_id = f"{as_of:%Y%m%dT%H%M%SZ}-source"
    core.execute("insert into core.runs (run_id, started_at, as_of) values (?, ?, ?)", run_id, as_of, as_of)
    core.insert(
        "source_runs",
        [
            (run_id, source, as_of, as_of, outcome, f"why {source} {outcome}", 5, 5, 0, 0, "{}", "{}", None)
            for source, outcome in outcomes.items()
        ],
    )
    return run_id


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.locate(tmp_path_factory.mktemp("alerts"))


@pytest.fixture
def core(used_home: Home) -> Iterator[CoreTables]:
    yield CoreTables(used_home)


def alerts(home: Home) -> dict[str, dict[str, object]]:
    return {str(row["cause"]): row for row in rows(home, "from core.alerts order by opened_at")}


def test_only_what_somebody_must_know_becomes_an_alert(core: CoreTables) -> None:
    with core.batch():
        core.trend("1" * 16, severity="critical")
        core.trend("2" * 16, kind="competitor_move")
        core.trend("3" * 16, severity="info")
        core.trend("4" * 16, part_of="1" * 16)
        core.trend("5" * 16, status="ended")
        core.trend("6" * 16, detected_at=AS_OF + DAY)
    counts = check_alerts(night_of(core.home))
    found = alerts(core.home)
    assert {cause: (row["kind"], row["severity"]) for cause, row in found.items()} == {
        f"trend:{'1' * 16}": ("crisis", "critical"),
        f"trend:{'2' * 16}": ("competitor_move", "warning"),
    }
    assert (counts.opened_count, counts.closed_count, counts.open_count) == (2, 0, 2)


def test_an_alert_stays_gets_worse_ends_and_comes_back(core: CoreTables) -> None:
    trend, home = "a" * 16, core.home
    core.trend(trend)
    check_alerts(night_of(home))
    first = alerts(home)[f"trend:{trend}"]
    check_alerts(night_of(home))
    assert alerts(home) == {f"trend:{trend}": first}, "the same night again changes nothing"
    core.trend(trend, severity="critical")
    check_alerts(night_of(home, AS_OF + DAY))
    worse = alerts(home)[f"trend:{trend}"]
    assert (worse["alert_id"], worse["opened_at"]) == (first["alert_id"], first["opened_at"])
    assert (worse["kind"], worse["severity"]) == ("crisis", "critical")
    core.trend(trend, severity="critical", status="ended")
    check_alerts(night_of(home, AS_OF + 2 * DAY))
    assert alerts(home)[f"trend:{trend}"]["closed_at"] == AS_OF + 2 * DAY
    core.trend(trend, severity="critical")
    check_alerts(night_of(home, AS_OF + 3 * DAY))
    again = alerts(home)[f"trend:{trend}"]
    assert (again["alert_id"], again["closed_at"]) == (first["alert_id"], None)


def test_a_source_is_missed_after_its_hours_and_not_before(core: CoreTables) -> None:
    home = core.home
    with core.batch():
        add_run(core, AS_OF - 3 * DAY, forum="ok", news="access_lost", old="down")
        add_run(core, AS_OF - 2 * DAY, forum="down", news="access_lost", old="down")
        add_run(core, AS_OF - DAY, forum="down", news="no_hits", old="down")
    check_sources(night_of(home, AS_OF - DAY))
    found = alerts(home)
    assert found.keys() == {"source:forum"}, "news answered again, old is switched off"
    assert "forum has delivered nothing since 2026-11-20 02:30. Last run: down. why forum down" in str(
        found["source:forum"]["summary"]
    )
    add_run(core, AS_OF, forum="ok", news="down")
    check_sources(night_of(home, AS_OF))
    assert alerts(home)["source:forum"]["closed_at"] == AS_OF
    assert "source:news" not in alerts(home), "one failed night is not yet an outage"


def test_the_hourly_look_at_sources_leaves_other_alerts_open(core: CoreTables) -> None:
    core.trend("b" * 16)
    check_alerts(night_of(core.home))
    core.trend("b" * 16, status="ended")
    check_sources(night_of(core.home, AS_OF + timedelta(hours=1)))
    assert alerts(core.home)[f"trend:{'b' * 16}"]["closed_at"] is None


def test_a_published_night_shows_its_alerts_and_those_that_are_over(core: CoreTables) -> None:
    """Two nights: the first is refused by the audit, the second is published with what the first one raised."""
    home = core.home
    with core.batch():
        core.mention("m1", sentiment="negative", text="Acme never delivers.")
        core.mention("m2", entities=["rival"])
        core.trend("c" * 16, severity="critical", evidence=["m2", "gone", "m1"])
        add_run(core, AS_OF - 2 * DAY, forum="down")
        refused = night_of(home, AS_OF - DAY)
    raise_failure(refused, AuditRefused("2 critical expectation(s) failed.\n- mentions: words of a post"))
    assert [(row["kind"], "words" in row["summary"]) for row in open_alerts(home).rows] == [("audit_refused", False)]
    night = night_of(home)
    with runs.recorded(night):
        for number in range(9):
            run_id = add_run(core, AS_OF - timedelta(hours=30 - number), news="ok")
            core.insert("source_volumes", [(run_id, "news", "de", 0 if number == 8 else 20, [20] * 8)])
        run_dbt(home, ["run", "--select", "+int_source_alarms", "--vars", json.dumps(dbt_variables(night))])
        check_alerts(night)
        build(night)
        audit(night)
        publish(night)
    settle_alerts(night)
    with open_published(home) as marts:
        columns = "kind, status, source, list_sort(evidence_mention_ids), closed_at"
        found = marts.execute(f"select {columns} from alerts order by kind").fetchall()
    assert found == [
        ("audit_refused", "closed", None, [], AS_OF),
        ("crisis", "open", None, ["m1", "m2"], None),
        ("source_down", "open", "forum", [], None),
        ("volume_anomaly", "open", "news", [], None),
    ]
    assert {row["kind"] for row in open_alerts(home).rows} == {"crisis", "source_down", "volume_anomaly"}
    with exclusive(home):
        busy = open_alerts(home)
    assert [row["kind"] for row in busy.rows] == ["crisis", "source_down", "volume_anomaly"]
    assert "last published night" in busy.note
    done = marktecho("alerts", "--json", "--home", home.root)
    assert [row["kind"] for row in json.loads(done.output)] == ["crisis", "source_down", "volume_anomaly"]


CAUSES = st.lists(
    st.builds(
        Cause,
        cause=st.sampled_from(["trend:1", "trend:2", "source:a", "audit"]),
        kind=st.just("surge"),
        severity=st.sampled_from(SEVERITIES),
        summary=st.just("It is so."),
        started_at=st.just(AS_OF),
    ),
    max_size=4,
)
NIGHTS = st.lists(
    st.tuples(CAUSES, st.sets(st.sampled_from(["trend", "source", "audit"]), min_size=1), st.integers(-3, 100)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(NIGHTS)
def test_whatever_happens_a_cause_has_one_open_alert_and_ids_stay(
    nights: list[tuple[list[Cause], set[str], int]],
) -> None:
    now, known = AS_OF, []
    for causes, families, hours in nights:
        now += timedelta(hours=hours)
        told = [cause for cause in causes if cause.family in families]
        entered = merge(known, told, families, now)
        check_registry(known, entered, told, families, now)
        assert merge(entered, told, families, now) == entered
        known = entered


def check_registry(
    before: list[Alert], after: list[Alert], causes: list[Cause], families: set[str], now: datetime
) -> None:
    open_causes = [alert.cause for alert in after if alert.closed_at is None]
    assert len(open_causes) == len(set(open_causes))
    assert len({alert.alert_id for alert in after}) == len(after)
    assert [alert.alert_id for alert in after[: len(before)]] == [alert.alert_id for alert in before]
    assert {one.cause for one in causes} <= set(open_causes)
    for old, new in zip(before, after, strict=False):
        if old.family not in families:
            assert new == old
        if old.closed_at is not None and new.closed_at is None:
            assert now - old.closed_at < REOPEN_WITHIN
        if old.closed_at is None and new.closed_at is None and old.cause in {one.cause for one in causes}:
            assert SEVERITIES.index(new.severity) >= SEVERITIES.index(old.severity)
        assert new.closed_at is None or new.closed_at >= new.opened_at


def test_what_comes_back_later_is_a_new_alert() -> None:
    cause = Cause("source:a", "source_down", "warning", "Down.", AS_OF)
    opened = merge([], [cause], ["source"], AS_OF)
    closed = merge(opened, [], ["source"], AS_OF + DAY)
    later = merge(closed, [replace(cause, started_at=AS_OF + 5 * DAY)], ["source"], AS_OF + 6 * DAY)
    assert [alert.closed_at for alert in later] == [AS_OF + DAY, None]
    assert later[0].alert_id != later[1].alert_id
