"""What a post says stays text: in Markdown, in spreadsheets, on the terminal, in SQL."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import UsageError
from flows.exports import as_csv
from flows.home import Home
from flows.landing.clean import Cleaning, as_landed, clean
from flows.prepare import prepare
from flows.privacy.pseudonyms import Pseudonyms
from flows.sources.base import RawMention
from flows.summary.step import NightSummary, Section
from tests.landed_fixture import land, make_night, post, rows

MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[klick](javascript:alert(1))", "![x](http://e.example/p)",
    "| a | b |", "\n\n# Kopf", "`code`", "**fett** _kursiv_ ~~weg~~", "a\\[b](c)", "\r\n|---|", "&lt;b&gt;",
)  # fmt: skip
FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://e.example";"x")')
SQL = '\'; drop schema core cascade; -- ""; select {{ 1 }} $1 %s'


@pytest.mark.parametrize("said", MARKUP)
def test_the_summarys_markdown_shows_a_post_as_it_is(said: str) -> None:
    summary = NightSummary("run", "Night", [said], [Section("Posts", ("text", "n"), [(said, "1")])], "good")
    lines = summary.as_markdown().splitlines()
    assert lines[2].startswith("- ")
    table = [line for line in lines if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in table] == [3, 3, 3]
    shown = "\n".join((lines[2], table[2]))
    assert not re.search(r"(?<!\\)[<`*_\[\]]", shown.replace("\\\\", ""))
    assert len(lines) == 13


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_of_a_download_is_a_formula(formula: str) -> None:
    csv = as_csv(pl.DataFrame({"text": [formula], "ids": [[formula, "x"]]})).decode("utf-8-sig")
    cells = [cell for row in pl.read_csv(csv.encode(), has_header=True).rows() for cell in row]
    assert cells == [f"'{formula}", f"'{formula}, x"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JaVaScRiPt\t:alert(1)", "data:text/html,x", "file:///etc/passwd"]
)
def test_an_address_that_a_browser_would_run_is_none(url: str) -> None:
    raw = RawMention(native_id="1", text="Hallo", url=url)
    how = Cleaning("forum", "forum", "run", datetime.now(UTC), Pseudonyms(b"k" * 32))
    assert clean(raw, how)["url"] is None
    assert clean(replace(raw, url="https://forum.example/javascript:1"), how)["url"] is not None


def test_a_post_cannot_talk_to_the_terminal() -> None:
    said = as_landed("Hallo \x1b]0;weg\x07\x1b[2J\x9b31m\u202eok\x00 Welt\r\n")
    assert said == "Hallo ]0;weg[2J31mok Welt"


def test_a_post_cannot_talk_to_the_database(tmp_path: Path) -> None:
    home = Home.locate(tmp_path / "home")
    land(home, post("1", f"Acme {SQL}", author=SQL, url=SQL))
    prepare(make_night(home))
    assert rows(home, "select text, url from core.mentions") == [(f"Acme {SQL}", SQL)]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{path}')", "select * from '{path}'", "copy (select 1) to '{path}.csv'",
        "attach '{path}.duckdb' as other", "set enable_external_access = true", "install httpfs", "load httpfs",
        "export database '{path}'", "insert into runs values (2)", "drop table runs",
    ],
)  # fmt: skip
def test_a_query_reaches_nothing_but_the_marts_and_changes_nothing(tmp_path: Path, sql: str) -> None:
    home = Home.locate(tmp_path / "home")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute("create table runs as select 1 as run_id")
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["query", sql.format(path=secret), "--home", str(home.root)])
    assert isinstance(done.exception, UsageError), done.output
    assert sorted(tmp_path.rglob("*")) == before
    assert CliRunner().invoke(app, ["query", "from runs", "--home", str(home.root)]).output == "run_id\n1\n"


def test_models_are_data_and_no_programs() -> None:
    weights = Path(__file__).parent.parent / "models" / "weights"
    suffixes = {path.suffix for path in weights.rglob("*") if path.is_file()}
    assert suffixes & {".onnx", ".safetensors"}
    assert not suffixes & {".bin", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".npy", ".npz", ".h5"}
