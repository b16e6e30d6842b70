"""The page over published marts: every view in both languages, filters, downloads, a new night, no marts at all."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import words
from flows import runs
from flows.audit import audit
from flows.build import build
from flows.exports import as_csv, as_excel, as_parquet
from flows.home import Home
from flows.index import index
from flows.leaks.findings import as_frame, changing, read_findings, write_findings
from flows.publish import publish
from flows.survey.codebook import load_codebook
from flows.survey.step import import_survey, plan_survey
from tests.night_process import marktecho
from tests.survey_fixture import CODEBOOK, wave, write
from tests.warehouse_fixture import AS_OF, CoreTables, make_night

APP = Path(words.__file__).with_name("app.py")
VIEWS = ("overview", "mentions", "feedback", "topics", "competitors", "leads", "queues", "leaks", "index", "sources")
FIRST, SECOND = "20261123T013000Z-000001", "20261123T013000Z-000002"
FORMULA = '=HYPERLINK("http://evil.example","click")'


def publish_night(core: CoreTables, run_id: str) -> None:
    night = make_night(core.home, run_id=run_id)
    with runs.recorded(night):
        build(night)
        audit(night)
        publish(night)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> CoreTables:
    """A home with a published night about Acme and its rivals."""
    tables = CoreTables(tmp_path_factory.mktemp("page"))
    with tables.batch():
        tables.weights("*", -1.2, 0.05, 1.2)
        tables.rule("complaints", "support", intents=["complaint"], priority=1)
        for number in range(4):
            tables.mention(
                f"late{number}",
                text=f"The parcel is late again, number {number}",
                sentiment="negative",
                intent="complaint",
                aspects={"delivery": "negative"},
            )
        tables.mention("praise", text="Großartige Qualität", sentiment="positive", aspects={"quality": "positive"})
        tables.mention("copy", text="The parcel is late again!", copy_of="late0", sentiment="negative")
        alert = ("0" * 16, "trend:t1", "crisis", "critical", "acme", None, None, None, "t1", "Acme: 40 *posts*.")
        tables.insert("alerts", [(*alert, AS_OF, AS_OF, AS_OF, None)])
        tables.mention("rival", entities=["rival"], text=FORMULA, sentiment="neutral", intent="switching")
        tables.insert(
            "source_runs",
            [("20261123T013000Z-000001", "forum", AS_OF, AS_OF, "ok", None, 7, 7, 0, 0, None, None, None)],
        )
    folder = tmp_path_factory.mktemp("survey")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    night = make_night(tables.home)
    for name, rows in (("2025", wave(1, 120, 0.2)), ("2026", wave(2, 120, 0.6))):
        book = load_codebook(folder / "codebook.yaml")
        import_survey(night, plan_survey(write(folder, f"{name}.csv", rows), book, name))
    index(night)
    publish_night(tables, "20261123T013000Z-000001")
    return tables


@pytest.fixture(autouse=True)
def home(core: CoreTables, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MARKTECHO_HOME", str(core.home.root))
    return core.home


def script(view: str) -> None:
    from importlib import import_module

    import_module(f"dashboard.views.{view}").show()


def open_view(view: str, language: str = "en") -> AppTest:
    page = AppTest.from_function(script, default_timeout=60, args=(view,))
    page.session_state["language"] = language
    page.run()
    assert not page.exception, page.exception
    return page


def frames(page: AppTest) -> list[Any]:
    return [element.value for element in page.dataframe]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_in_both_languages(view: str, language: str) -> None:
    page = open_view(view, language)
    assert page.title[0].value == words._WORDS[view][language == "de"]


def test_the_overview_says_how_the_company_is_doing() -> None:
    page = open_view("overview")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Acme: mentions"] == "5"
    assert figures["share of voice"] == "83%"
    assert figures["urgent posts"] == "4"
    assert page.caption[0].value == "Night of 23.11.2026"
    assert frames(page)[-1]["aspect"].iloc[0] == "Delivery"


def test_the_overview_shows_open_alerts_and_offers_the_brief(home: Home) -> None:
    page = open_view("overview", "de")
    assert "Acme: 40 *posts*." in [text.value for text in page.text]
    assert any("Krise · kritisch" in one.value for one in page.markdown)
    assert not page.get("download_button") or "latest.html" not in str(page.get("download_button"))
    briefs = home.reports / "briefs"
    briefs.mkdir(parents=True, exist_ok=True)
    (briefs / "latest.html").write_text("<p>brief</p>", encoding="utf-8")
    assert any("Morgenbericht" in str(button.proto) for button in open_view("overview", "de").get("download_button"))


def test_mentions_are_filtered_by_words_entity_and_copies() -> None:
    page = open_view("mentions", "de")
    assert page.caption[0].value == "6 von 6, die neuesten zuerst"
    page.segmented_control[0].set_value("exact_words").run()
    page.text_input[0].set_value("PARCEL 2").run()
    assert list(frames(page)[0]["text"]) == ["The parcel is late again, number 2"]
    assert list(frames(page)[0]["intent"]) == ["Beschwerde"]
    page.text_input[0].set_value("").run()
    page.toggle[0].set_value(True).run()
    assert len(frames(page)[0]) == 7
    page.multiselect[0].set_value(["rival"]).run()
    assert list(frames(page)[0]["text"]) == [FORMULA]
    page.text_input[0].set_value("nowhere").run()
    assert not page.exception
    assert page.info[0].value == "Nichts passt dazu. Den Zeitraum erweitern oder einen Filter wegnehmen."


def test_mentions_are_searched_the_best_match_first() -> None:
    page = open_view("mentions")
    page.text_input[0].set_value("grossartig Qualitaet").run()
    assert not page.exception
    assert frames(page)[0]["text"].iloc[0] == "Großartige Qualität"
    assert set(frames(page)[0]["found_by"]) == {"words"}, "the vectors of this warehouse are no model's"
    page.text_input[0].set_value("?!").run()
    assert not page.exception
    assert page.info[0].value.startswith("Nothing matches")


def test_a_queue_is_shown_per_department() -> None:
    page = open_view("queues")
    assert [metric.value for metric in page.metric] == ["4", "4", "4"]
    assert set(frames(page)[0]["intent"]) == {"complaint"}


def test_what_is_decided_on_the_page_shows_at_once_and_on_the_command_line(core: CoreTables) -> None:
    page = open_view("queues")
    page.text_input(key="name").set_value("Anna").run()
    page.button(key="taken-late0-support").click().run()
    assert not page.warning
    assert page.button(key="open-late0-support").label == "Reopen"
    page.text_input(key="note-late0-support").set_value("told her").run()
    page.button(key="done-late0-support").click().run()
    assert [metric.value for metric in page.metric] == ["3", "3", "3"]
    done = marktecho("queue", "list", "--status", "done", "--home", core.home.root)
    assert "late0\tsupport" in done.output and "Anna\ttold her" in done.output
    page.pills(key="statuses").set_value(["done"]).run()
    assert list(frames(page)[0]["status"]) == ["done"]
    page.button(key="open-late0-support").click().run()
    assert page.info[0].value == "Nothing to do here with this status."


def test_what_is_wrong_is_corrected_on_the_page(core: CoreTables) -> None:
    page = open_view("queues", "de")
    page.selectbox(key="sentiment-late1-support").set_value("neutral").run()
    page.button(key="save-sentiment-late1-support").click().run()
    shown = frames(page)[0]
    assert "neutral" in set(shown["sentiment"])
    config = core.home.root / "listening.yaml"
    config.write_text("company: {id: acme, name: Acme, query: acme}\n", encoding="utf-8")
    page = AppTest.from_function(script, default_timeout=60, args=("queues",))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MARKTECHO_PAGE_SETTINGS", str(config))
        page.run()
        page.selectbox(key="department-late1-support").set_value("product").run()
        page.button(key="pass-on-late1-support").click().run()
    assert not page.exception and not page.warning
    page.segmented_control(key="department").set_value("product").run()
    assert [metric.value for metric in page.metric] == ["1", "1", "1"]
    page.button(key="not_for_us-late1-product").click().run()
    assert page.info[0].value == "Nothing to do here with this status."


def test_a_refused_decision_is_told_on_the_page(core: CoreTables) -> None:
    page = open_view("queues")
    marktecho("queue", "take", "late2", "-d", "support", "--by", "Bert", "--home", core.home.root)
    page.text_input(key="name").set_value("Anna")
    page.button(key="taken-late2-support").click().run()
    assert "taken already by Bert" in page.warning[0].value


SIGNED_IN = {"is_logged_in": True, "email_verified": True}
ACCESS = """
company: {id: acme, name: Acme, query: acme}
access:
  sign_in:
    metadata_url: https://login.example.com/.well-known/openid-configuration
    client_id: page
    client_secret_variable: PAGE_SECRET
    page_url: https://page.example.com
  managers: [anna@example.com]
  departments: {pr: [paul@example.com], support: [Bert@example.com], hr: [hanna@example.com]}
