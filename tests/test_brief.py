"""The morning brief: five things to know with number, interval, posts and chart; harmless whatever posts say."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html
from scipy.stats import binomtest, poisson
from warehouse_fixture import AS_OF, CoreTables

from flows import runs
from flows.alerts import check_alerts
from flows.audit import audit
from flows.brief import Brief, as_mail, as_markdown, as_page, compose_brief, write_brief
from flows.brief.charts import Bars, Intervals, Row
from flows.brief.step import KEPT_BRIEFS
from flows.brief.words import ENGLISH, GERMAN
from flows.build import build
from flows.erasure.places import reports
from flows.erasure.traces import Traces
from flows.home import Home
from flows.mart_docs import mart_names
from flows.night import Night
from flows.notifications import notify
from flows.publish import publish
from flows.published import open_published
from flows.settings import Settings, parse_settings
from models.intervals import count_interval, ratio_of_counts, share_interval
from tests.mail_server import Inbox, running_inbox
from tests.night_process import marktecho

MAIL = "MARKTECHO_TEST_BRIEF"
SETTINGS = """
language: {language}
company: {{id: acme, name: "Acme <&> Söhne", query: acme}}
competitors: [{{id: rival, name: Rival, query: rival}}]
aspects: [delivery, price, quality]
alerts:
  quiet_hours: "00:00-23:59"
  channels: [{{name: board, url_variable: MARKTECHO_TEST_BRIEF, kinds: [], brief: true}}]
"""
HOSTILE = (
    "</q><script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(2)> [go](javascript:alert(3)) "
    '<!-- --> ``` \u202e {{ 7*7 }} & "quoted"'
)
TRENDS = ("a" * 16, "b" * 16)
DAY = timedelta(days=1)


def settings_of(language: str = "en") -> Settings:
    return parse_settings(SETTINGS.format(language=language))


def night_of(home: Home) -> Night:
    return Night("20261123T013000Z-000001", AS_OF, settings_of(), home)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published night, a Monday: a wave of complaints about delivery, a lead, posts that mean harm."""
    core = CoreTables(tmp_path_factory.mktemp("brief"))
    with core.batch():
        core.rule("complaints", "support", intents=["complaint"], priority=1, due_hours=40)
        core.rule("leads", "sales", intents=["switching"], priority=3)
        for number in range(14):
            for week, aspect in ((0, "delivery"), (1, "price")):
                tone = "negative" if number % 3 or week == 0 else "positive"
                core.mention(
                    f"acme{week}-{number}", published_at=AS_OF - (1 + 7 * week) * DAY - timedelta(hours=9 * number),
                    sentiment=tone, intent="complaint" if week == 0 else "praise", aspects={aspect: tone},
                    likes=number,
                )  # fmt: skip
                core.mention(
                    f"rival{week}-{number}", entities=["rival"], published_at=AS_OF - (1 + 7 * week) * DAY,
                    sentiment="positive" if week else "neutral",
                )  # fmt: skip
        core.mention("evil", text=HOSTILE, sentiment="negative", intent="complaint", likes=900)
        core.execute("update core.mentions set url = 'javascript:alert(4)' where mention_id = 'evil'")
        core.mention("leaving", entities=["rival"], intent="switching", sentiment="negative", text="I leave Rival.")
        core.mention("spam", spam="link_farm")
        core.trend(TRENDS[0], severity="critical", evidence=["evil", "acme0-1", "acme0-2"])
        core.trend(TRENDS[1], kind="competitor_move", entity="rival", status="ended", evidence=["rival0-1"])
        core.insert(
            "source_runs",
            [
                (night_of(core.home).run_id, "forum", AS_OF, AS_OF, "ok", None, 60, 57, 3, 0, "{}", "{}", None),
                (night_of(core.home).run_id, "news", AS_OF, AS_OF, "down", "<b>500</b>", 0, 0, 0, 0, "{}", "{}", None),
            ],
        )
    night = night_of(core.home)
    with runs.recorded(night):
        check_alerts(night)
        build(night)
        audit(night)
        publish(night)
    return core.home


def brief_of(home: Home, **options: Any) -> Brief:
    with open_published(home) as marts:
        return compose_brief(marts, settings_of(), **options)


