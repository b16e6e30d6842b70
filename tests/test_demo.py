"""`marktecho demo` as a new user runs it: what the script plants is the ground truth of what the marts must show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dashboard import words as page_words
from flows.demo.run import LEAK_NAME
from flows.demo.story.cast import DAYS, FIRST_DAY, SECRET_PROJECT, Event, Post, day_start
from flows.demo.story.companies import ANSWERED_SHARE, OWN_POSTS_PER_WEEK, USUAL_HOURS
from flows.demo.story.script import JOKE_COPIES, SPAM_COPIES, Script
from flows.demo.survey.responses import PLANS_GROWTH
from tests import browser
from tests.night_process import Done, marktecho

VIEWS = {
    name: page_words._WORDS[name]
    for name in (
        "overview",
        "mentions",
        "feedback",
        "topics",
        "competitors",
        "leads",
        "queues",
        "leaks",
        "index",
        "sources",
    )
}
"""Every view of the page with its title in English and German."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="module")
def demo(home: Path) -> Done:
    return marktecho("demo", "--home", home, timeout=800)


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


@pytest.fixture(scope="module")
def marts(demo: Done, home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    assert demo.code == 0, demo.errors
    with duckdb.connect(str(home / "published" / "marts.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def one(marts: duckdb.DuckDBPyConnection, sql: str, *values: object) -> object:
    row = marts.execute(sql, list(values)).fetchone()
    assert row is not None
    return row[0]


def listened(script: Script) -> list[Post]:
    """Posts that name a listened brand and whose author neither opted out nor deleted them."""
    names = ("velumo", "pedelo", "rollwerk", "entenklingel")
    return [
        post
        for post in script.posts
        if any(name in f"{post.title} {post.text}".lower() for name in names)
        and not post.is_opted_out
        and post.event is not Event.DELETED
    ]


def test_it_ends_well_and_says_what_it_found(demo: Done, home: Path) -> None:
    assert demo.code == 0, demo.errors
    for words in (
        "Velumo",
        "net sentiment",
        "share of voice",
        "Leads",
        "support",
        str(home / "published" / "marts.duckdb"),
    ):
        assert words in demo.output


def test_every_post_about_a_listened_brand_is_there_once(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    expected = len(listened(script))
    found = one(
        marts,
        "select count(*) from mentions where list_has_any(entity_ids, ['velumo', 'pedelo', 'rollwerk'])",
    )
    assert found == expected
    assert one(marts, "select count(*) - count(distinct mention_id) from mentions") == 0


def test_the_launch_is_heard(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    day = day_start(script.end, FIRST_DAY[Event.LAUNCH]).date()
    busiest = one(
        marts, "select arg_max(published_date, mention_count) from entity_daily where entity_id = 'velumo_cargo'"
    )
    assert abs((busiest - day).days) <= 1  # type: ignore[operator]
    assert one(marts, "select count(*) from entity_daily where entity_id = 'velumo_cargo' and mention_count > 0") <= 8  # type: ignore[operator]


def test_the_delivery_disaster_stands_out(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    start = day_start(script.end, FIRST_DAY[Event.DELIVERY_DISASTER]).date()
    weekly = marts.execute(
        """
        select date_diff('day', published_date, $start) > 0 as is_before, count(*) / count(distinct published_date)
        from mention_aspects
        where entity_id = 'velumo' and aspect_id = 'delivery' and sentiment = 'negative'
        group by all
        """,
        {"start": start},
    ).fetchall()
    per_day = dict(weekly)
    assert per_day[False] >= 3 * per_day[True]
    before, during = (
        one(
            marts,
            "select avg(net_sentiment) from entity_daily where entity_id = 'velumo' and published_date between ? and ?",
            first,
            last,
        )
        for first, last in ((start - timedelta(days=21), start - timedelta(days=1)), (start, start + timedelta(days=5)))
    )
    assert during < before - 0.2  # type: ignore[operator]
    assert one(marts, "select count(*) from department_queue where department = 'support' and priority <= 2") >= 20  # type: ignore[operator]


def test_the_competitors_price_rise_brings_leads(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    start = day_start(script.end, FIRST_DAY[Event.PRICE_RISE]).date()
    during, otherwise = marts.execute(
        """
        select
            count(*) filter (where cast(published_at as date) between $start and $start + 2) / 3,
            count(*) filter (where cast(published_at as date) not between $start and $start + 2) / $other_days
        from sales_leads
        where lead_kind = 'switch_from_competitor'
        """,
        {"start": start, "other_days": DAYS - 3},
    ).fetchone()  # type: ignore[misc]
    assert during >= 5
    assert during > 8 * otherwise


def test_the_planted_events_are_trends_and_only_the_disaster_is_critical(
    marts: duckdb.DuckDBPyConnection, script: Script
) -> None:
    """The launch, the price rise, the joke that goes round and the disaster, each near its day and with its posts."""
    found = marts.execute(
        """
        select entity_id, kind, measure, severity, cast(timezone('Europe/Berlin', started_at) as date)
        from market_trends
        where part_of is null and measure <> 'share_of_voice'
        """
    ).fetchall()
    starts = {(entity, kind, measure): day for entity, kind, measure, _, day in found}
    for key, event, latest in (
        (("velumo_cargo", "surge", "mention_count"), Event.LAUNCH, 1),
        (("pedelo", "competitor_move", "mention_count"), Event.PRICE_RISE, 1),
        (("velumo", "surge", "repeat_count"), Event.VIRAL_JOKE, 1),
    ):
        days = (starts[key] - day_start(script.end, FIRST_DAY[event]).date()).days
        assert -1 <= days <= latest, (key, days)
    critical = marts.execute(
        "select entity_id, measure, cast(started_at as date), summary from market_trends where severity = 'critical'"
    ).fetchall()
    assert [(entity, measure) for entity, measure, *_ in critical] == [("velumo", "mention_count")]
    days = (critical[0][2] - day_start(script.end, FIRST_DAY[Event.DELIVERY_DISASTER]).date()).days
    assert -2 <= days <= 2
    assert "Delivery" in critical[0][3]


def test_copies_and_spam_are_no_waves(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    """No trend begins with the spam wave; the joke is a trend of its own kind, not many posts."""
    for event in (Event.SPAM_WAVE, Event.VIRAL_JOKE):
        day = day_start(script.end, FIRST_DAY[event])
        waves = one(
            marts,
            "select count(*) from market_trends where measure = 'mention_count' and started_at between ? and ?",
            day - timedelta(days=1),
            day + timedelta(days=2),
        )
        assert waves == 0, event
    assert (
        one(
            marts,
            "select count(*) from market_trends, unnest(evidence_mention_ids) as e(mention_id) "
            "join mentions using (mention_id) where is_spam",
        )
        == 0
    )


def test_the_summary_names_the_disaster_first(demo: Done) -> None:
    assert "Critical: Velumo: " in demo.output
    assert "What stands out" in demo.output


def test_the_viral_joke_is_one_original(marts: duckdb.DuckDBPyConnection) -> None:
    total, originals = marts.execute(
        "select count(*), count(*) filter (where not is_copy) from mentions where text ilike '%entenklingel%'"
    ).fetchone()  # type: ignore[misc]
    assert (total, originals) == (JOKE_COPIES, 1)


def test_the_spam_wave_is_marked_and_counts_for_nothing(marts: duckdb.DuckDBPyConnection) -> None:
    total, spam = marts.execute(
        "select count(*), count(*) filter (where is_spam) from mentions where text ilike '%gratis e-bike%'"
    ).fetchone()  # type: ignore[misc]
    assert (total, spam) == (SPAM_COPIES, SPAM_COPIES)
    assert one(marts, "select count(*) from mentions where is_spam and text not ilike '%gratis e-bike%'") == 0
    assert one(marts, "select count(*) from sales_leads join mentions using (mention_id) where is_spam") == 0


def test_deleted_posts_are_gone(marts: duckdb.DuckDBPyConnection) -> None:
    assert (
        one(marts, "select count(*) from mentions where text ilike '%gegen die mauer%' or text ilike '%ganzen laden%'")
        == 0
    )


def test_opted_out_authors_are_left_out(marts: duckdb.DuckDBPyConnection) -> None:
    assert one(marts, "select count(*) from mentions where text ilike '%bleibt bei mir%'") == 0


def test_personal_data_is_redacted(marts: duckdb.DuckDBPyConnection) -> None:
    texts = [
        row[0]
        for row in marts.execute(
            "select text from mentions where text ilike '%[email]%' or text ilike '%[iban]%'"
        ).fetchall()
    ]
    assert len(texts) == 2
    assert not any(secret in text for text in texts for secret in ("beispiel", "9876543", "DE89", "Musterstraße"))


def test_undated_articles_stay_undated(marts: duckdb.DuckDBPyConnection, script: Script) -> None:
    expected = sum(post.has_no_date for post in listened(script))
    assert expected > 0
    assert one(marts, "select count(*) from mentions where published_at is null") == expected


def test_topics_are_found_in_both_languages_and_kept_over_the_second_night(
    marts: duckdb.DuckDBPyConnection, home: Path
) -> None:
    by_topic = marts.execute(
        """
        select
            count(*) filter (where language = 'de') as german_count,
            count(*) filter (where language = 'en') as english_count,
            count(*) filter (where regexp_matches(text, 'verschoben|postponed')) as postponed_count
        from mentions
        where topic_id is not null and not is_copy and not is_spam
        group by topic_id
        """
    ).fetchall()
    assert sum(german > 0 and english > 0 for german, english, _ in by_topic) >= 0.8 * len(by_topic)
    postponed = [count for _, _, count in by_topic]
    assert max(postponed) >= 0.5 * sum(postponed)
    assert one(marts, "select count(*) from topics where label_de = '' or label_en = ''") == 0
    assert 5 <= one(marts, "select count(*) from topics where status <> 'retired'") <= 40  # type: ignore[operator]
    assert (
        one(marts, "select avg(cast(topic_id is null as integer)) from mentions where not is_copy and not is_spam")
        <= 0.15  # type: ignore[operator]
    )
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        assert one(warehouse, "select count(*) from core.topic_events where kind in ('merged', 'reassigned')") == 0


def test_the_index_tells_who_answers_and_who_posts(marts: duckdb.DuckDBPyConnection) -> None:
    found = {
        row[0]: row[1:]
        for row in marts.execute(
            """
            select entity_id, answered_share, answer_hours, own_post_count, responsiveness, activity, missing_components
            from business_index
            where period_kind = 'last_90_days'
            """
        ).fetchall()
    }
    for company, (answered, hours, own_posts, *_, missing) in found.items():
        name = company.title()
        assert abs(answered - ANSWERED_SHARE[name]) < 0.15, company
        assert 0.4 * USUAL_HOURS[name] < hours < 1.8 * USUAL_HOURS[name], company
        assert abs(own_posts - OWN_POSTS_PER_WEEK[name] * DAYS / 7) < 12, company
        assert missing == [], company
    by_answers, by_posts = (sorted(found, key=lambda one: -found[one][place]) for place in (3, 4))
    assert by_answers == ["pedelo", "velumo", "rollwerk"]
    assert by_posts == ["pedelo", "velumo", "rollwerk"]
    assert one(marts, "select count(*) from business_index where index_value not between 0 and 100") == 0
    assert one(marts, "select count(distinct period) from business_index where period_kind = 'month'") >= 2  # type: ignore[operator]


def test_the_survey_shows_what_was_planted_and_nothing_else_as_certain(marts: duckdb.DuckDBPyConnection) -> None:
    everybody = "size_class = 'all' and is_latest_wave"
    growth, low, high = marts.execute(
        f"""
        select change, change_low, change_high from survey_index
        where question_id = 'invests' and answer_id = 'top' and industry = 'all' and {everybody}
        """
    ).fetchone()  # type: ignore[misc]
    assert low < PLANS_GROWTH < high and growth > 0.1
    certain = marts.execute(
        f"select distinct question_id from survey_index where is_change_certain and industry = 'all' and {everybody}"
    ).fetchall()
    assert certain == [("invests",)]
    regularly = dict(
        marts.execute(
            f"""
            select industry, share from survey_index
            where question_id = 'listens' and answer_id = 'regularly' and {everybody}
            """
        ).fetchall()
    )
    assert regularly["manufacturing"] > regularly["services"] > regularly["retail"]
    # manufacturing answers too often: what counts is its part of the population
    assert regularly["all"] < (regularly["manufacturing"] + regularly["retail"]) / 2
    assert one(marts, "select count(*) from survey_index where respondent_count < 10") == 0


def test_both_nights_are_recorded(marts: duckdb.DuckDBPyConnection) -> None:
    nights = marts.execute(
        "select outcome, audit_result from runs where audit_result is not null order by started_at"
    ).fetchall()
    assert nights == [("done", "passed"), ("done", "passed")]


def test_a_folder_of_someone_else_is_not_wiped(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    done = marktecho("demo", "--home", tmp_path)
    assert done.code == 2
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "mine"


def test_the_planted_leak_is_found_and_told_to_nobody_else(demo: Done, home: Path, script: Script) -> None:
    assert demo.code == 0, demo.errors
    with duckdb.connect(str(home / "published" / "restricted" / "leaks.duckdb"), read_only=True) as leaks:
        found = leaks.execute("select label, kind, status, contains(excerpt, ?) from leak_findings", [SECRET_PROJECT])
        expected = sum(post.event is Event.LEAK for post in script.posts)
        assert found.fetchall() == [(LEAK_NAME, "term", "open", True)] * expected
    told = demo.output + demo.errors + (home / "reports" / "latest.json").read_text(encoding="utf-8")
    assert LEAK_NAME not in told
    for path in (home / "published" / "marts.duckdb", home / "warehouse.duckdb", *home.glob("prefect/*.db*")):
        assert LEAK_NAME.encode() not in path.read_bytes(), path


@pytest.mark.skipif(not browser.IS_THERE, reason="Chromium and its driver cannot be installed with pip")
def test_a_browser_walks_every_view_and_sees_the_second_night_come(demo: Done, home: Path, tmp_path: Path) -> None:
    assert demo.code == 0, demo.errors
    second = sorted(path.stem.removeprefix("marts-") for path in (home / "published" / "versions").glob("*.duckdb"))[-1]
    assert marktecho("rollback", "--home", home).code == 0
    with browser.page_in_browser(home, tmp_path) as page:
        page.press("Deutsch")
        assert page.title == "Übersicht"
        page.go_to("Aufgaben")
        page.press("Übernehmen")
        page.go_to("Übersicht")
        first_words = page.text
        assert marktecho("rollback", "--home", home, "--to", second).code == 0
        page.wait_until(lambda: page.text != first_words, "the second night")
        page.settle()

        walked = {}
        for place, label in enumerate(("English", "Deutsch")):
            page.press(label)
            for view, titles in VIEWS.items():
                page.go_to(titles[place])
                walked[view, label] = page.text
                if view in ("overview", "feedback", "competitors"):
                    assert page.chart_count >= 1, view
        assert "surge" in walked["overview", "English"] and "Delivery" in walked["overview", "English"]
        assert "Anstieg" in walked["overview", "Deutsch"] and "Pedelo" in walked["overview", "Deutsch"]
        assert "Kundendienst (" in walked["queues", "Deutsch"]

        page.go_to("Aufgaben")
        page.press("offen")
        assert page.text.count("in Arbeit") > 1, "the post taken in the first night, beside the filter's word"

        page.go_to("Erwähnungen")
        page.write("Lieferung lässt auf sich warten")
        page.wait_for("200 Beiträge, der beste Treffer zuerst")
        page.choose_first_row()
        page.wait_for("Gesprächsverlauf")
        page.press("Genaue Wörter")
        page.write("Pedelo teurer")
        page.wait_for("die neuesten zuerst")
        rows = pl.read_csv(page.download("mentions.csv"))
        shown = next(line for line in page.text.splitlines() if "die neuesten zuerst" in line)
        assert shown.startswith(f"{rows.height} von {rows.height},")
        assert all("pedelo" in text.lower() and "teurer" in text.lower() for text in rows["text"])
