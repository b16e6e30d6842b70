"""A forgotten author is in no byte of any file, whatever writes the files; others stay; nothing comes back."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from flows.audit import audit
from flows.build import build
from flows.cli import app
from flows.enrich import enrich
from flows.erasure import erase, erase_due
from flows.erasure.forgotten import entries
from flows.erasure.registry import Place, all_places
from flows.forget import forget
from flows.home import Home
from flows.ingest import land
from flows.leaks import find_leaks
from flows.leaks.watchlist import add
from flows.night import Night
from flows.prepare import prepare
from flows.publish import publish
from flows.settings import parse_settings
from flows.sources.base import RawMention, Record, SourceSettings
from flows.subject import author
from flows.summary import summarise
from flows.topics import assign_topics
from flows.trends import trends
from flows.warehouse import connect, exclusive
from tests.landing_fixture import HandmadeConnector, broken, deleted, post
from tests.prefect_server import PrefectServer

pytestmark = pytest.mark.slow

SETTINGS = """
language: de
company: {id: acme, name: Acme, query: acme}
sources: []
"""
AS_OF = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
LATELY = datetime(2026, 11, 18, 9, tzinfo=UTC)
GONE, STAYING, DELETED = "zebulon.quastenfloh", "erika.muster", "kunigunde.radieschen"
MARKERS = ("Glimmerwalzentrommel", "Quarkspindelturm", "Rumpelkaskadenhut")
TEXTS = (
    f"Die {MARKERS[0]} von Acme klemmt seit Tagen, die Lieferung kam zu spät und der Kundendienst schweigt",
    f"Die {MARKERS[0]} von Acme klemmt seit Tagen, die Lieferung kam viel zu spät und der Kundendienst schweigt",
    f"Ich überlege, von Acme weg zu wechseln, seit mein {MARKERS[1]} zerbrochen ist",
)
OTHERS = tuple(
    f"Die Lieferung von Acme kam {how}, Paket Nummer {number}"
    for number in range(12)
    for how in ("pünktlich und gut verpackt", "wieder viel zu spät an")
)
FADING = "Mein Wackelpuddingbrunnen von Acme ist undicht, das ärgert mich jeden Morgen aufs Neue"
BROKEN_TEXT = f"Acme, mein {MARKERS[2]} ist weg"


class ForumSettings(SourceSettings):
    type: Literal["files"] = "files"


class ForumConnector(HandmadeConnector):
    """Posts with an address; a post without `text` is broken, and says something all the same."""

    def to_mention(self, record: Record) -> RawMention:
        raw = super().to_mention(record)
        return raw if raw.deleted else replace(raw, url=url(record["id"]))


def url(native_id: str) -> str:
    return f"https://forum.example/beitrag/{native_id}"


PAGES = [
    [
        post(f"zebulon-quastenfloh-{number}", text, author=GONE, published_at=LATELY)
        for number, text in enumerate(TEXTS)
    ],
    [post(f"beitrag-{number}", text, author=STAYING) for number, text in enumerate(OTHERS)],
    [post("kunigunde-radieschen-1", FADING, author=DELETED)],
    [broken("zebulon-quastenfloh-9") | {"user": {"name": GONE}, "title": BROKEN_TEXT}, broken("beitrag-99")],
]
FORBIDDEN = (*MARKERS, GONE, "zebulon", "forum.example/beitrag/zebulon")


def night(home: Home, run_id: str) -> Night:
    return replace(Night.start(parse_settings(SETTINGS), home, as_of=AS_OF), run_id=run_id)


def land_forum(home: Home, run_id: str, pages: list[list[Record]]) -> None:
    land(night(home, run_id), ForumConnector(pages), ForumSettings(name="forum"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, prefect: PrefectServer) -> Home:
    """Two publications of everybody's posts; then one post is deleted upstream and one author forgotten."""
    home = Home.locate(tmp_path_factory.mktemp("erasure") / "home")
    land_forum(home, "20261119T013000Z-000001", PAGES)
    first, second = (night(home, f"202611{day}T013000Z-00000{number}") for number, day in ((1, 19), (2, 20)))
    prepare(first)
    add(home, "drum", [MARKERS[0]])
    find_leaks(first)
    enrich(first)
    assign_topics(first)
    trends(first)
    build(first)
    audit(first)
    publish(first)
    summarise(first)
    publish(second)
    summarise(second)
    (home.work / "dlt" / "marktecho_forum").mkdir(parents=True, exist_ok=True)
    (home.work / "dlt" / "marktecho_forum" / "cut-off.jsonl.gz").write_bytes(gzip.compress(TEXTS[0].encode()))
    write_artifact(prefect, f"Wer sagt das? {TEXTS[2]}")
    return home


