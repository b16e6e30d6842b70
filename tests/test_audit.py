"""The audit: every broken promise is found and named, warnings do not stop the night, Data Docs are kept."""

from __future__ import annotations

import re
import resource
import shutil
from pathlib import Path

import pytest
from warehouse_fixture import AS_OF, CoreTables, make_night, rows

from flows import audit as audit_step
from flows import runs
from flows.audit import audit
from flows.build import build
from flows.errors import AuditRefused, ExitCode, MarktechoError
from flows.expectations import load_suites
from flows.home import Home
from flows.mart_docs import mart_names
from flows.validator import Validator
from flows.warehouse import connect, sql_folder

RUN = "20261123T013000Z-000001"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with at least one row in every mart."""
    core = CoreTables(tmp_path_factory.mktemp("audited"))
    with core.batch():
        core.rule("complaints", "support", intents=["complaint"], priority=1)
        core.rule("all", "marketing", position=2, priority=3)
        core.mention("m1", sentiment="negative", intent="complaint", aspects={"delivery": "negative"}, reach=100)
        core.mention("m2", entities=["rival", "acme"], sentiment="positive", intent="switching", language="de")
        core.mention(
            "m3",
            sentiment="negative",
            text="Text of m1.",
            intent="complaint",
            aspects={"delivery": "negative"},
            copy_of="m1",
        )
        core.mention("m4", sentiment="negative", published_at=None)
        core.insert("source_runs", [(RUN, "forum", AS_OF, AS_OF, "ok", None, 4, 4, 0, 0, None, None, AS_OF)])
        core.execute("insert into core.runs (run_id, started_at, as_of) values (?, ?, ?)", RUN, AS_OF, AS_OF)
    build(make_night(core.home))
    return core.home.root


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Home:
    shutil.copytree(built, tmp_path / "home")
    return Home.locate(tmp_path / "home")


def spoil(home: Home, *statements: str) -> None:
    with connect(home) as warehouse:
        for statement in statements:
            warehouse.execute(statement)


def refusal(home: Home, run_id: str = RUN) -> str:
    with pytest.raises(AuditRefused) as caught:
        audit(make_night(home, run_id=run_id))
    assert caught.value.exit_code == ExitCode.AUDIT_REFUSED == 3
    return str(caught.value)


def test_good_marts_pass_and_the_verdict_is_recorded(home: Home) -> None:
    result = audit(make_night(home))
    assert result.critical == [] and result.warnings == []
    assert result.expectation_count > 100
    assert rows(home, "select audit_result from core.runs") == [{"audit_result": "passed"}]
    assert rows(home, "select run_id, audit_result from core.audits") == [{"run_id": RUN, "audit_result": "passed"}]


SPOILT = [
    ("update marts.mentions set p_negative = 7 where mention_id = 'm1'", "mentions: p_negative is between 0.0 and 1.0"),
    ("update marts.mentions set sentiment = 'angry' where mention_id = 'm1'", "mentions: sentiment is one of negative"),
    ("update marts.mentions set text = null where mention_id = 'm1'", "mentions: text is not null"),
    ("insert into marts.mentions from marts.mentions where mention_id = 'm1'", "mentions: the_key_is_unique"),
    ("delete from marts.mentions where mention_id = 'm4'", "mentions: every_matched_mention_is_published"),
    (
        "insert into core.tombstones values ('forum', 'n', 'm4', 'deleted', now())",
        "mentions: nothing_deleted_is_published",
    ),
    ("update core.mentions set text = 'edited' where mention_id = 'm4'", "mentions: the_text_is_the_current_one"),
    ("update marts.mentions set entity_ids = [] where mention_id = 'm4'", "mentions: every_mention_has_an_entity"),
    ("update marts.mentions set copy_of = 'gone' where mention_id = 'm3'", "mentions: copies_name_an_original"),
    ("alter table marts.mentions drop column reach", "mentions: the_columns_are_the_documented_ones"),
    ("alter table marts.mentions add column author varchar", "mentions: the_columns_are_the_documented_ones"),
    ("delete from marts.mention_aspects", "mention_aspects: every_aspect_of_a_mention_is_here"),
    ("update marts.mention_aspects set mention_id = 'x'", "mention_aspects: every_row_belongs_to_a_mention"),
    ("update marts.entity_daily set mention_count = mention_count + 1", "entity_daily: days_add_up_to_the_mentions"),
    (
        "update marts.entity_daily set share_of_voice = 0.4 where mention_count > 0",
        "entity_daily: shares_of_voice_add_up",
    ),
    (
        "update marts.entity_daily set net_sentiment_low = 1 where scored_count > 0",
        "entity_daily: the_interval_holds_the_estimate",
    ),
    ("delete from marts.entity_daily where mention_count = 0 and not is_incomplete", "entity_daily: no_day_is_missing"),
    ("update marts.aspect_weekly set week_start_date = week_start_date + 1", "aspect_weekly: weeks_begin_on_monday"),
    ("update marts.aspect_weekly set example_mention_ids = ['m3']", "aspect_weekly: examples_are_originals"),
    ("update marts.aspect_weekly set mention_count = 9", "aspect_weekly: weeks_add_up_to_the_aspects"),
    (
        "update marts.customer_feedback set mention_count = 100 where window_days = 7",
        "customer_feedback: a_longer_window_holds_the_shorter",
    ),
    ("update marts.customer_feedback set negative_count = 9", "customer_feedback: sentiments_add_up"),
    (
        "update marts.entity_windows set mention_count = 100 where window_days = 7",
        "entity_windows: longer_windows_hold_shorter_ones",
    ),
    ("update marts.sales_leads set score = 1.5", "sales_leads: score is between 0.0 and 1.0"),
    ("update marts.sales_leads set entity_id = 'gadget'", "sales_leads: every_lead_is_an_original_mention"),
    ("update marts.department_queue set priority = 9", "department_queue: priority is one of 1, 2, 3, 4"),
    (
        "update marts.mentions set department = 'marketing' where mention_id = 'm1'",
        "department_queue: the_mention_names_its_first_department",
    ),
    ("update core.source_runs set outcome = 'fine'", "source_health: outcome is one of"),
    ("update core.runs set outcome = 'great'", "runs: outcome is one of"),
]


def test_every_broken_promise_is_found_and_named(home: Home, tmp_path: Path) -> None:
    """Each is broken alone and mended again; the Data Docs, which take most of an audit's time, are left out."""
    suites = {suite.table: suite for suite in load_suites()}
    for number, (statement, expected) in enumerate(SPOILT):
        with connect(home) as warehouse:
            warehouse.begin()
            warehouse.execute(statement)
            validator = Validator(tmp_path / str(number), RUN)
            suite = suites[expected.partition(":")[0]]
            failures = audit_step._column_failures(warehouse, suite, validator)
            failures += audit_step._check_failures(warehouse, suite, validator)
            warehouse.rollback()
        found = "\n".join(str(failure) for failure in failures if failure.severity == "critical")
        assert expected in found, f"{statement}\n{found}"


