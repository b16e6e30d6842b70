"""Landing: what one record becomes, and what a source's run says about itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.home import Home
from flows.landing.clean import Cleaning, clean
from flows.landing.mention import content_hash, mention_id
from flows.landing.quarantine import LONGEST_PAYLOAD, redacted_payload
from flows.landing.text import normalise
from flows.night import Night
from flows.privacy.pseudonyms import Pseudonyms
from flows.retention import retain
from flows.settings import parse_settings
from flows.sources.base import BrokenRecord, Outcome, RawMention, SourceFailed
from tests.landing_fixture import SETTINGS, broken, deleted, land_pages, make_night, post, rows

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> Cleaning:
    home = Home.locate(tmp_path_factory.mktemp("home"))
    return Cleaning("mastodon", "mastodon", "run-1", NOW, Pseudonyms.open(home), frozenset({"acme_help"}))


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return make_night(tmp_path)


def cleaned(how: Cleaning, **fields: Any) -> dict[str, Any]:
    return clean(RawMention(**{"native_id": "1", "text": "Hallo", **fields}), how)


def test_ids_are_stable_and_keep_source_and_id_apart() -> None:
    assert mention_id("mastodon", "42") == mention_id("mastodon", "42")
    assert len({mention_id("a", "bc"), mention_id("ab", "c"), mention_id("a", "b"), mention_id("b", "a")}) == 4
    assert mention_id("mastodon", "42") == "4da358d180fb500c3ec3d47dd3cc900f"


def test_a_row_is_pseudonymised_redacted_and_in_utc(how: Cleaning) -> None:
    row = cleaned(
        how,
        text="<p>Frag @max oder @acme_help, max@beispiel.de</p>",
        is_html=True,
        author="@Erika",
        published_at=datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=2))),
        thread="7",
        reply_to="8",
        like_count=3.0,
    )
    assert row["text"] == "Frag @user oder @acme_help, [email]"
    assert row["author_key"] == how.pseudonyms.author_key("mastodon", "erika")
    assert "rika" not in json.dumps(row, default=str)
    assert row["published_at"] == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert (row["thread_id"], row["reply_to_id"]) == (mention_id("mastodon", "7"), mention_id("mastodon", "8"))
    assert row["like_count"] == 3
    assert row["repost_count"] is None


def test_the_content_hash_sees_what_the_source_said_and_nothing_else(how: Cleaning) -> None:
    row = cleaned(how, like_count=1)
    later = {**row, "collected_at": NOW + timedelta(days=1), "run_id": "run-2"}
    assert content_hash(later) == row["content_hash"]
    for change in ({"text": "Hallo!"}, {"like_count": 2}, {"like_count": None}, {"url": "https://x.de"}):
        assert cleaned(how, **{"like_count": 1, **change})["content_hash"] != row["content_hash"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"native_id": " "}, "native_id"),
        ({"native_id": 5}, "native_id"),
        ({"text": None}, "text"),
        ({"text": b"bytes"}, "text"),
        ({"url": 5}, "url"),
        ({"author": ["x"]}, "author"),
        ({"author_kind": "robot"}, "author_kind"),
        ({"published_at": "2026-11-01"}, "published_at"),
        ({"published_at": datetime(2026, 11, 1)}, "published_at"),  # noqa: DTZ001
        ({"published_at": datetime(1989, 12, 31, tzinfo=UTC)}, "published_at"),
        ({"published_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))}, "published_at"),
        ({"published_at": datetime.now(UTC) + timedelta(days=40)}, "published_at"),
        ({"like_count": -1}, "like_count"),
        ({"reach": 2**63}, "reach"),
        ({"reply_count": 1.5}, "reply_count"),
        ({"repost_count": True}, "repost_count"),
        ({"repost_count": "3"}, "repost_count"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(how: Cleaning, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        cleaned(how, **fields)
    assert caught.value.field_name == field


def test_unusual_posts_are_legal(how: Cleaning) -> None:
    assert cleaned(how, text="👩‍👩‍👧‍👦🏳️‍🌈")["text"] == "👩‍👩‍👧‍👦🏳️‍🌈"
    assert len(cleaned(how, text="Wort " * 6_000)["text"]) == 29_999
    assert cleaned(how, text="")["text"] == ""
    assert cleaned(how, text="kaputt \ud83d und \x00 zu\u00adsammen\r\n\r\n\r\n\r\nEnde")["text"] == (
        "kaputt \ufffd und zusammen\n\nEnde"
    )
    assert cleaned(how, text="Ã¼ bleibt, wie es ist")["text"] == "Ã¼ bleibt, wie es ist"
    assert cleaned(how, native_id="x\ud800")["native_id"] == "x\ufffd"
    assert cleaned(how, language_hint="de_AT")["language_hint"] == "de-at"
    assert cleaned(how, language_hint="Deutsch (Österreich)")["language_hint"] is None


@given(st.text())
def test_normalising_is_idempotent_and_encodable(text: str) -> None:
    once = normalise(text)
    once.encode()
    assert normalise(once) == once
    assert "\x00" not in once


def test_a_quarantined_payload_has_no_author_is_redacted_and_small() -> None:
    record = {
        "user": {"name": "Erika", "id": 5},
        "user.handle": "erika",
        "text": "Ruf an: erika@beispiel.de",
        "long": "x" * 5_000,
        "list": list(range(500)),
        "number": float("nan"),
        "deep": json.loads("[" * 50 + "]" * 50),
        "odd": object,
        5: {"when": NOW, "bytes": b"\xff"},
    }
    payload = redacted_payload(record, ("user.name", "user.handle"))
    read = json.loads(payload)
    assert read["user"] == {"id": 5}
    assert "user.handle" not in read
    assert "rika" not in payload
    assert len(read["long"]) < 2_100
    assert len(read["list"]) == 51
    big = redacted_payload({f"field {number}": "y" * 1_000 for number in range(500)}, ())
    assert len(big) < LONGEST_PAYLOAD * 1.2
    assert json.loads(big)["length"] > 400_000


def test_broken_records_go_to_quarantine_once_and_are_resolved_when_they_heal(night: Night) -> None:
    pages = [[post("1"), broken("2"), "no record at all", post("3", likes=-4)]]
    run = land_pages(night, pages)
    assert (run.outcome, run.landed_count, run.quarantined_count) == (Outcome.OK, 1, 3)
    kept = rows(night, "select native_id, field, reason, payload, resolved_at from landing.quarantine order by field")
    assert [(row["native_id"], row["field"]) for row in kept] == [("3", "like_count"), (None, "record"), ("2", "text")]
    assert all("rika" not in row["payload"] for row in kept)
    exported = (night.home.quarantine / f"handmade-{night.run_id}.jsonl").read_text().splitlines()
    assert {json.loads(line)["field"] for line in exported} == {"like_count", "record", "text"}

    again = make_night(night.home)
    land_pages(again, [[], pages[0]])
    assert len(rows(again, "from landing.quarantine")) == 3
    assert not list(again.home.quarantine.glob(f"*{again.run_id}*"))

    healed = make_night(night.home)
    land_pages(healed, [[], [], [post("2", "jetzt ganz")]])
    states = rows(healed, "select native_id, resolved_at is not null as healed from landing.quarantine")
    assert {row["native_id"]: row["healed"] for row in states} == {"2": True, "3": False, None: False}

    relapsed = make_night(night.home)
    land_pages(relapsed, [[], [], [], [broken("2")]])
    assert rows(relapsed, "select run_id from landing.quarantine where native_id = '2' and resolved_at is null") == [
        {"run_id": relapsed.run_id}
    ]


def test_retention_removes_broken_records_too(night: Night) -> None:
    land_pages(night, [[broken("1"), post("2")]])
    keeping = Night.start(parse_settings(SETTINGS + "retention: {handmade: 30}"), night.home)
    retain(keeping)
    assert len(rows(night, "from landing.quarantine")) == len(list(night.home.quarantine.iterdir())) == 1
    retain(replace(keeping, as_of=keeping.as_of + timedelta(days=31)))
    assert not rows(night, "from landing.quarantine")
    assert not list(night.home.quarantine.iterdir())


def test_deletions_become_tombstones_and_stay(night: Night) -> None:
    run = land_pages(night, [[post("1"), post("2"), post("3")], [deleted("1"), deleted("1"), deleted("9")]])
    assert (run.landed_count, run.skipped_count) == (6, 0)
    assert [row["native_id"] for row in rows(night, "select native_id from landing.mentions order by 1")] == ["2", "3"]
    assert [row["native_id"] for row in rows(night, "select native_id from landing.tombstones order by 1")] == [
        "1",
        "9",
    ]

    with_recheck = make_night(night.home)
    gone = mention_id("handmade", "2")
    rows(with_recheck, f"insert into core.tombstones values ('handmade', '2', '{gone}', 'deleted', now())")
    run = land_pages(with_recheck, [[], [], [post("1", "wieder da"), post("2", "auch"), post("3", "neu"), post("4")]])
    assert (run.landed_count, run.skipped_count, run.record_count) == (2, 2, 4)
    assert [row["native_id"] for row in rows(night, "select native_id from landing.mentions order by 1")] == ["3", "4"]


def test_the_first_collection_time_stays_and_unchanged_rows_are_not_touched(night: Night) -> None:
    land_pages(night, [[post("1", "alt"), post("2", "gleich")]])
    later = make_night(night.home)
    land_pages(later, [[], [post("1", "neu"), post("2", "gleich")]])
    found = rows(later, "select native_id, text, run_id, collected_at from landing.mentions order by 1")
    assert [(row["text"], row["run_id"]) for row in found] == [("neu", later.run_id), ("gleich", night.run_id)]
    assert {row["collected_at"] for row in found} == {night.as_of}


def test_counts_null_shares_and_unknown_fields_are_recorded(night: Night) -> None:
    pages = [
        [post("1", likes=1), post("2", new_field="x"), broken("3"), post("4", published_at=NOW - timedelta(hours=1))]
    ]
    run = land_pages(night, pages)
    (row,) = rows(night, "from core.source_runs")
    assert row["record_count"] == 4 == row["landed_count"] + row["quarantined_count"] + row["skipped_count"]
    assert json.loads(row["null_shares"]) == {"likes": 0.75, "user.name": 0.0} == run.null_shares
    assert json.loads(row["unknown_fields"]) == {"new_field": 1, "published_at": 1}
    assert row["newest_published_at"] == NOW - timedelta(hours=1)
    assert (row["outcome"], row["message"]) == ("ok", None)


def test_no_records_is_no_hits(night: Night) -> None:
    assert land_pages(night, []).outcome is Outcome.NO_HITS
    assert land_pages(night, [[], []], source="other").outcome is Outcome.NO_HITS


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (SourceFailed(Outcome.RATE_LIMITED, "Wait an hour."), Outcome.RATE_LIMITED, "Wait an hour."),
        (SourceFailed(Outcome.ACCESS_LOST, "Renew the token."), Outcome.ACCESS_LOST, "Renew the token."),
        (RuntimeError("secret=hunter2"), Outcome.DOWN, "RuntimeError"),
    ],
)
def test_a_failing_source_keeps_what_came_before(night: Night, error: Exception, outcome: Outcome, words: str) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise error

    pages = [[post("1")], [post("2")], [post("3")]]
    run = land_pages(night, pages, before_page=fail)
    assert run.outcome is outcome
    assert words in (run.message or "")
    assert "hunter2" not in (run.message or "")
    assert run.landed_count == 2
    again = land_pages(make_night(night.home), pages)
    assert (again.outcome, again.record_count) == (Outcome.OK, 1)
    assert len(rows(night, "from landing.mentions")) == 3


def test_many_records_failing_on_one_field_are_schema_drift(night: Night) -> None:
    good = [post(str(number)) for number in range(19)]
    some = land_pages(night, [good + [broken(f"b{number}") for number in range(4)]])
    assert some.outcome is Outcome.OK
    many = land_pages(make_night(night.home), [[], good + [broken(f"b{number}") for number in range(5)]])
    assert many.outcome is Outcome.SCHEMA_DRIFT
    assert "schema drift in handmade: field text" in (many.message or "")
    assert many.landed_count == 19


def test_when_nothing_can_be_read_the_cursor_waits_for_a_better_connector(night: Night) -> None:
    land_pages(night, [[post("1")]])
    drifted = land_pages(make_night(night.home), [[], [broken(str(number)) for number in range(2, 8)]])
    assert drifted.outcome is Outcome.SCHEMA_DRIFT
    repaired = land_pages(make_night(night.home), [[], [post(str(number)) for number in range(2, 8)]])
    assert (repaired.outcome, repaired.landed_count) == (Outcome.OK, 6)
    assert rows(night, "select count(*) as open from landing.quarantine where resolved_at is null") == [{"open": 0}]


def test_a_run_stops_at_its_limit_and_the_next_goes_on(night: Night) -> None:
    pages = [[post(f"{page}-{number}") for number in range(3)] for page in range(4)]
    assert land_pages(night, pages, max_records_per_run=5).record_count == 6
    assert land_pages(make_night(night.home), pages, max_records_per_run=5).record_count == 6
    assert land_pages(make_night(night.home), pages).outcome is Outcome.NO_HITS
    assert len(rows(night, "from landing.mentions")) == 12


def test_a_retry_in_the_same_run_replaces_its_row(night: Night) -> None:
    land_pages(night, [[post("1")]])
    land_pages(night, [[post("1")], [post("2")]])
    assert [row["record_count"] for row in rows(night, "from core.source_runs")] == [1]
