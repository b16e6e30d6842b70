"""`marktecho score`: every row comes out, in order, with its own values and the model's numbers."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.errors import UsageError
from flows.files.reading import EXTENSIONS
from flows.night import reporter
from flows.scoring import score
from flows.scoring.columns import BATCH_SIZE
from flows.scoring.scorer import ADDED
from flows.settings import parse_settings
from models.reader import Reader, load_reader
from tests.night_process import marktecho

GOOD = "I love this coffee machine, best purchase of the year"
BAD = "Der Kundenservice ist eine Katastrophe, ich warte seit drei Wochen!"
ROWS = [
    {"id": "007", "text": GOOD, "note": 'a "quoted"; note,\nin two lines'},
    {"id": "8", "text": BAD, "note": "Grüße\r\n\tan alle 👋"},
    {"id": "9", "text": "😀👍", "note": " 1,50 "},
]
# one aspect to embed instead of a dozen with their examples
LISTENING = parse_settings(
    """
company: {id: acme, name: Acme, query: acme}
aspects: [{id: hotline, name: Hotline, description: Telefonische Beratung und Erreichbarkeit am Telefon}]
"""
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows in the format the file's name says."""
    kind = EXTENSIONS[Path(path.name.removesuffix(".gz")).suffix]
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
        return path
    text = io.StringIO()
    if kind == "csv":
        writer = csv.DictWriter(text, list(rows[0]), delimiter="\t" if ".tsv" in path.name else ",")
        writer.writeheader()
        writer.writerows(rows)
    else:
        text.writelines(json.dumps(row) + "\n" for row in rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def read(path: Path, delimiter: str = ",") -> list[dict[str, Any]]:
    """Read rows back with other means than ours."""
    kind = EXTENSIONS[Path(path.name.removesuffix(".gz")).suffix]
    if kind == "parquet":
        return pq.read_table(path).to_pylist()
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
    if kind == "jsonl":
        return [json.loads(line) for line in text.split("\n") if line]
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if ".tsv" in path.name else delimiter))


def given_part(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in ADDED.names} for row in rows]


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """The added columns of a row, those of CSV in the types they have elsewhere."""
    added = {name: row[name] for name in ADDED.names}
    if all(value is None or isinstance(value, str) for value in added.values()):
        for name, value in added.items():
            kind = ADDED.field(name).type
            if not value:
                added[name] = None
            elif kind == pa.float64():
                added[name] = float(value)
            elif pa.types.is_list(kind):
                added[name] = json.loads(value)
    return added


def test_the_columns_say_what_the_model_says(tmp_path: Path, reader: Reader) -> None:
    score(write(tmp_path / "in.jsonl", ROWS), tmp_path / "out.jsonl", reader=reader)
    good, bad, emoji = read(tmp_path / "out.jsonl")
    reading = reader.read([GOOD, BAD], with_clauses=True)
    assert list(good) == ["id", "text", "note", *ADDED.names]
    assert (good["language"], good["sentiment"]) == ("en", "positive")
    assert (bad["language"], bad["sentiment"]) == ("de", "negative")
    for row, expected in zip((good, bad), reading.sentiment, strict=True):
        assert [row["p_negative"], row["p_neutral"], row["p_positive"]] == expected.tolist()
        assert row["sentiment_score"] == row["p_positive"] - row["p_negative"]
        assert row["not_scored_reason"] is None
    assert any(aspect["evidence"] in BAD and aspect["aspect_id"] for aspect in bad["aspects"])
    assert emoji["not_scored_reason"] == "no_words"
    assert all(emoji[name] is None for name in ADDED.names if name not in ("not_scored_reason",))