"""


def test_a_department_sees_and_changes_no_other_queue(
    core: CoreTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text(ACCESS, encoding="utf-8")
    monkeypatch.setenv("MARKTECHO_PAGE_SETTINGS", str(config))

    def queues_of(email: str, **session: Any) -> AppTest:
        page = AppTest.from_function(script, default_timeout=60, args=("queues",))
        page.user = SIGNED_IN | {"email": email}
        page.query_params["department"] = "support"
        for key, value in {"language": "en", **session}.items():
            page.session_state[key] = value
        return page.run()

    assert "The parcel is late" in frames(queues_of("bert@example.com"))[0]["text"][0]
    for email in ("paul@example.com", "hanna@example.com"):
        for session in ({}, {"department": "support"}):
            page = queues_of(email, **session)
            assert not page.exception
            assert page.info[0].value == "Nothing here yet."
            assert not page.dataframe and not page.button and "parcel" not in str(page)
    before = core.home.decisions.read_bytes()
    page = queues_of("bert@example.com")
    page.user = SIGNED_IN | {"email": "paul@example.com"}
    page.button(key="done-late3-support").click().run()
    assert core.home.decisions.read_bytes() == before


def test_feedback_shows_the_words_behind_a_number() -> None:
    page = open_view("feedback")
    assert all("late again" in text for text in frames(page)[-1]["text"])
    page.selectbox[0].set_value("other").run()
    assert not page.exception
    assert page.info[0].value == "too early"


def test_the_index_stands_beside_the_survey() -> None:
    page = open_view("index")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["rank"] in ("1 of 3", "2 of 3", "3 of 3")
    assert set(figures) == {"Acme: Index", "rank", "industry median"}
    assert any("not known and left out: reach" in caption.value for caption in page.caption)
    everybody, answers = frames(page)
    assert set(everybody["entity"]) == {"Acme", "Rival", "Other"}
    assert list(answers["answer"])[:2] == ["Yes", "No"]
    listens = answers["share"].iloc[0]
    choices = {box.label: box for box in page.selectbox}
    choices["Industry"].set_value("industry").run()
    assert not page.exception
    assert frames(page)[-1]["share"].iloc[0] > listens
    choices["Size of company"].set_value("large").run()
    choices["Wave"].set_value("2025").run()
    assert not page.exception


def test_a_leak_is_shown_as_text_and_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKTECHO_HOME", str(tmp_path))
    home = Home.locate(tmp_path)
    said = "Acme plans <b>Projekt Nachtigall</b> [x](javascript:alert(1))"
    finding = {"finding_id": "f1", "label": "bird", "kind": "term", "source": "forum", "url": "javascript:alert(1)"}
    with changing(home):
        write_findings(home, as_frame([finding | {"excerpt": said, "status": "open", "published_at": AS_OF}]))
    page = open_view("leaks")
    assert [text.value for text in page.text] == ["bird · term · forum · 23.11.2026 01:30 UTC", said]
    assert [button.label for button in page.button] == ["Gives nothing away", "Is a leak"]
    page.button[0].click().run()
    assert not page.exception
    assert page.info[0].value.startswith("Nothing on the watchlist has been seen.")
    assert read_findings(home)["status"].to_list() == ["false_positive"]


def test_an_empty_publication_says_so_on_every_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = CoreTables(tmp_path)
    publish_night(empty, FIRST)
    monkeypatch.setenv("MARKTECHO_HOME", str(tmp_path))
    for view in VIEWS:
        page = open_view(view)
        assert page.info or view == "sources", view


def test_without_a_publication_the_page_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKTECHO_HOME", str(tmp_path))
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception
    assert "marktecho nightly" in page.info[0].value


def test_a_new_night_is_shown_without_a_restart(core: CoreTables) -> None:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.session_state["language"] = "en"
    page.run()
    assert page.metric[0].value == "5"
    core.mention("one-more", text="And one more parcel is late", sentiment="negative")
    publish_night(core, SECOND)
    page.run()
    assert not page.exception
    assert page.metric[0].value == "6"


def test_downloads_hold_what_is_seen_and_no_formula() -> None:
    rows = pl.DataFrame({"text": [FORMULA, "@user sagt: schön", "-1", "ok"], "ids": [["a", "b"], [], None, ["c"]]})
    csv = as_csv(rows)
    assert csv.startswith(b"\xef\xbb\xbf")
    read = pl.read_csv(io.BytesIO(csv))
    assert read["text"].to_list() == [f"'{FORMULA}", "'@user sagt: schön", "'-1", "ok"]
    assert read["ids"].to_list()[0] == "a, b"
    assert pl.read_parquet(io.BytesIO(as_parquet(rows))).equals(rows)
    with zipfile.ZipFile(io.BytesIO(as_excel(rows))) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
        strings = workbook.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert "=HYPERLINK(" in strings


def test_every_word_has_both_languages_with_the_same_places() -> None:
    from string import Formatter

    for key, pair in words._WORDS.items():
        english, german = ({name for _, name, _, _ in Formatter().parse(text) if name} for text in pair)
        assert english == german, key
        assert all(pair), key


@pytest.mark.parametrize("address", ["192.168.1.5", "::", "example.org"])
def test_the_page_is_not_served_to_others_without_sign_in(address: str) -> None:
    done = marktecho("dashboard", "--no-browser", "--address", address)
    assert done.code == 2
    assert "there is no sign-in" in done.errors and "Traceback" not in done.errors


def test_the_command_serves_the_page(home: Home) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from flows.cli import main; main()", "dashboard", "--no-browser"]
    with subprocess.Popen([*command, "--home", str(home.root), "--port", str(port)], start_new_session=True) as server:
        try:
            assert _answer(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
            assert "<title>Streamlit</title>" in _answer(f"http://127.0.0.1:{port}/queues")
        finally:
            server.terminate()


def _answer(address: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return httpx.get(address, timeout=5).raise_for_status().text
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
