"""Department queues: decisions from the command line, kept across nights, moved, corrected, erased, never lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import cli, runs
from flows.audit import audit
from flows.build import build
from flows.erasure import erase_due
from flows.erasure.journal import FORGOTTEN
from flows.erasure.journal import note as note_down
from flows.errors import MarktechoError
from flows.files.reading import inspect
from flows.home import Home
from flows.labels import BY_NAME, read_labelled
from flows.prepare import prepare
from flows.publish import publish
from flows.queue.store import Event, Label, count_decisions, reading, writing
from flows.warehouse import connect
from models.reading import SENTIMENTS
from tests import landed_fixture
from tests.landed_fixture import land, post
from tests.night_process import Done
from tests.warehouse_fixture import AS_OF, CoreTables, make_night, rows

Run = Callable[..., Done]


def publish_night(core: CoreTables, number: int, **settings: Any) -> None:
    night = make_night(core.home, run_id=f"20261123T013000Z-{number:06}", **settings)
    with runs.recorded(night):
        build(night)
        audit(night)
        publish(night)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> CoreTables:
    """A home with a published night: support has three posts, two of them pr's as well; sales has none."""
    tables = CoreTables(tmp_path_factory.mktemp("queue"))
    with tables.batch():
        tables.rule("complaints", "support", intents=["complaint"], priority=2, due_hours=8)
        tables.rule("loud", "pr", position=2, min_reach=1000, priority=1, due_hours=4)
        tables.rule("buying", "sales", position=3, intents=["purchase_interest"])
        for name, reach in (("late", None), ("loud", 5000), ("lost", 9000)):
            tables.mention(
                name, text=f"Paket {name}: schon wieder!", sentiment="negative", intent="complaint", reach=reach,
                language="de",
            )  # fmt: skip
        tables.mention("praise", text="Lovely", sentiment="positive", intent="praise")
        tables.mention("buyer", text="Which one should I buy?", intent="purchase_interest", copy_of="praise")
    publish_night(tables, 1)
    return tables


