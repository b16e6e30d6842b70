"""What a night says about itself in the morning: facts to act on, in the reader's language, nothing empty."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from warehouse_fixture import AS_OF, CoreTables

from flows import runs
from flows.audit import audit
from flows.build import build
from flows.home import Home
from flows.night import Night
from flows.publish import publish
from flows.settings import parse_settings
from flows.summary import NightSummary, latest_summary, summarise
from flows.summary.words import ENGLISH, GERMAN, INTENTS, LEAD_KINDS
from flows.warehouse import sql_folder
from models.reading import INTENTS as MODEL_INTENTS

SETTINGS = """
language: {language}
company: {{id: acme, name: Acme, query: acme}}
competitors: [{{id: rival, name: Rival, query: rival}}]
aspects: [delivery, price, quality]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published week: complaints about delivery, a lead, and praise for a price that is only a copy."""
    core = CoreTables(tmp_path_factory.mktemp("summary"))
    with core.batch():
        core.rule("complaints", "support", intents=["complaint"], priority=1)
        for number in range(3):
            core.mention(
                f"late{number}", sentiment="negative", intent="complaint", aspects={"delivery": "negative"},
                text=f"Nothing came, *twice* | order {number}.",
            )  # fmt: skip
        core.mention("first", published_at=AS_OF - timedelta(days=40), intent="praise", aspects={"price": "positive"})
        core.mention("again", copy_of="first", intent="praise", aspects={"price": "positive"})
        core.mention("leaving", entities=["rival"], intent="switching", sentiment="negative")
    night = make_night(core.home, "en")
    with runs.recorded(night):
        build(night)
        audit(night)
        publish(night)
    return core.home


def make_night(home: Home, language: str) -> Night:
    return Night("20261123T013000Z-1", AS_OF, parse_settings(SETTINGS.format(language=language)), home)


def summary(home: Home, language: str) -> NightSummary:
    """Summarised, and read back as the command line does."""
    summarise(make_night(home, language))
    return latest_summary(home)


def test_it_begins_with_what_needs_doing(home: Home) -> None:
    told = summary(home, "en")
    assert [line for line in told.headlines if "3 posts need someone at once, most of them in support (3)" in line]
    assert [line for line in told.headlines if "1 leads, 1 of them people who leave a competitor" in line]
    assert [line for line in told.headlines if "Delivery, complaints: 3 posts (before: 0)" in line]


def test_a_channel_that_took_nothing_is_named(home: Home) -> None:
    summarise(make_night(home, "en"), {"board": "connection refused"})
    assert "The channel board did not take its messages" in latest_summary(home).headlines[-1]
    assert latest_summary(home).headlines[-1].endswith("connection refused")


def test_rows_without_originals_are_left_out_and_kinds_are_words(home: Home) -> None:
    told = summary(home, "de")
    _trends, _voices, feedback, leads, *_ = told.sections
    assert [(row[0], row[1], row[2]) for row in feedback.rows] == [("Lieferung", "Beschwerden", "3")]
    assert [row[0] for row in leads.rows] == ["verlässt einen Wettbewerber"]
    assert told.title == "Die Nacht zum 2026-11-23"


def test_words_of_posts_cannot_break_the_table_of_the_report(home: Home) -> None:
    summary(home, "en")
    report = Path(home.reports / "night-20261123T013000Z-1.md").read_text(encoding="utf-8")
    (row,) = [line for line in report.splitlines() if "Nothing came" in line]
    assert r"\*twice\* \| order" in row
    assert row.replace(r"\|", "").count("|") == len(ENGLISH["feedback_columns"]) + 1


def test_both_languages_have_words_for_everything() -> None:
    assert ENGLISH.keys() == GERMAN.keys()
    suite = yaml.safe_load((sql_folder() / "expectations" / "sales_leads.yaml").read_text(encoding="utf-8"))
    (kinds,) = [one["values"] for one in suite["columns"]["lead_kind"] if one["expect"] == "in_set"]
    for language in ("en", "de"):
        assert LEAD_KINDS[language].keys() == set(kinds)
        assert INTENTS[language].keys() == set(MODEL_INTENTS)