@pytest.mark.parametrize("to", ["csv", "tsv.gz", "jsonl", "ndjson.gz", "parquet"])
@pytest.mark.parametrize("of", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_every_format_into_every_other(tmp_path: Path, reader: Reader, of: str, to: str) -> None:
    summary = score(write(tmp_path / f"in.{of}", ROWS), tmp_path / f"out.{to}", settings=LISTENING, reader=reader)
    score(
        write(tmp_path / "in.jsonl", ROWS), tmp_path / "reference.jsonl", settings=LISTENING, reader=reader, force=True
    )
    found = read(tmp_path / f"out.{to}")
    assert given_part(found) == ROWS
    assert [typed(row) for row in found] == [typed(row) for row in read(tmp_path / "reference.jsonl")]
    assert (summary.row_count, summary.scored_count, dict(summary.not_scored)) == (3, 2, {"no_words": 1})


def test_order_holds_over_batches(tmp_path: Path, reader: Reader) -> None:
    texts = [GOOD, BAD, "", "Wann öffnet die Filiale am Montag?"]
    rows = [{"id": number, "text": texts[number * 7 % 4]} for number in range(2 * BATCH_SIZE + 100)]
    source = write(tmp_path / "in.jsonl", rows)
    told: list[tuple[str, int, int | None]] = []
    token = reporter.set(lambda *progress: told.append(progress))
    try:
        score(source, tmp_path / "out.parquet", settings=LISTENING, reader=reader)
    finally:
        reporter.reset(token)
    found = read(tmp_path / "out.parquet")
    assert given_part(found) == rows
    expected: dict[str, Any] = {}
    for row in found:
        assert typed(row) == expected.setdefault(row["text"], typed(row))
    assert expected[GOOD]["sentiment"] == "positive" and expected[""]["not_scored_reason"] == "empty"
    steps = [done for step, done, total in told if step == "score" and total == len(rows)]
    assert steps == [0, BATCH_SIZE, 2 * BATCH_SIZE, len(rows)]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["x", "y"]), st.text(max_size=3), max_size=2),
)
TEXTS = st.one_of(
    st.sampled_from([GOOD, BAD, "", " ", "👍", "ok"]),
    st.none(),
    st.integers(),
    st.text("ab 👍\n\r\",;'ß\ud800", max_size=20),
)
ODD_ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"text": TEXTS}, optional={"a": VALUES, "ü b": VALUES, "": VALUES}),
        st.sampled_from(["{", "[1]", '{"text": "cut', "null"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=ODD_ROWS)
def test_odd_rows_keep_their_place_and_values(tmp_path: Path, reader: Reader, odd: list[Any]) -> None:
    rows = [{"text": "ok"}, *odd]
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    source = tmp_path / "odd.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    for name in ("out.jsonl", "out.csv", "out.parquet"):
        summary = score(source, tmp_path / name, settings=LISTENING, reader=reader, force=True)
        found = read(tmp_path / name)
        assert len(found) == summary.row_count == len(rows)
        assert summary.scored_count + sum(summary.not_scored.values()) == len(rows)
        for row, out in zip(rows, found, strict=True):
            text = row.get("text") if isinstance(row, dict) else None
            scored = out["sentiment"] not in (None, "")
            assert scored == (out["not_scored_reason"] in (None, ""))
            if isinstance(row, str):
                assert out["not_scored_reason"] == "unreadable_row"
            elif not isinstance(text, str):
                assert out["not_scored_reason"] == ("missing_text" if text is None else "not_text")
            elif name == "out.jsonl":
                assert given_part([out]) == [row]
    assert [error.row for error in summary.errors] == [
        number for number, row in enumerate(rows, 1) if isinstance(row, str) or not isinstance(row["text"], str)
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    notes=st.lists(st.text(st.characters(codec="utf-8"), max_size=15), min_size=2, max_size=5),
    delimiter=st.sampled_from(",;\t"),
)
def test_csv_fields_come_out_letter_for_letter(
    tmp_path: Path, reader: Reader, notes: list[str], delimiter: str
) -> None:
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([["id", "text", "note"], *([number, "ok", note] for number, note in enumerate(notes))])
    score(source, tmp_path / "out.csv", settings=LISTENING, reader=reader, force=True)
    assert [row["note"] for row in read(tmp_path / "out.csv", delimiter)] == notes


def test_parquet_keeps_its_types(tmp_path: Path, reader: Reader) -> None:
    table = pa.table(
        {
            "body": pa.array([{"text": GOOD, "n": 1}, {"text": None, "n": 2}]),
            "at": pa.array([datetime(2026, 11, 1, 8, 30, tzinfo=UTC), None], pa.timestamp("ns", "UTC")),
            "day": pa.array([date(2026, 11, 1), None]),
            "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
            "kind": pa.array(["a", "b"]).dictionary_encode(),
            "raw": pa.array([b"\xff\x00", None]),
            "count": pa.array([1, None], pa.uint8()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    score(tmp_path / "in.parquet", tmp_path / "out.parquet", text_column="body.text", settings=LISTENING, reader=reader)
    scored = pq.read_table(tmp_path / "out.parquet")
    assert scored.select(table.column_names).equals(table)
    assert scored["not_scored_reason"].to_pylist() == [None, "missing_text"]
    score(tmp_path / "in.parquet", tmp_path / "out.csv", text_column="body.text", settings=LISTENING, reader=reader)
    first, second = read(tmp_path / "out.csv")
    assert json.loads(first["body"]) == {"text": GOOD, "n": 1}
    assert (first["at"], first["day"], first["price"], first["raw"], first["count"]) == (
        "2026-11-01T08:30:00+00:00", "2026-11-01", "1.50", "/wA=", "1",
    )  # fmt: skip
    assert second["at"] == second["count"] == ""


def test_json_columns_keep_their_type_in_parquet_only_when_they_have_one(tmp_path: Path, reader: Reader) -> None:
    rows = [
        {"text": "ok", "n": 1, "x": 1, "flag": True, "mixed": 1, "deep": {"a": [1]}, "huge": 2**70},
        {"text": "ok", "n": None, "x": 0.5, "flag": None, "mixed": "one", "deep": None, "late": "here"},
    ]
    score(write(tmp_path / "in.jsonl", rows), tmp_path / "out.parquet", settings=LISTENING, reader=reader)
    first, second = given_part(read(tmp_path / "out.parquet"))
    assert first == rows[0] | {"x": 1.0, "mixed": "1", "deep": '{"a": [1]}', "huge": str(2**70), "late": None}
    assert second == rows[1] | {"huge": None}


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b"id;"), ("utf-8-sig", b"\xef\xbb\xbfid;"), ("cp1252", b"\xef\xbb\xbfid;")]
)
def test_encoding_and_delimiter_of_csv(tmp_path: Path, reader: Reader, encoding: str, mark: bytes) -> None:
    (tmp_path / "in.csv").write_bytes("id;text;Größe\n1;schön;5 €\n2;Öl;ß\n".encode(encoding))
    summary = score(tmp_path / "in.csv", tmp_path / "out.csv", settings=LISTENING, reader=reader)
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(mark)
    assert content.decode("utf-8-sig").splitlines()[1].startswith("1;schön;5 €;")
    assert bool(summary.notes) == (encoding == "cp1252")


def test_broken_rows_are_told_and_stay_in_place(tmp_path: Path) -> None:
    lines = ["id,text", "1,ok", '2,"never closed', "3,too,many", "4,", "5,gut"]
    (tmp_path / "in.csv").write_text("\n".join(lines), encoding="utf-8")
    done = marktecho("score", tmp_path / "in.csv", "--output", tmp_path / "out.csv", "--json")
    assert done.code == 0, done.errors
    assert "row 2: line 3: a quote is opened and not closed" in done.errors
    assert "row 3: line 4: has 3 columns, the header has 2" in done.errors
    assert "score: 5 of 5" in done.errors
    found = read(tmp_path / "out.csv")
    assert [row["id"] for row in found] == ["1", "", "", "4", "5"]
    assert [row["not_scored_reason"] for row in found] == ["", "unreadable_row", "unreadable_row", "empty", ""]
    said = json.loads(done.output)
    assert (said["row_count"], said["scored_count"], said["error_count"]) == (5, 2, 2)
    assert said["not_scored"] == {"unreadable_row": 2, "empty": 1}
    assert [error["row"] for error in said["errors"]] == [2, 3]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path / "in.csv", ROWS)
    write(tmp_path / "scored.csv", [{"text": "ok", "Sentiment": "x", "sentiment": "y", "intent": "z"}])
    (tmp_path / "there.csv").write_text("precious", encoding="utf-8")
    (tmp_path / "twin.csv").symlink_to(tmp_path / "in.csv")
    (tmp_path / "header.csv").write_text("id,text\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    yield tmp_path
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("file", "output", "options", "expected"),
    [
        ("absent.csv", "out.csv", {}, "there is no such file"),
        ("in.csv", "out.csv", {"text_column": "Text"}, "Did you mean 'text'?.*--text-column.*id, text, note"),
        ("in.csv", "out.xlsx", {}, "'.xlsx' is no format to write.*parquet"),
        ("in.csv", "out.parquet.gz", {}, "'.parquet.gz' is no format"),
        ("in.csv", "out", {}, "no format to write"),
        ("in.csv", "there.csv", {}, "is there already.*--force"),
        ("in.csv", "in.csv", {"force": True}, "never overwritten"),
        ("in.csv", "twin.csv", {"force": True}, "never overwritten"),
        ("in.csv", "nowhere/out.csv", {}, "Create it first"),
        ("scored.csv", "out.csv", {}, "would add: sentiment, intent.*--prefix"),
        ("header.csv", "out.csv", {}, "no readable row"),
    ],
)
def test_wrong_use_writes_nothing(
    folder: Path, reader: Reader, file: str, output: str, options: dict[str, Any], expected: str
) -> None:
    with pytest.raises(UsageError, match=f"(?s){expected}"):
        score(folder / file, folder / output, settings=LISTENING, reader=reader, **options)