@pytest.fixture
def run(core: CoreTables, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`marktecho queue ...` in this process, on the home of the published night."""
    monkeypatch.chdir(core.home.root)
    core.home.decisions.unlink(missing_ok=True)

    def command(*arguments: str, home: Home = core.home) -> Done:
        monkeypatch.setattr(sys, "argv", ["marktecho", "queue", *arguments, "--home", str(home.root)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return command


def listed(run: Run, *arguments: str) -> dict[tuple[str, str], dict[str, Any]]:
    done = run("list", "--json", *arguments)
    assert done.code == 0, done.errors
    return {(row["mention_id"], row["department"]): row for row in json.loads(done.output)}


def test_the_list_shows_what_is_to_do_most_urgent_first(run: Run, core: CoreTables) -> None:
    entries = listed(run)
    assert list(entries) == [
        ("lost", "pr"),
        ("loud", "pr"),
        ("late", "support"),
        ("lost", "support"),
        ("loud", "support"),
    ]
    assert {row["status"] for row in entries.values()} == {"open"}
    assert all(row["is_overdue"] for row in entries.values())
    assert list(listed(run, "--department", "pr")) == [("lost", "pr"), ("loud", "pr")]
    assert listed(run, "--status", "done") == {}
    assert "Paket lost" in run("list").output
    assert not core.home.decisions.exists()


def test_a_decision_shows_at_once_and_keeps_its_history(run: Run, core: CoreTables) -> None:
    assert run("take", "late", "-d", "support", "--by", "anna").code == 0
    assert stat.S_IMODE(core.home.decisions.stat().st_mode) == 0o600
    entry = listed(run)["late", "support"]
    assert (entry["status"], entry["actor"]) == ("taken", "anna")
    assert run("done", "late", "-d", "support", "--by", "anna", "--note", "answered by phone").code == 0
    assert ("late", "support") not in listed(run)
    entry = listed(run, "--status", "done")["late", "support"]
    assert (entry["note"], entry["is_overdue"]) == ("answered by phone", False)
    run("reopen", "late", "-d", "support", "--by", "bert")
    run("reject", "late", "-d", "support", "--by", "bert")
    told = json.loads(run("history", "late", "--json").output)
    assert [(event["status"], event["actor"]) for event in told] == [
        ("taken", "anna"), ("done", "anna"), ("open", "bert"), ("not_for_us", "bert"),
    ]  # fmt: skip
    assert all(datetime.fromisoformat(event["happened_at"]).tzinfo for event in told)
    assert ("late", "support") not in listed(run)


def test_the_same_twice_is_one_decision_and_a_colleagues_work_is_not_taken(run: Run) -> None:
    assert run("take", "late", "-d", "support", "--by", "anna").code == 0
    assert run("take", "late", "-d", "support", "--by", "anna").code == 0
    assert len(json.loads(run("history", "late", "--json").output)) == 1
    refused = run("take", "late", "-d", "support", "--by", "bert")
    assert refused.code == 2 and "taken already by anna" in refused.errors
    run("done", "late", "-d", "support", "--by", "bert")
    assert "done already by bert" in run("take", "late", "-d", "support", "--by", "anna").errors
    assert "done already by bert" in run("reject", "late", "-d", "support").errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("take", "nothing", "-d", "support"), "There is no post nothing"),
        (("take", "late", "-d", "suport"), "Did you mean 'support'?"),
        (("take", "praise", "-d", "support"), "it is in no queue"),
        (("done", "late", "-d", "pr"), "it is in: support"),
        (("list", "--department", "suport"), "Did you mean 'support'?"),
        (("list", "--status", "overdue"), "--status overdue"),
        (("correct", "late"), "--sentiment, --intent or --department"),
        (("correct", "late", "--sentiment", "negativ"), "Did you mean 'negative'?"),
        (("correct", "late", "--intent", "complain", "--sentiment", "positive"), "Did you mean 'complaint'?"),
        (("correct", "nothing", "--sentiment", "positive"), "There is no post nothing"),
        (("correct", "late", "--department", "kitchen"), "no department 'kitchen'"),
        (("correct", "lost", "--department", "product", "--config", "rules.yaml"), "--from DEPARTMENT"),
        (("history", "nothing"), "There is no post nothing"),
        (("labels", "--output", "labels.csv"), "Nobody has corrected a sentiment yet"),
        (("labels", "--output", "labels.docx"), ".jsonl"),
        (("labels", "--output", "labels.csv", "--kind", "mood"), "--kind mood"),
        (("take", "late", "-d", "support", "--by", " "), "--by NAME"),
        (("take", "late", "-d", "support", "--note", "x" * 1001), "1,001 characters"),
    ],
)
def test_wrong_use_is_told_and_writes_nothing(
    run: Run, core: CoreTables, arguments: tuple[str, ...], said: str
) -> None:
    (core.home.root / "rules.yaml").write_text("company: {id: a, name: A, query: a}\n", encoding="utf-8")
    done = run(*arguments)
    assert done.code == 2
    assert said in done.errors
    assert "Traceback" not in done.errors
    assert not core.home.decisions.exists()
    assert not (core.home.root / "labels.csv").exists()


def test_a_wrong_department_moves_the_entry(run: Run) -> None:
    before = listed(run)["late", "support"]
    moved = run("correct", "late", "--department", "sales", "--config", "rules.yaml", "--by", "anna")
    assert moved.code == 0, moved.errors
    entries = listed(run, "--status", "all")
    assert entries["late", "support"]["status"] == "not_for_us"
    there = entries["late", "sales"]
    assert (there["status"], there["priority"], there["due_at"]) == ("open", 2, before["due_at"])
    assert run("done", "late", "-d", "sales").code == 0
    assert run("correct", "lost", "--department", "sales", "--from", "pr").code == 0
    entries = listed(run, "--status", "all")
    assert (entries["lost", "pr"]["status"], entries["lost", "support"]["status"]) == ("not_for_us", "open")
    assert entries["lost", "sales"]["priority"] == 1


def test_corrections_become_labels_that_training_reads(run: Run, core: CoreTables, tmp_path: Path) -> None:
    assert run("correct", "late", "--sentiment", "positive", "--intent", "praise", "--by", "anna").code == 0
    run("correct", "late", "--sentiment", "neutral", "--by", "bert")
    run("correct", "praise", "--sentiment", "negative")
    entry = listed(run)["late", "support"]
    assert (entry["sentiment"], entry["intent"]) == ("neutral", "praise")
    for ending in (".csv", ".jsonl"):
        file = tmp_path / f"labels{ending}"
        done = run("labels", "--output", str(file))
        assert done.code == 0 and "2 labels (negative 1, neutral 1)" in done.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        found = read_labelled(inspect(file), BY_NAME, SENTIMENTS)
        labels = dict(zip(found.texts, (SENTIMENTS[number] for number in found.classes), strict=True))
        assert labels == {"Paket late: schon wieder!": "neutral", "Lovely": "negative"}
    read = pl.read_ndjson(tmp_path / "labels.jsonl")
    assert read["previous"].to_list() == ["negative", "positive"]
    assert "anna" not in (tmp_path / "labels.jsonl").read_text(encoding="utf-8")
    run("correct", "late", "--department", "sales", "--config", "rules.yaml")
    run("labels", "--output", str(tmp_path / "departments.csv"), "--kind", "department")
    assert pl.read_csv(tmp_path / "departments.csv").select("label", "previous").rows() == [("sales", "support")]


def test_decisions_survive_a_new_night_and_reach_the_marts(run: Run, core: CoreTables, tmp_path: Path) -> None:
    run("take", "loud", "-d", "pr", "--by", "anna")
    run("correct", "late", "--sentiment", "positive")
    run("done", "late", "-d", "support", "--by", "anna", "--note", "told her")
    run("correct", "lost", "--department", "sales", "--from", "support", "--config", "rules.yaml")
    run("reject", "lost", "-d", "pr")
    later = datetime.now(UTC) + timedelta(minutes=1)
    core.execute("update core.mentions set text = 'Danke, da!', edited_at = ? where mention_id = 'late'", later)
    publish_night(core, 2)
    queue = {(row["mention_id"], row["department"]): row for row in rows(core.home, "from marts.department_queue")}
    assert {key: row["status"] for key, row in queue.items()} == {
        ("late", "support"): "done",
        ("loud", "pr"): "taken",
        ("loud", "support"): "open",
        ("lost", "pr"): "not_for_us",
        ("lost", "sales"): "open",
        ("lost", "support"): "not_for_us",
    }
    there = queue["lost", "sales"]
    assert (there["passed_on_from"], there["rule_id"], there["reason"]) == ("support", None, "Passed on by support")
    assert not {"actor", "note"} & set(there)
    named = {row["mention_id"]: row["department"] for row in rows(core.home, "from marts.mentions")}
    assert (named["lost"], named["loud"], named["late"]) == ("sales", "pr", "support")
    edited = listed(run, "--status", "done")["late", "support"]
    assert (edited["note"], edited["is_edited_since"], edited["sentiment"]) == ("told her", True, "negative")
    refused = run("labels", "--output", str(tmp_path / "labels.csv"))
    assert refused.code == 2 and "have been edited or are gone" in refused.errors
    run("reopen", "late", "-d", "support", "--by", "bert")
    assert listed(run)["late", "support"]["actor"] == "bert"


def test_what_is_known_about_a_post_goes_with_it(run: Run, core: CoreTables) -> None:
    quoting = "like the one who wrote: Zaunkönige bauen Kugelnester"
    core.execute("update core.mentions set text = 'Zaunkönige bauen Kugelnester!' where mention_id = 'late'")
    with writing(core.home) as store:
        for mention_id, note in (("late", "Zaunkönig"), ("lost", quoting), ("lost", "fine")):
            store.append(Event(AS_OF, mention_id, "support", "taken", "anna", note))
            store.append_label(Label(AS_OF, mention_id, "", "sentiment", "neutral", "negative", "anna"))
    build(make_night(core.home, as_of=AS_OF + timedelta(days=200)))
    with reading(core.home) as store:
        assert store is not None and {event.mention_id for event in store.states()} == {"late", "lost"}, (
            "out of the window"
        )
    with connect(core.home) as warehouse:
        note_down(warehouse, "select 'late' as mention_id", FORGOTTEN)
    assert erase_due(core.home)["queue_decisions"] == 3
    with reading(core.home) as store:
        assert store is not None
        assert store.history("late") == []
        assert [event.note for event in store.history("lost")] == [None, "fine"]
        assert {label.mention_id for label in store.labels()} == {"lost"}
    assert "Zaunkönig".encode() not in core.home.decisions.read_bytes()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.home import Home
from flows.queue.store import Event, writing
home = Home(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with writing(home) as store:
        store.append(Event(datetime.now(UTC), f"{sys.argv[2]}-{number}", "support", "taken", sys.argv[2]))
    print(number, flush=True)
"""


def test_writers_at_the_same_time_lose_nothing_not_even_when_one_is_killed(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    count = 40
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name, str(count if name != "killed" else 100_000)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )
        for name in ("page", "shell", "killed")
    ]  # fmt: skip
    killed = writers[-1]
    assert killed.stdout is not None
    said = [killed.stdout.readline() for _ in range(10)]
    os.kill(killed.pid, signal.SIGKILL)
    said += killed.stdout.readlines()
    assert [writer.wait(timeout=60) for writer in writers[:2]] == [0, 0]
    killed.wait()
    with reading(home) as store:
        assert store is not None
        found = {event.mention_id for event in store.states()}
    wanted = {f"{name}-{number}" for name in ("page", "shell") for number in range(count)}
    assert found >= wanted | {f"killed-{line.strip()}" for line in said if line.endswith("\n")}
    with sqlite3.connect(home.decisions) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_failed_decision_leaves_no_half_of_it(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    event = Event(datetime.now(UTC), "m", "support", "taken", "anna")
    with pytest.raises(RuntimeError), writing(home) as store:
        store.append(event)
        raise RuntimeError
    with reading(home) as store:
        assert store is None or store.states() == []
    with writing(home) as store:
        store.append(event)
    with reading(home) as store:
        assert store is not None and store.states() == [event]


def test_a_damaged_store_is_told(run: Run, core: CoreTables) -> None:
    core.home.decisions.write_bytes(b"no database" * 100)
    done = run("list")
    assert done.code == 1 and str(core.home.decisions) in done.errors and "backup" in done.errors
    with pytest.raises(MarktechoError, match="backup"):
        count_decisions(core.home)
    core.home.decisions.unlink()
    run("take", "loud", "-d", "support")
    assert count_decisions(core.home) == 1


WATCHING = """
company: {id: acme, name: Acme, query: acme}
departments:
  - {id: recall, department: pr, query: "(rückruf OR recall) NEAR/3 akku", priority: 1, due_hours: 2, reason: Rückruf}
  - {id: rest, department: support, reason: Alles}
"""


def test_watch_words_send_a_post_to_a_department(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    texts = {"1": "Acme: Rückruf wegen Akku", "2": "Acme und der Akku, prima", "3": "Rückruf Akku"}
    land(home, *(post(number, text, published_at=AS_OF - timedelta(days=1)) for number, text in texts.items()))
    night = landed_fixture.make_night(home, WATCHING)
    prepare(night)
    build(night)
    queued = """
        select mentions.text, queue.department, queue.rule_id
        from marts.department_queue as queue
        join marts.mentions as mentions using (mention_id)
        order by text, department
        """
    assert [tuple(row.values()) for row in rows(home, queued)] == [
        ("Acme und der Akku, prima", "support", "rest"),
        ("Acme: Rückruf wegen Akku", "pr", "recall"),
        ("Acme: Rückruf wegen Akku", "support", "rest"),
    ]
    night = landed_fixture.make_night(home, WATCHING.replace("(rückruf OR recall) NEAR/3 akku", "prima"))
    prepare(night)
    build(night)
    assert [row["text"] for row in rows(home, queued) if row["rule_id"] == "recall"] == ["Acme und der Akku, prima"]