def write_artifact(prefect: PrefectServer, text: str) -> None:
    """An artifact and a message of a state, as an older version of the nights would have left them."""
    with closing(sqlite3.connect(database(prefect), timeout=30)) as connection, connection:
        connection.execute(
            "insert into artifact (id, key, type, data, description) values ('1', 'night', 'markdown', ?, 'x')",
            [json.dumps(text)],
        )


def database(prefect: PrefectServer) -> Path:
    return Path(prefect.environment["PREFECT_HOME"]) / "prefect.db"


def everything_in(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file as it is, unpacked where it is packed, and every value of every table in it."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield path, content
        if path.suffix == ".gz":
            yield path, gzip.decompress(content)
        elif path.suffix == ".parquet":
            yield path, repr(pyarrow.parquet.read_table(path).to_pylist()).encode()
        elif path.suffix == ".duckdb":
            yield path, duckdb_content(path)
        elif path.suffix == ".db":
            with closing(sqlite3.connect(path)) as connection:
                yield path, "\n".join(connection.iterdump()).encode()


def duckdb_content(path: Path) -> bytes:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as held (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'held'"
        ).fetchall()
        return "\n".join(
            repr(connection.execute(f'select * from held."{schema}"."{table}"').fetchall()) for schema, table in tables
        ).encode()


def places_of(words: tuple[str, ...], *folders: Path) -> set[tuple[str, str]]:
    needles = [(word, word.casefold().encode(code)) for word in words for code in ("utf-8", "utf-16-le", "utf-16-be")]
    return {
        (word, str(path.relative_to(folder)))
        for folder in folders
        for path, content in everything_in(folder)
        for word, needle in needles
        if needle in content.lower()
    }


def counted(home: Home, question: str) -> int:
    with connect(home) as warehouse:
        return int(warehouse.execute(question).fetchall()[0][0])


def test_forgetting_leaves_no_byte_and_takes_nothing_from_others(
    home: Home, prefect: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefect_home = Path(prefect.environment["PREFECT_HOME"])
    monkeypatch.setenv("PREFECT_HOME", str(prefect_home))
    before = {place for _, place in places_of(FORBIDDEN, home.root, prefect_home)}
    assert {"warehouse.duckdb", "published/marts.duckdb", "reports/latest.json"} <= before
    assert "published/restricted/leaks.duckdb" in before
    assert {"published/versions/marts-20261119T013000Z-000001.duckdb", "prefect.db"} <= before
    assert any(place.startswith("quarantine/") for place in before)
    config = tmp_path / "listening.yaml"
    config.write_text("company: {id: acme, name: Acme, query: acme}\n", encoding="utf-8")
    forget = ["forget", "--author", f"@{GONE.upper()}", "--source", "forum", "--home", str(home.root)]
    forget += ["--config", str(config)]

    refused = CliRunner().invoke(app, forget)
    assert "3 posts and 1 broken records" in str(refused.exception)
    with exclusive(home):
        assert "another marktecho process" in str(CliRunner().invoke(app, [*forget, "--yes"]).exception)
    check_copy_for_the_person(home, config, tmp_path)
    done = CliRunner().invoke(app, [*forget, "--yes", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["post_count"] == 3

    assert places_of(FORBIDDEN, home.root, prefect_home) == set()
    assert counted(home, "select count(*) from core.mentions") == len(OTHERS) + 1
    assert counted(home, "select count(*) from core.erasures_due") == 0
    assert counted(home, "select count(*) from landing.quarantine") == 1
    for file in (home.marts, *home.versions.glob("*.duckdb")):
        with duckdb.connect(str(file), read_only=True) as marts:
            assert marts.execute("select count(*) from mentions").fetchall() == [(len(OTHERS) + 1,)]
            assert (
                marts.execute("select count(*) from duckdb_columns() where comment is not null").fetchall()[0][0] > 99
            )
    assert home.marts.samefile(home.versions / "marts-20261120T013000Z-000002.duckdb")

    land_forum(home, "20261121T013000Z-000003", PAGES)
    assert counted(home, "select count(*) from landing.mentions") == len(OTHERS) + 1
    assert places_of(FORBIDDEN, home.root) == set()
    log = home.erasure_log.read_text(encoding="utf-8")
    assert [line.get("reasons") for line in entries(home)] == [None, ["forgotten"]]
    assert "forum" not in log
    assert home.erasure_log.stat().st_mode & 0o077 == 0


def check_copy_for_the_person(home: Home, config: Path, folder: Path) -> None:
    export = [
        "export-subject",
        "--author",
        GONE,
        "--source",
        "forum",
        "--home",
        str(home.root),
        "--config",
        str(config),
    ]
    for name in ("subject.json", "subject.zip"):
        done = CliRunner().invoke(app, [*export, "--output", str(folder / name)])
        assert done.exit_code == 0, done.exception
        assert (folder / name).stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(folder / "subject.zip") as archive:
        assert sorted(archive.namelist()) == ["README.txt", "subject.json"]
    held = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    assert sorted(each["stored"]["text"] for each in held["posts"]) == sorted(TEXTS)
    assert {each["reading"][0]["sentiment"] for each in held["posts"]} <= {"negative", "neutral", "positive"}
    assert any("marts.sales_leads" in each["used_in"] for each in held["posts"])
    assert [MARKERS[2] in each["payload"] for each in held["broken_records"]] == [True]
    assert len(held["published_in"]) == 2
    assert "Lieferung von Acme kam pünktlich" not in json.dumps(held)
    refused = CliRunner().invoke(app, [*export, "--output", str(folder / "subject.json")])
    assert "exists already" in str(refused.exception)


def test_what_is_deleted_upstream_leaves_every_place_at_the_end_of_the_night(home: Home) -> None:
    words = ("Wackelpuddingbrunnen", "kunigunde", FADING[:24])
    assert places_of(words, home.root)
    land(night(home, "20261122T013000Z-000004"), ForumConnector([*PAGES, [deleted("kunigunde-radieschen-1")]]),
         ForumSettings(name="forum"))  # fmt: skip
    last = night(home, "20261122T013000Z-000004")
    prepare(last)
    assert erase(last)["published"] > 0
    assert places_of(words, home.root) == set()
    assert counted(home, "select count(*) from core.mentions where deleted_at is not null") == 1
    land_forum(home, "20261123T013000Z-000005", [*PAGES, [], [deleted("kunigunde-radieschen-1")]])
    prepare(night(home, "20261123T013000Z-000005"))
    assert places_of(words, home.root) == set()
    assert erase_due(home) == {}


def test_an_erasure_killed_anywhere_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home.locate(tmp_path / "home")
    land_forum(home, "20261119T013000Z-000001", PAGES)
    prepare(night(home, "20261119T013000Z-000001"))
    subject = author(parse_settings(SETTINGS), GONE, "forum")

    class Killed(BaseException): ...

    def dies(*_: object) -> int:
        raise Killed

    for dying in all_places():
        places = tuple(replace(each, erase=dies) if each == dying else each for each in all_places())
        monkeypatch.setattr("flows.erasure.run.all_places", lambda places=places: places)
        with pytest.raises(Killed):
            forget(home, subject)
    monkeypatch.undo()
    monkeypatch.setattr("flows.erasure.run.rewrite_warehouse", dies)
    with pytest.raises(Killed):
        erase_due(home)
    assert places_of(MARKERS, home.root), "deleted rows stay in a DuckDB file until it is written anew"
    monkeypatch.undo()
    erase_due(home)
    assert places_of(FORBIDDEN, home.root) == set()
    assert [line["reasons"] for line in entries(home) if "counts" in line] == [["forgotten"]]


def test_a_new_place_is_one_file() -> None:
    page = (Path(__file__).parent.parent / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert all(isinstance(each, Place) and each.keeps.endswith(".") for each in all_places())
    assert [each.name for each in all_places() if f"`{each.name}`" not in page] == []