def test_a_refusal_names_table_expectation_count_samples_and_docs(home: Home) -> None:
    spoil(home, "update marts.mentions set p_negative = 7")
    message = refusal(home)
    line = next(line for line in message.splitlines() if "p_negative is between" in line)
    assert "(4 failing)" in line
    assert {"m1", "m2", "m3", "m4"} == set(re.findall(r'"mention_id": "(m\d)"', line))
    assert "Text of" not in message, "samples show keys and the failing value, not what people wrote"
    page = Path(message.split("Data Docs: ")[1].strip())
    assert page.is_file()
    text = "".join(part.read_text(encoding="utf-8") for part in page.parent.rglob("*.html"))
    assert "p_negative" in text and "every_matched_mention_is_published" in text
    assert rows(home, "select audit_result from core.runs") == [{"audit_result": "refused"}]
    assert rows(home, "select audit_result from core.audits") == [{"audit_result": "refused"}]


def test_all_failures_are_counted_but_five_are_shown(home: Home) -> None:
    spoil(home, "insert into marts.sales_leads by name select 'x' || i as mention_id, -1 as score from range(40) r(i)")
    message = refusal(home)
    line = next(line for line in message.splitlines() if "score is between" in line)
    assert "(40 failing)" in line and line.count('"score"') == 5
    line = next(line for line in message.splitlines() if "every_lead_is_an_original_mention" in line)
    assert "(40 failing)" in line and line.count('"mention_id"') == 5