@pytest.mark.parametrize("period", ["day", "week"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_five_things_each_with_number_interval_posts_and_chart(home: Home, language: str, period: Any) -> None:
    brief = brief_of(home, language=language, period=period)
    assert len(brief.points) == 5
    assert brief.points[0].is_critical
    assert brief.points[0].label == {"de": "Krise", "en": "Crisis"}[language]
    assert (brief.points[0].figure, brief.points[0].title.count("7,4" if language == "de" else "7.4")) == ("40", 1)
    for point in brief.points:
        assert re.search(r"\d", point.figure)
        assert re.search(r"\d.*(95|to|bis)", point.interval)
        assert point.posts
        assert etree.fromstring(point.chart.svg()) is not None
    assert len({point.subject for point in brief.points}) == 5
    quoted = [post.mention_id for point in brief.points for post in point.posts]
    assert len(quoted) == len(set(quoted))
    assert brief.alerts.lines[0].is_critical
    if language == "de":
        assert "Acme <&> Söhne" not in brief.points[0].says, "the table calls it Acme"
        assert "40 Beiträge seit dem" in brief.points[0].says


def test_what_needs_an_answer_leads_and_quality_are_there(home: Home) -> None:
    brief = brief_of(home)
    assert brief.answers.summary.endswith("overdue")
    assert all(line.label == "support" for line in brief.answers.lines)
    due = [line.note for line in brief.answers.lines if line.note.startswith("due")]
    assert due == sorted(due)
    assert brief.answers.more
    assert [line.says for line in brief.leads.lines if line.post and line.post.mention_id == "leaving"]
    notes = " ".join(brief.quality)
    assert "news did not deliver: <b>500</b>" in notes
    assert "3 broken records" in notes
    assert "1 spam" in notes


def test_the_page_runs_and_loads_nothing_whatever_posts_say(home: Home) -> None:
    page = as_page(brief_of(home))
    parsed = html.document_fromstring(page)
    assert parsed.xpath("//script | //img | //iframe | //link | //object | //form | //base | //*[@src]") == []
    assert not [name for element in parsed.iter() for name in element.attrib if name.lower().startswith("on")]
    for link in parsed.xpath("//a"):
        assert link.get("href").startswith("https://example.org/")
        assert "noopener" in link.get("rel")
    assert "url(" not in page
    assert "@import" not in page
    (quote,) = [q for q in parsed.xpath("//q") if "alert(1)" in q.text_content()][:1]
    assert quote.text_content().startswith("</q><script>alert(1)</script>")
    assert "{{ 7*7 }}" in page
    assert "\u202e" not in page
    assert parsed.xpath("//meta[@name='viewport']")
    assert "@media print" in page
    assert "<title>Acme &lt;&amp;&gt; Söhne: Morning brief, Monday, 23 Nov 2026</title>" in page


def test_mail_and_markdown_are_as_harmless(home: Home) -> None:
    mail = html.fragment_fromstring(as_mail(brief_of(home)), create_parent="div")
    assert mail.xpath(".//script | .//img | .//svg | .//*[@src]") == []
    assert {link.get("href")[:20] for link in mail.xpath(".//a")} == {"https://example.org/"}
    markdown = as_markdown(brief_of(home, language="de"))
    assert "# Acme \\<\\&\\> Söhne: Morgenbericht" in markdown
    for danger in ("<script", "](javascript", "<img"):
        assert danger not in markdown.replace("\\<", "")
    fences = [line for line in markdown.splitlines() if line.startswith("```")]
    assert len(fences) == 10


def test_the_night_keeps_its_briefs_for_a_while_and_erasure_takes_them(home: Home) -> None:
    night, folder = night_of(home), home.reports / "briefs"
    for day in range(1, 29):
        for name in (f"2026-10-{day:02}.html", f"2026-10-{day:02}.md", f"2026-10-{day:02}-week.html"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text("old", encoding="utf-8")
    pages = write_brief(night).pages
    assert [page.name for page in pages] == ["2026-11-23.html", "2026-11-23-week.html"]
    assert "Weekly brief" in pages[1].read_text(encoding="utf-8")
    kept = sorted(path.name for path in folder.iterdir())
    assert len([name for name in kept if re.fullmatch(r"[\d-]+\.html", name)]) == KEPT_BRIEFS
    assert len([name for name in kept if name.endswith("-week.html")]) == KEPT_BRIEFS
    assert "2026-10-01.md" not in kept
    assert (folder / "latest.html").read_bytes() == (folder / "2026-11-23.html").read_bytes()
    assert (folder / "latest.html").stat().st_mode & 0o077 == 0

    class Gone:
        traces = Traces.of([HOSTILE], ["evil"])

    reports.erase(home, Gone())  # type: ignore[arg-type]
    left = {path.name for path in folder.iterdir() if "2026-10" not in path.name}
    assert left == set()


def test_a_channel_gets_the_brief_once_with_its_charts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    night = night_of(home)
    write_brief(night)
    with running_inbox() as inbox:
        monkeypatch.setenv(MAIL, inbox.address)
        assert notify(night, now=AS_OF + timedelta(hours=25)).message_count == 0, "yesterday's paper"
        inbox.is_full = True
        assert notify(night, now=AS_OF).failures.keys() == {"board"}
        inbox.is_full = False
        assert notify(night, now=AS_OF).message_count == 2
        assert notify(night, now=AS_OF).message_count == 0
    check_mail(inbox)


def check_mail(inbox: Inbox) -> None:
    day, week = inbox.mails
    assert day["subject"].strip() == "Acme <&> Söhne: Morning brief, Monday, 23 Nov 2026"
    assert week["subject"].strip().startswith("Acme <&> Söhne: Weekly brief")
    body = day.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in body
    assert "Five things to know" in body
    (page,) = day.iter_attachments()
    assert page.get_filename() == "2026-11-23.html"
    assert "<svg" in page.get_content() if isinstance(page.get_content(), str) else b"<svg" in page.get_content()


def test_the_command_writes_it_in_either_language(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text(SETTINGS.format(language="en"), encoding="utf-8")
    arguments = ("brief", "--config", config, "--home", home.root)
    done = marktecho(*arguments, "--period", "week", "--language", "de")
    assert done.code == 0, done.errors
    assert done.output.startswith("# Acme")
    assert "Wochenbericht" in done.output
    page = tmp_path / "brief.html"
    assert marktecho(*arguments, "--output", page).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_both_languages_have_words_for_everything() -> None:
    assert ENGLISH.keys() == GERMAN.keys()
    for name, said in ENGLISH.items():
        assert type(said) is type(GERMAN[name])
        if isinstance(said, str):
            assert set(re.findall(r"{(\w+)}", said)) == set(re.findall(r"{(\w+)}", GERMAN[name])), name


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40), st.text(max_size=20))
@settings(max_examples=50)
def test_any_counts_make_a_chart(values: list[int], title: str) -> None:
    clean = "".join(char for char in title if char.isprintable())
    chart = Bars(clean, values, frozenset({len(values) - 1}), "1 Nov", "9 Nov", level=3.5, level_name=clean)
    drawn = etree.fromstring(chart.svg())
    bars = drawn.findall("{*}rect")
    assert len(bars) == len(values)
    assert all(float(bar.get("height")) >= 0 for bar in bars)
    assert len(chart.text().split(" ")[2]) == len(values)
    row = Row(clean, 2.0, -5.0, 9.0, clean, is_ours=True)
    assert etree.fromstring(Intervals(clean, [row], -1, 1, middle=0).svg()) is not None


@pytest.mark.parametrize(("now", "before"), [(47, 3), (3, 47), (5, 5), (1, 0), (0, 4)])
def test_ratios_have_the_exact_limits_of_their_share(now: int, before: int) -> None:
    low, high = ratio_of_counts(now, before, length_ratio=0.25)
    exact = binomtest(now, now + before).proportion_ci(method="exact")
    assert low == pytest.approx(exact.low / (1 - exact.low) / 0.25, rel=1e-9)
    if before:
        assert high == pytest.approx(exact.high / (1 - exact.high) / 0.25, rel=1e-9)
    else:
        assert math.isinf(high)


def test_counts_and_shares_have_published_intervals() -> None:
    """Garwood's limits leave 2.5% on either side; Wilson's for 10 of 100 stand in his successors' tables."""
    assert count_interval(0) == (0.0, pytest.approx(3.689, abs=1e-3))
    low, high = count_interval(10)
    assert poisson.sf(9, low) == pytest.approx(0.025)
    assert poisson.cdf(10, high) == pytest.approx(0.025)
    assert share_interval(10, 100) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert share_interval(0, 0) == (0.0, 1.0)


def test_a_night_without_posts_says_that_it_is_too_early(home: Home) -> None:
    with duckdb.connect() as empty:
        empty.execute(f"attach '{home.marts}' as published (read_only)")
        empty.execute("create schema marts")
        for table in mart_names():
            rows = "" if table == "runs" else "limit 0"
            empty.execute(f"create table marts.{table} as from published.{table} {rows}")
        page = as_page(compose_brief(empty, settings_of()))
    for said in ("no_points", "leads_none", "answers_none", "no_alerts"):
        assert ENGLISH[said] in page
