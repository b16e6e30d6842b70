"""The index as a night computes it: periods, own accounts told from customers, what is unknown, and its mart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from warehouse_fixture import AS_OF, CoreTables, make_night, rows, text_hash

from flows.build import build
from flows.home import Home
from flows.index import index
from flows.index.periods import periods
from flows.privacy.pseudonyms import Pseudonyms

ACCOUNTS = [("acme", "mastodon", "@acme"), ("rival", "mastodon", "@rival@example.social")]


class Server:
    server = "https://example.social"


def posts(core: CoreTables, name: str, tone: str, *, hours: int = 0, **how: Any) -> None:
    """Write a post a day, three hours before the night's time and some later; `reply_to` names those it answers."""
    core.execute(
        """
        insert into core.mentions (
            mention_id, source, native_id, author_key, author_kind, text, text_hash, published_at, collected_at,
            reply_to_id, reach, content_hash, changed_at
        )
        select $1 || back, 'fediverse', $1 || back, coalesce($4, $1 || back), 'person', $2, $3,
            $5::timestamptz - to_days(back::integer) - interval 3 hours + to_hours($6), $5, $7 || back, $8, 'c', $5
        from range(1, 70) as days(back)
        """,
        name, tone, text_hash(tone), how.get("author"), AS_OF, hours, how.get("reply_to"), how.get("reach"),
    )  # fmt: skip
    if "entity" in how:
        core.execute(
            "insert into core.mention_entities select $1 || back, $2 from range(1, 70) as days(back)",
            name,
            how["entity"],
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Seventy days: Acme is talked about most and worst and never answers; Rival answers every day's question."""
    core = CoreTables(tmp_path_factory.mktemp("index"))
    pseudonyms = Pseudonyms.open(core.home)
    keys = {name: pseudonyms.author_key("mastodon", f"{name}@example.social") for name in ("acme", "rival")}
    for tone, intent in (("negative", "complaint"), ("positive", "question"), ("neutral", "other")):
        core.reading(tone, sentiment=tone, intent=intent)
    with core.batch():
        core.weights("*", -1.0, 0.0, 1.0)
        for number in range(4):
            posts(core, f"acme-{number}", "negative", entity="acme", reach=20)
        posts(core, "rival", "positive", entity="rival", reach=5)
        posts(core, "other", "neutral", entity="other")
        posts(core, "answer", "positive", hours=2, author=keys["rival"], reply_to="rival")
        posts(core, "own", "positive", hours=2, author=keys["acme"], entity="acme")
    night = make_night(core.home, accounts=ACCOUNTS, sources=(Server(),))
    assert index(night).value_count == 4 * 3
    build(night)
    return core.home


@pytest.fixture(scope="module")
def found(home: Home) -> dict[str, dict[str, Any]]:
    return {one["entity_id"]: one for one in rows(home, "from marts.business_index where period_kind = 'last_90_days'")}


def test_months_and_the_last_90_days_are_told(home: Home) -> None:
    told = rows(
        home,
        """
        select distinct period_kind, period, period_start_date, period_end_date, is_incomplete from marts.business_index
        order by period_start_date, period
        """,
    )
    assert [(one["period"], one["is_incomplete"]) for one in told] == [
        ("2026-09", True), ("last_90_days", True), ("2026-10", False), ("2026-11", True),
    ]  # fmt: skip
    assert told[-1]["period_end_date"] == date(2026, 11, 22)


def test_own_posts_are_activity_and_answers_and_no_voice(found: dict[str, dict[str, Any]]) -> None:
    acme, rival = found["acme"], found["rival"]
    assert (acme["earned_count"], acme["own_post_count"], acme["answered_share"]) == (4 * 69, 69, 0.0)
    assert acme["earned_net_sentiment"] == -1.0
    assert acme["earned_share_of_voice"] == pytest.approx(4 / 6)
    assert rival["answered_share"] == 1.0
    assert rival["answer_hours"] == pytest.approx(2.0)
    assert rival["asked_count"] == 69
    assert rival["own_post_count"] == 0
    assert rival["responsiveness"] > 50 > acme["responsiveness"]
    assert acme["activity"] > 50 > rival["activity"]


def test_what_cannot_be_known_is_named_and_weighs_nothing(found: dict[str, dict[str, Any]]) -> None:
    other = found["other"]
    assert other["missing_components"] == ["reach", "responsiveness", "activity"]
    assert other["own_post_count"] is None and other["answered_share"] is None and other["earned_reach"] is None
    assert other["index_value"] == pytest.approx((25 * other["voice"] + 30 * other["sentiment"]) / 55, abs=0.001)


def test_ranks_median_and_intervals(found: dict[str, dict[str, Any]]) -> None:
    values = sorted((one["index_value"] for one in found.values()), reverse=True)
    assert [one["rank"] for one in sorted(found.values(), key=lambda one: -one["index_value"])] == [1, 2, 3]
    assert {one["industry_median"] for one in found.values()} == {values[1]}
    for one in found.values():
        assert one["index_low"] <= one["index_value"] <= one["index_high"]
        assert one["rank_best"] <= one["rank"] <= one["rank_worst"]


def test_the_same_night_again_says_the_same(home: Home) -> None:
    before = rows(home, "from core.index_values order by all")
    index(make_night(home, accounts=ACCOUNTS, sources=(Server(),)))
    assert rows(home, "from core.index_values order by all") == before


def test_handles_reach_no_table(home: Home) -> None:
    assert all(len(one["author_key"]) == 32 for one in rows(home, "from core.entity_accounts"))


def test_nobody_talked_about_has_no_index(tmp_path: Any) -> None:
    core = CoreTables(tmp_path)
    counts = index(make_night(core.home, as_of=datetime(2026, 11, 23, 2, tzinfo=UTC)))
    assert (counts.period_count, counts.value_count) == (0, 0)


@pytest.mark.parametrize(
    ("first", "today", "expected"),
    [
        (date(2026, 11, 22), date(2026, 11, 22), []),
        (date(2026, 11, 21), date(2026, 11, 22), ["2026-11 1", "last_90_days 1"]),
        (date(2026, 10, 30), date(2026, 12, 1), ["2026-11 30", "last_90_days 32"]),
        (date(2025, 12, 31), date(2026, 1, 9), ["2026-01 8", "last_90_days 9"]),
    ],
)
def test_periods(first: date, today: date, expected: list[str]) -> None:
    """A month of a few days is told only when there is nothing else."""
    assert [f"{one.name} {(one.last - one.first).days + 1}" for one in periods(first, today)] == expected


def test_no_more_than_two_years_are_told() -> None:
    told = periods(date(2019, 1, 1), date(2026, 11, 23))
    assert (told[0].name, len(told)) == ("2024-12", 25)
    assert not told[-1].is_incomplete and (told[-1].last - told[-1].first).days + 1 == 90