def test_wrong_use_is_exit_code_2(folder: Path) -> None:
    done = marktecho("score", folder / "in.csv", "--output", folder / "out.csv", "--text-column", "body")
    assert done.code == 2
    assert "no column 'body'" in done.errors and "Traceback" not in done.errors


def test_a_prefix_keeps_columns_apart(tmp_path: Path, reader: Reader) -> None:
    score(write(tmp_path / "in.csv", ROWS), tmp_path / "once.csv", settings=LISTENING, reader=reader)
    score(tmp_path / "once.csv", tmp_path / "twice.csv", prefix="again_", settings=LISTENING, reader=reader)
    for row in read(tmp_path / "twice.csv"):
        assert [row[f"again_{name}"] for name in ADDED.names] == [row[name] for name in ADDED.names]


def test_an_interruption_leaves_the_old_output(tmp_path: Path, reader: Reader) -> None:
    source = write(tmp_path / "in.csv", [{"text": "ok"}] * (BATCH_SIZE + 1))
    for name in ("out.csv.gz", "out.jsonl", "out.parquet"):
        (tmp_path / name).write_text("old", encoding="utf-8")

        def interrupt(step: str, done: int, total: int | None) -> None:
            if step == "score" and done == BATCH_SIZE:
                raise KeyboardInterrupt

        token = reporter.set(interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                score(source, tmp_path / name, settings=LISTENING, reader=reader, force=True)
        finally:
            reporter.reset(token)
        assert (tmp_path / name).read_text(encoding="utf-8") == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "out.csv.gz", "out.jsonl", "out.parquet"}
