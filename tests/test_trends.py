"""The step: a small warehouse with a wave in it, and with what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warehouse_fixture import AS_OF, MODEL, CoreTables, make_night, rows, text_hash

from flows.build import build
from flows.home import Home
from flows.trends import trends
from flows.trends.registry import Look, Recorded, merge
from flows.trends.trend import Trend
from flows.trends.words import Names, sentence
from flows.warehouse import connect

LAST_DAY = datetime(2026, 11, 22, tzinfo=UTC)
TREND = Trend(
    kind="surge", measure="mention_count", direction="up", series_id="entity:acme", entity_id="acme", aspect_id=None,
    topic_id=None, severity="info", started_at=datetime(2026, 11, 18, 23, tzinfo=UTC), first_date=date(2026, 11, 19),
    last_date=date(2026, 11, 21), observed=60.0, expected=20.0, expected_low=4.0, expected_high=12.0, negative_count=45,
    strength=2.95, strength_low=2.0, strength_high=4.3, p_value=1e-6, q_value=1e-4, driver="delivery",
)  # fmt: skip


def posts(core: CoreTables, name: str, day: datetime, count: int, **how: Any) -> None:
    """Write posts spread over a day: sentiment, entity, copy_of (a mention_id), spam, text."""
    text = how.get("text", f"{how.get('sentiment', 'neutral')} words")
    ids = [f"{name}-{number}" for number in range(count)]
    with core.batch():
        core.execute(
            """
            insert into core.mentions (
                mention_id, source, native_id, author_key, author_kind, text, text_hash, language, published_at,
                collected_at, content_hash, changed_at
            )
            select id, $2, id, 'author-' || id, $3, $4, $5, 'en',
                $6::timestamptz + to_seconds(28800 + 40000 * place // len($1)), $6, 'c', $6
            from (select unnest($1) as id, unnest(range(len($1))) as place)
            """,
            ids,
            how.get("source", "forum"),
            how.get("author_kind", "person"),
            text,
            text_hash(text),
            day,
        )
        core.execute("insert into core.mention_entities select unnest($1), $2", ids, how.get("entity", "acme"))
        if "copy_of" in how:
            copies = [one for one in ids if one != how["copy_of"]]
            core.execute("insert into core.copies select unnest($1), $2, 'near', 0.9", copies, how["copy_of"])
        if how.get("is_spam"):
            core.execute("insert into core.spam select unnest($1), 'test'", ids)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Forty quiet days of two companies, then on the last full day what each test of a wave is about."""
    core = CoreTables(tmp_path_factory.mktemp("trends"))
    for sentiment in ("negative", "neutral"):
        core.reading(f"{sentiment} words", sentiment=sentiment)
    with core.batch():
        core.weights("*", -1.0, 0.0, 1.0, model=MODEL)
    with core.batch():
        write(core)
    trends(make_night(core.home))
    build(make_night(core.home))
    return core.home


def write(core: CoreTables) -> None:
    for back in range(40):
        day = LAST_DAY - timedelta(days=back)
        for entity, count in (("acme", 8), ("rival", 6), ("gadget", 4)):
            posts(core, f"{entity}-{back}", day, count + back % 3, entity=entity)
    posts(core, "wave", LAST_DAY, 36, sentiment="negative")
    posts(core, "joke", LAST_DAY, 25, entity="rival", text="A joke about ducks.", copy_of="joke-0")
    posts(core, "agency", LAST_DAY, 25, entity="gadget", copy_of="agency-0", author_kind="organisation", text="News.")
    posts(core, "spam", LAST_DAY, 40, entity="gadget", is_spam=True)
    posts(core, "new-source", LAST_DAY, 40, entity="other", source="new")
    core.execute("update core.mentions set published_at = null where mention_id like 'gadget-0-%'")


@pytest.fixture(scope="module")
def found(home: Home) -> list[dict[str, Any]]:
    return rows(home, "from marts.market_trends where part_of is null order by entity_id")


def test_the_wave_and_the_joke_are_found_and_nothing_else(found: list[dict[str, Any]]) -> None:
    """Spam, an agency's report in many papers and a source that is new make no waves."""
    assert [(one["entity_id"], one["kind"], one["measure"], one["severity"]) for one in found] == [
        ("acme", "surge", "mention_count", "critical"),
        ("rival", "competitor_move", "repeat_count", "info"),
    ]


def test_a_trend_says_what_happened_and_how_sure_that_is(found: list[dict[str, Any]]) -> None:
    wave, joke = found
    assert wave["summary"].startswith("Acme: 44 posts since 2026-11-22")
    assert "82% of them are negative" in wave["summary"]
    assert wave["strength_low"] < wave["strength"] < wave["strength_high"]
    assert wave["observed"] == 44
    assert wave["q_value"] < 0.05
    assert wave["status"] == "ongoing"
    assert len(wave["evidence_mention_ids"]) == 10
    assert all(one.startswith("wave-") for one in wave["evidence_mention_ids"])
    assert joke["evidence_mention_ids"][0] == "joke-0"
    assert "24 people have repeated it" in joke["summary"]


def test_a_day_that_is_not_over_is_expected_in_part(home: Home) -> None:
    """Nobody writes between midnight and half past two, so nothing is missing at half past two."""
    (today,) = rows(home, "from core.trend_days where series_id = 'entity:acme' and is_incomplete")
    assert today["published_date"] == date(2026, 11, 23)
    assert today["expected_count"] < 0.5
    (yesterday,) = rows(
        home, "from core.trend_days where series_id = 'entity:acme' and published_date = date '2026-11-22'"
    )
    assert 7 < yesterday["expected_count"] < 11
    assert yesterday["expected_low"] < 8 < yesterday["expected_high"] < 44
    assert yesterday["is_emerging"]


def test_the_first_week_is_too_early(home: Home) -> None:
    early = rows(home, "from core.trend_days where expected_count is null and entity_id = 'acme'")
    assert len(early) == 7


def test_a_trend_keeps_its_identity_and_its_row(home: Home, tmp_path: Path) -> None:
    """The same night again changes nothing; the next night goes on with it; a week later it has ended."""
    core_rows = "select trend_id, started_at, detected_at, status from core.trend_events order by trend_id"
    before = rows(home, core_rows)
    trends(make_night(home))
    assert rows(home, core_rows) == before
    trends(make_night(home, as_of=AS_OF + timedelta(days=1)))
    assert rows(home, core_rows) == before
    trends(make_night(home, as_of=AS_OF + timedelta(days=7), language="de"))
    after = {one["trend_id"]: one for one in rows(home, core_rows)}
    assert [after[one["trend_id"]] for one in before] == [one | {"status": "ended"} for one in before]
    (summary,) = rows(
        home, "select summary from core.trend_events where entity_id = 'acme' and measure = 'mention_count'"
    )
    assert summary["summary"].startswith("Acme: 44 Beiträge am 22.11.2026, das 4,")


def test_a_trend_whose_posts_are_gone_is_withdrawn(home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute("update core.mentions set deleted_at = now() where mention_id like 'wave-%'")
    trends(make_night(home, as_of=AS_OF + timedelta(days=1)))
    assert rows(home, "select distinct status from core.trend_events where entity_id = 'acme'") == [
        {"status": "withdrawn"}
    ]


def test_no_posts_are_no_trends(tmp_path: Path) -> None:
    core = CoreTables(tmp_path)
    assert trends(make_night(core.home)).series_count == 0


def entered(*told: Trend, known: list[Recorded] | None = None, day: int = 22) -> list[Recorded]:
    today = date(2026, 11, day)
    now = datetime(2026, 11, day, 2, tzinfo=UTC)
    signs = {(one.measure, one.direction, one.series_id): {one.first_date} for one in told}
    is_first = known is None
    look = Look(now, today, date(2026, 9, 1), None if is_first else today - timedelta(days=3), signs)
    return merge(known or [], told, look)


def test_an_event_that_goes_on_is_the_same_event() -> None:
    first = entered(TREND)
    longer = replace(TREND, first_date=date(2026, 11, 20), last_date=date(2026, 11, 23), severity="warning")
    (second,) = entered(longer, known=first, day=24)
    assert second.trend.trend_id == first[0].trend.trend_id
    assert (second.trend.first_date, second.trend.last_date) == (TREND.first_date, date(2026, 11, 23))
    assert (second.detected_at, second.trend.severity) == (first[0].detected_at, "warning")
    calmer = replace(longer, severity="info")
    assert entered(calmer, known=[second], day=24)[0].trend.severity == "warning"


def test_an_event_after_a_pause_is_another_one() -> None:
    first = entered(TREND)
    again = replace(TREND, first_date=date(2026, 11, 27), last_date=date(2026, 11, 28))
    both = entered(again, known=first, day=29)
    assert len({one.trend.trend_id for one in both}) == 2


def test_what_ended_long_ago_brings_nothing_new() -> None:
    old = replace(TREND, first_date=date(2026, 10, 1), last_date=date(2026, 10, 2))
    assert entered(old, known=[]) == []
    assert len(entered(old)) == 1


@pytest.mark.parametrize(
    ("trend", "language", "is_over", "said"),
    [
        (
            TREND,
            "en",
            False,
            "Acme: 60 posts since 2026-11-19, 3.0 times the 20 expected (95%: 2.0 to 4.3). 75% of them are negative. "
            "Mostly about: Delivery.",
        ),
        (
            replace(TREND, driver=None, negative_count=3),
            "de",
            True,
            "Acme: 60 Beiträge vom 19.11.2026 bis 21.11.2026, das 3,0-Fache der erwarteten 20 (95 %: 2,0 bis 4,3).",
        ),
        (
            replace(TREND, measure="net_sentiment", direction="down", aspect_id="delivery", observed=-0.4, expected=0.1,
                    strength=-0.5, strength_low=-0.7, strength_high=-0.25),
            "de",
            False,
            "Die Netto-Stimmung zu Acme, Delivery ist seit dem 19.11.2026 von +0,10 auf -0,40 gefallen "
            "(95 %: -0,70 bis -0,25).",
        ),
        (
            replace(TREND, measure="share_of_voice", observed=0.4, expected=0.3, strength=0.1, strength_low=0.04,
                    strength_high=0.16),
            "en",
            True,
            "Acme's share of voice rose from 30% to 40% from 2026-11-19 to 2026-11-21 (95%: +4 to +16 points).",
        ),
        (
            replace(TREND, series_id="topic:t1", entity_id=None, topic_id="t1", expected=0.2, driver=None,
                    negative_count=0),
            "de",
            False,
            "Thema „Ente“: 60 Beiträge seit dem 19.11.2026, erwartet waren so gut wie keine.",
        ),
    ],
)  # fmt: skip
def test_sentences(trend: Trend, language: str, is_over: bool, said: str) -> None:
    names = Names({"acme": "Acme"}, {"delivery": "Delivery"}, {"t1": "Ente"})
    assert sentence(trend, names, language, is_over=is_over) == said