def test_warnings_are_reported_and_do_not_refuse(home: Home) -> None:
    spoil(
        home,
        "update core.mentions set text = text || ' write to jo@example.org' where mention_id = 'm4'",
        "update marts.mentions set text = text || ' write to jo@example.org' where mention_id = 'm4'",
        "update marts.mentions set language = 'Klingon' where mention_id = 'm2'",
    )
    result = audit(make_night(home))
    assert [(failure.table, failure.expectation.split(":")[0], failure.count) for failure in result.warnings] == [
        ("mentions", "language matches ^[a-z]{2,3}$", 1),
        ("mentions", "no_email_address_is_left", 1),
    ]
    assert rows(home, "select audit_result from core.audits") == [{"audit_result": "passed"}]


def test_a_recorded_run_ends_as_refused(home: Home) -> None:
    spoil(home, "update marts.sales_leads set score = 2", "delete from core.runs")
    night = make_night(home, run_id="20261124T013000Z-000002")
    with pytest.raises(AuditRefused), runs.recorded(night):
        audit(night)
    (run,) = rows(home, "select outcome, audit_result, message from core.runs")
    assert (run["outcome"], run["audit_result"]) == ("audit_refused", "refused")
    assert "score is between" in run["message"]


def test_docs_of_the_last_runs_are_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_step, "KEPT_DOCS", 2)
    for number in range(3):
        audit(make_night(home, run_id=f"2026112{number}T013000Z-000000"))
    kept = sorted(folder.name for folder in (home.reports / "data_docs").iterdir())
    assert kept == ["20261121T013000Z-000000", "20261122T013000Z-000000"]


def test_marts_that_were_not_built_are_said_to_be_missing(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    with pytest.raises(MarktechoError, match=r"have not been built: .*mentions.*marktecho build"):
        audit(make_night(home))


def test_large_tables_are_read_in_chunks_of_flat_memory(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_step, "CHUNK_ROWS", 20_480)
    spoil(
        home,
        """
        insert into marts.sales_leads by name
        select repeat('x', 200) || i as mention_id, 'acme' as entity_id, 'purchase' as lead_kind, 0.5 as score,
            case when i = 299999 then null else 'r' end as reason
        from range(300000) r(i)
        """,
    )
    suite = next(suite for suite in load_suites() if suite.table == "sales_leads")
    validator = Validator(home.reports / "docs", RUN)
    with connect(home) as warehouse:
        frames = [len(frame) for frame in audit_step._chunks(warehouse, suite)]
        assert max(frames) <= 20_480 and sum(frames) > 300_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        (failure,) = audit_step._column_failures(warehouse, suite, validator)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (failure.expectation, failure.count) == ("reason is not null", 1)
    assert grown < 300 * 1024, "kilobytes"


def test_every_published_table_has_a_suite(tmp_path: Path) -> None:
    assert sorted(suite.table for suite in load_suites()) == mart_names()
    shutil.copytree(sql_folder() / "expectations", tmp_path / "expectations")
    (tmp_path / "expectations" / "runs.yaml").unlink()
    with pytest.raises(MarktechoError, match="no expectations for runs"):
        load_suites(tmp_path / "expectations")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("table: mentions\nkey: [mention_id]\ncolumns: {}\n", "names the table mentions"),
        ("table: runs\nkey: [run_id]\ncolumns: {run_id: [{expect: not_nul}]}\n", "not_nul"),
        ("table: runs\nkey: []\ncolumns: {}\n", "key"),
        ("table: [", "not a suite"),
    ],
)
def test_a_suite_that_cannot_be_read_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    shutil.copytree(sql_folder() / "expectations", tmp_path / "expectations")
    (tmp_path / "expectations" / "runs.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(MarktechoError, match=complaint) as caught:
        load_suites(tmp_path / "expectations")
    assert "runs.yaml" in str(caught.value)
