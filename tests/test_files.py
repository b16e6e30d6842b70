"""Files of other tools: what is understood, what is refused, and that every row ends up somewhere."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.errors import ExitCode, UsageError
from flows.files.csv_rows import find_delimiter
from flows.files.mapping import FIELDS
from flows.files.reading import EXTENSIONS, batches, inspect
from flows.files.times import UnreadableTime, read_time
from flows.imports import import_files, plan_import
from flows.ingest import SourceRun, ingest
from flows.night import Night
from flows.sources.base import Outcome
from flows.sources.files import FilesSettings
from tests.landing_fixture import make_night, rows

BERLIN = ZoneInfo("Europe/Berlin")
POSTS = [
    {"id": "1", "created_at": "2026-11-01 08:30", "author": "erika", "text": "Grüße, alles gut", "likes": 3},
    {
        "id": "2",
        "created_at": "2026-11-02 09:00",
        "author": "max",
        "text": 'Er sagte: "nein"; dann\nging er',
        "likes": None,
    },
    {"id": "3", "created_at": None, "author": None, "text": "😀😀", "likes": 0},
]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    return make_night(tmp_path / "home")


def as_csv(posts: list[dict[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(posts[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(posts)
    return out.getvalue()


def as_json_lines(posts: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(post) + "\n" for post in posts)


def do_import(night: Night, path: Path, *mapping: str, **options: Any) -> SourceRun:
    return import_files(night, plan_import([path], "export", mapping, **options))


def landed(night: Night) -> list[dict[str, Any]]:
    return rows(night, "from landing.mentions order by native_id")


def quarantined(night: Night) -> list[tuple[int, str, str]]:
    found = rows(night, "from landing.quarantine order by row_number")
    return [(row["row_number"], row["field"], row["reason"]) for row in found]


def as_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(POSTS), out)
    return out.getvalue()


WRITERS = {
    "comma.csv": lambda: as_csv(POSTS).encode(),
    "semicolon.csv": lambda: as_csv(POSTS, ";").encode(),
    "tabs.tsv": lambda: as_csv(POSTS, "\t").encode(),
    "mark.csv": lambda: as_csv(POSTS).encode("utf-8-sig"),
    "excel.txt": lambda: as_csv(POSTS, "\t").encode("utf-16"),
    "lines.jsonl": lambda: as_json_lines(POSTS).encode(),
    "lines.json": lambda: as_json_lines(POSTS).encode(),
    "packed.csv.gz": lambda: gzip.compress(as_csv(POSTS).encode()),
    "packed.ndjson.GZ": lambda: gzip.compress(as_json_lines(POSTS).encode()),
    "table.parquet": as_parquet,
    "packed.parquet.gz": lambda: gzip.compress(as_parquet()),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(WRITERS[name]())
    plan = plan_import([path], "export")
    wanted = {
        "text": "text",
        "native_id": "id",
        "published_at": "created_at",
        "author": "author",
        "like_count": "likes",
    }
    assert plan.files[0].mapping == wanted
    assert "text=text" in plan.notes[0]
    read = [row for batch, _ in batches(plan.files[0].layout, 2) for row in batch]
    assert [{key: value or None for key, value in row.items() if key != "likes"} for row in read] == [
        {key: value for key, value in post.items() if key != "likes"} for post in POSTS
    ]


def test_an_import_lands_every_row_once_and_again_changes_nothing(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(as_csv(POSTS, ";"))
    run = do_import(night, path)
    assert (run.outcome, run.record_count, run.landed_count) == (Outcome.OK, 3, 3)
    found = landed(night)
    assert [row["text"] for row in found] == ["Grüße, alles gut", 'Er sagte: "nein"; dann\nging er', "😀😀"]
    assert [row["published_at"] for row in found] == [
        datetime(2026, 11, 1, 7, 30, tzinfo=UTC),
        datetime(2026, 11, 2, 8, 0, tzinfo=UTC),
        None,
    ]
    assert [row["like_count"] for row in found] == [3, None, 0]
    assert {row["source"] for row in found} == {"export"}
    do_import(make_night(night.home), path)
    assert landed(night) == found


def test_broken_rows_go_to_quarantine_with_their_line(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(
        "id,created_at,author,text,likes\n"
        "1,2026-11-01,erika,gut,1\n"
        "2,irgendwann,erika,erika@beispiel.de schrieb,1\n"
        "3,2026-11-01,erika,zu,viele,Spalten\n"
        "4,2026-11-01,erika,,1\n"
        "5,2026-11-01,erika,gut,viele\n"
        "6,2026-11-01,erika,gut,-2\n"
        '7,2026-11-01,erika,"zwei\nZeilen",7\n'
        "8,2026-11-01\n"
    )
    run = do_import(night, path)
    assert (run.record_count, run.landed_count, run.quarantined_count) == (8, 2, 6)
    assert quarantined(night) == [
        (3, "published_at", "'irgendwann' is no date in a known form"),
        (4, "row", "line 4: has 6 columns, the header has 5"),
        (5, "text", "is missing or empty"),
        (6, "like_count", "'viele' is no whole number"),
        (7, "like_count", "must be between 0 and 2^63, but is -2"),
        (10, "row", "line 10: has 2 columns, the header has 5"),
    ]
    payloads = [row["payload"] for row in rows(night, "from landing.quarantine")]
    assert not any("erika" in payload for payload in payloads)
    do_import(make_night(night.home), path)
    assert len(quarantined(night)) == 6


def test_broken_json_lines_go_to_quarantine(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"id": 1, "text": "gut"}\n\n{"id": 2, "text": "abgeschn\n[1]\n{"id": 4, "text": {"a": 1}}\n')
    run = do_import(night, path)
    assert (run.landed_count, run.quarantined_count) == (1, 3)
    assert [(number, field) for number, field, _ in quarantined(night)] == [(3, "row"), (4, "row"), (5, "text")]


def test_an_unclosed_quote_costs_its_own_line_only(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text('id,text\n1,gut\n2,"offen\n3,gut\n4,"so\nso"\n5,gut\n6,"auch\n7,5" Schirm\n')
    run = do_import(night, path)
    assert [row["native_id"] for row in landed(night)] == ["1", "3", "4", "5", "7"]
    assert run.quarantined_count == 2
    assert quarantined(night) == [
        (3, "row", "line 3: a quote is opened and not closed"),
        (8, "row", "line 8: a quote is opened and not closed"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "mapping", "words"),
    [
        ("posts.xlsx", b"PK", [], ["'.xlsx' is no known kind of file", ".csv", "save spreadsheets as CSV"]),
        ("posts.csv", b"", [], ["the file is empty"]),
        ("posts.csv", b"id,text\n", [], ["no readable row"]),
        ("posts.csv", b"id,Text\n1,a", ["text=Txt"], ["no column 'Txt'", "Did you mean 'Text'?", "Columns: id, Text"]),
        ("posts.csv", b"id,text\n1,a", ["txt=text"], ["'txt' is no field", "Did you mean 'text'?", "published_at"]),
        ("posts.csv", b"id,words\n1,a", [], ["no column holds the text", "--map text=COLUMN", "Columns: id, words"]),
        ("posts.csv", b"id,text\n1,a", ["text"], ["--map text: write it as field=column"]),
        ("posts.csv", b"id,text\n1,a", ["text=id", "text=text"], ["text is mapped twice"]),
        ("posts.csv", b"text,date\na,10/31/2017\nb,11/01/2017", [], ["'date'", "'10/31/2017'", "--date-format"]),
        ("posts.json", b'[{"text": "a"}]', [], ["one JSON array", "jq -c"]),
        ("posts.parquet", b"no parquet", [], ["no readable Parquet file"]),
        ("posts.csv.gz", b"no gzip", [], ["cannot be read"]),
        ("posts.csv.gz", gzip.compress(as_csv(POSTS * 9_000).encode())[:-200], [], ["cannot be read"]),
    ],
)
def test_what_cannot_be_mapped_is_refused_before_anything_is_written(
    name: str, content: bytes, mapping: list[str], words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        plan_import([path], "export", mapping)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.exit_code == ExitCode.WRONG_USE
    assert list(tmp_path.iterdir()) == [path]


def test_missing_files_wrong_names_and_zones_are_refused(tmp_path: Path) -> None:
    for arguments, options, words in [
        ([tmp_path / "nowhere.csv"], {}, "there is no such file"),
        ([tmp_path], {}, "is not a file"),
        ([], {}, "at least one file"),
        ([tmp_path / "a.csv"], {"time_zone": "Europe/Berlyn"}, "--time-zone Europe/Berlyn"),
    ]:
        with pytest.raises(UsageError, match=words):
            plan_import(arguments, "export", **options)
    with pytest.raises(UsageError, match="--source My Source"):
        plan_import([tmp_path / "a.csv"], "My Source")


def test_windows_encoding_is_found_and_said(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes("text\nGrüße für 5 €\nÄrger\n".encode("cp1252"))
    plan = plan_import([path], "export")
    assert any("read as Windows-1252" in note for note in plan.notes)
    import_files(night, plan)
    assert {row["text"] for row in landed(night)} == {"Grüße für 5 €", "Ärger"}


def test_a_few_broken_characters_do_not_cost_the_others(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes("text\nGrüße für alle\n".encode() + b"kap\xffutt\n")
    plan = plan_import([path], "export")
    assert any("U+FFFD" in note for note in plan.notes)
    import_files(night, plan)
    assert {row["text"] for row in landed(night)} == {"Grüße für alle", "kap\ufffdutt"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2017-10-31T23:36:20Z", "2017-10-31T23:36:20"),
        ("2017-10-31 23:36:20+02:00", "2017-10-31T21:36:20"),
        ("2017-10-31 23:36", "2017-10-31T22:36:00"),
        ("2017-07-31 23:36", "2017-07-31T21:36:00"),
        ("2017-10-31", "2017-10-30T23:00:00"),
        ("2017-10-31 23:36:20 UTC", "2017-10-31T23:36:20"),
        ("Tue Oct 31 23:36:20 +0000 2017", "2017-10-31T23:36:20"),
        ("Tue, 31 Oct 2017 23:36:20 +0100", "2017-10-31T22:36:20"),
        ("31.10.2017 23:36", "2017-10-31T22:36:00"),
        ("31.10.2017, 23:36:20 Uhr", "2017-10-31T22:36:20"),
        ("1.7.2017", "2017-06-30T22:00:00"),
        ("1509492980", "2017-10-31T23:36:20"),
        (1509492980000, "2017-10-31T23:36:20"),
        (1509492980.0, "2017-10-31T23:36:20"),
        (datetime(2017, 10, 31, 23, 36), "2017-10-31T22:36:00"),  # noqa: DTZ001
        ("", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_dates_in_every_known_form(value: Any, expected: str | None) -> None:
    found = read_time(value, BERLIN)
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize("value", ["10/31/2017", "11/10/2017", "gestern", "2017", "31.13.2017", "9" * 20, "1,5"])
def test_dates_that_cannot_be_told_are_not_guessed(value: str) -> None:
    with pytest.raises(UnreadableTime):
        read_time(value, BERLIN)


def test_a_given_date_format_is_the_only_one(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text,when\na,10/31/2017 11:36 PM\nb,2017-10-31\n")
    run = do_import(night, path, "published_at=when", date_format="%m/%d/%Y %I:%M %p", time_zone="America/New_York")
    assert (run.landed_count, run.quarantined_count) == (1, 1)
    assert landed(night)[0]["published_at"] == datetime(2017, 11, 1, 3, 36, tzinfo=UTC)


def test_ids_from_data_frames_references_and_missing_ids(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    lines = [
        {"id": 848.0, "text": "a &amp; b", "in_reply_to_id": None, "user": {"name": "erika"}},
        {"id": "850", "text": "zwei", "in_reply_to_id": "848.0", "user": {"name": "max"}},
        {"text": "ohne", "in_reply_to_id": None, "user": {"name": "max"}},
        {"text": "ohne", "in_reply_to_id": None, "user": {"name": "erika"}},
    ]
    path.write_text(as_json_lines(lines))
    do_import(night, path, "author=user.name")
    found = landed(night)
    assert [row["native_id"][:8] for row in found] == ["848", "850", "content-", "content-"]
    assert found[0]["text"] == "a & b"
    assert found[1]["reply_to_id"] == found[0]["mention_id"]
    assert found[1]["author_key"] in {row["author_key"] for row in found[2:]}
    assert all(row["author_key"] for row in found)


def test_mapping_wins_over_guesses_and_nothing_leaves_a_field_out(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text,Volltext,author,created_at\n1,kurz,lang,erika,gestern\n")
    plan = plan_import([path], "export", ["text=Volltext", "author=", "published_at="])
    assert plan.files[0].mapping == {"text": "Volltext", "native_id": "id"}
    assert any("columns left out: text, author, created_at" in note for note in plan.notes)


def test_rows_may_say_that_posts_are_gone(night: Night, tmp_path: Path) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("id,text,deleted\n1,eins,false\n2,zwei,\n3,,true\n4,vier,vielleicht\n")
    run = do_import(night, posts)
    assert (run.landed_count, run.quarantined_count) == (3, 1)
    gone = tmp_path / "gone.csv"
    gone.write_text("id,is_deleted\n2,1\n")
    do_import(make_night(night.home), gone)
    assert [row["native_id"] for row in landed(night)] == ["1"]
    assert [row["native_id"] for row in rows(night, "from landing.tombstones order by native_id")] == ["2", "3"]


def test_html_is_read_as_html_when_said_so(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,<p>Eins<br>zwei</p>\n")
    do_import(night, path, html=True)
    assert landed(night)[0]["text"] == "Eins\nzwei"


def test_a_delimiter_is_found_by_shape() -> None:
    assert find_delimiter("a;b\n1,5;2\n2,5;3\n") == ";"
    assert find_delimiter('a,b\n"x;y;z",2\n') == ","
    assert find_delimiter("text\nja, gut; so\n") == "\x1f"


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.sampled_from(",;\t|"), st.booleans())
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path: Path, cells: list[tuple[str, str]], delimiter: str, packed: bool
) -> None:
    posts = [{"id": f"x{first}", "text": second} for first, second in cells]
    content = as_csv(posts, delimiter).encode()
    path = tmp_path / ("posts.csv.gz" if packed else "posts.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    found = [row for batch, _ in batches(inspect(path), 5) for row in batch]
    assert found == posts


def test_a_folder_as_a_source_picks_up_what_is_new(night: Night, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    source = FilesSettings(name="folder", paths=[str(folder / "*.csv")])
    assert ingest(night, source).outcome is Outcome.NO_HITS
    (folder / "a.csv").write_text("id,text\n1,eins\n2,zwei\n")
    assert ingest(make_night(night.home), source).record_count == 2
    assert ingest(make_night(night.home), source).outcome is Outcome.NO_HITS
    (folder / "a.csv").touch()
    (folder / "copy.csv").write_text((folder / "a.csv").read_text())
    assert ingest(make_night(night.home), source).outcome is Outcome.NO_HITS
    (folder / "a.csv").write_text("id,text\n1,eins\n2,zwei\n3,drei\n")
    (folder / "b.csv").write_text("id,text\n4,vier\n")
    assert ingest(make_night(night.home), source).record_count == 4
    assert [row["native_id"] for row in landed(night)] == ["1", "2", "3", "4"]
    again = FilesSettings(name="folder", paths=[str(folder / "*.csv")], map={"url": "id"})
    assert ingest(make_night(night.home), again).record_count == 6


def test_a_bad_file_in_the_folder_does_not_stop_the_others(night: Night, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,nothing\n1,eins\n")
    (tmp_path / "b.csv").write_text("id,text\n1,eins\n")
    run = ingest(night, FilesSettings(name="folder", paths=[str(tmp_path / "*.csv"), str(tmp_path / "missing.csv")]))
    assert run.outcome is Outcome.SCHEMA_DRIFT
    assert "a.csv: no column holds the text" in (run.message or "")
    assert "missing.csv: there is no such file" in (run.message or "")
    assert run.landed_count == 1


def test_a_file_without_a_readable_row_does_not_hold_up_the_next_ones(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.landing.chunk.ENOUGH", 5)
    (tmp_path / "a.csv").write_text("id,text\n" + "".join(f"{number},\n" for number in range(6)))
    (tmp_path / "b.csv").write_text("id,text\n7,eins\n")
    source = FilesSettings(name="folder", paths=[str(tmp_path / "*.csv")])
    run = ingest(night, source)
    assert (run.outcome, run.landed_count, run.quarantined_count) == (Outcome.SCHEMA_DRIFT, 1, 6)
    assert ingest(make_night(night.home), source).outcome is Outcome.NO_HITS


def test_a_long_file_goes_on_where_it_was_cut_off(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.sources.files.ROWS_PER_PAGE", 10)
    path = tmp_path / "long.csv"
    path.write_text(as_csv([{"id": number, "text": f"Beitrag {number}"} for number in range(95)]))
    source = FilesSettings(name="folder", paths=[str(path)], max_records_per_run=40)
    counts = [ingest(make_night(night.home), source).record_count for _ in range(4)]
    assert counts == [40, 40, 15, 0]
    assert len(landed(night)) == 95


def test_the_page_names_every_field_ending_and_setting() -> None:
    page = (Path(__file__).parents[1] / "docs" / "sources" / "files.md").read_text()
    for field, names in FIELDS.items():
        assert f"`{field}`" in page
        assert names[0] in page.lower()
    for word in (*EXTENSIONS, *FilesSettings.model_fields.keys() - {"type", "name", "enabled"}):
        assert f"`{word}`" in page


STREAM = Path(__file__).parents[2] / "shared" / "data" / "streams" / "spotifycares.jsonl.gz"


@pytest.mark.slow
def test_every_row_of_a_real_export_is_landed_once_or_in_quarantine(night: Night, tmp_path: Path) -> None:
    """A public export of 15,103 posts where it is at hand, else one made here with the same faults."""
    path, mapping = STREAM, ["text=text", "published_at=created_at", "native_id=tweet_id", "author=author_id"]
    if not path.exists():
        path = tmp_path / "made.jsonl"
        made = [
            {
                "tweet_id": str(number),
                "created_at": "Tue Oct 31 23:36:20 +0000 2017" if number % 97 else "kein Datum",
                "author_id": str(number % 50),
                "text": f"@AcmeCares post {number}" if number % 89 else None,
            }
            for number in range(3_000)
        ]
        path.write_text(as_json_lines(made))
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    ids = [json.loads(line)["tweet_id"] for line in content.decode().splitlines()]
    run = do_import(night, path, *mapping)
    assert run.record_count == len(ids) == run.landed_count + run.quarantined_count + run.skipped_count
    there = [row["native_id"] for row in rows(night, "select native_id from landing.mentions")]
    broken = [row["native_id"] for row in rows(night, "select native_id from landing.quarantine")]
    assert len(there) == len(set(there))
    assert sorted(there + [one for one in broken if one]) == sorted(one.removesuffix(".0") for one in ids if one)
    assert run.quarantined_count == len(broken)


EXPORTS = {
    "brandwatch": (
        "Report:,All mentions\nFrom:,01.11.2026\n\n"
        "Query Id,Date,Title,Url,Resource Id,Author,Full Text,Language,Reach (new),Likes,Shares,Comments,Thread Id\n"
        "7,2026-11-01 08:30:00.0,Neu,https://x.example/1,r1,anna,Mein Velumo,de,120,3,2,1,r0\n"
    ),
    "talkwalker": (
        "url,published,title,content,lang,extra_author_attributes.name,reach,engagement,parent_url\n"
        "https://x.example/1,2026-11-01 08:30:00,Neu,Mein Velumo,de,anna,120,9,https://x.example/0\n"
    ),
    "meltwater": (
        "Date\tDocument ID\tURL\tHeadline\tOpening Text\tHit Sentence\tAuthor Handle\tReach\tLikes\tLanguage\n"
        "2026-11-01 08:30\td1\thttps://x.example/1\tNeu\tOffen\tMein Velumo\t@anna\t120\t3\tde\n"
    ),
    "x": (
        "id,conversation_id,referenced_tweets.replied_to.id,author_id,text,lang,public_metrics.like_count,"
        "public_metrics.impression_count,created_at\n"
        "18,17,17,anna,Mein Velumo,de,3,120,2026-11-01T08:30:00.000Z\n"
    ),
}


@pytest.mark.parametrize("preset", EXPORTS)
def test_a_preset_knows_the_columns_of_a_tool(preset: str, night: Night, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(EXPORTS[preset], encoding="utf-16" if preset == "meltwater" else "utf-8")
    plan = plan_import([path], "tool", preset=preset, time_zone="UTC")
    run = import_files(night, plan)
    assert (run.landed_count, run.quarantined_count) == (1, 0), run.message
    (row,) = rows(night, "from landing.mentions")
    assert (row["text"], row["language_hint"], row["reach"]) == ("Mein Velumo", "de", 120)
    assert row["native_id"] == {"brandwatch": "r1", "meltwater": "d1", "x": "18"}.get(preset, "https://x.example/1")
    assert row["published_at"] == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert row["author_key"] is not None
    assert row["like_count"] == (None if preset == "talkwalker" else 3)
    assert (row["reply_to_id"] is None) == (preset in ("brandwatch", "meltwater"))
    assert any(f"as {preset} writes them" in note for note in plan.notes)
    page = (Path(__file__).parents[1] / "docs" / "sources" / "files.md").read_text()
    assert f"| `{preset}` |" in page


def test_a_mapping_goes_before_the_preset_and_line_numbers_count_the_report(night: Night, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(EXPORTS["brandwatch"] + "7,zu kurz\n")
    run = import_files(night, plan_import([path], "tool", ["text=Title"], preset="brandwatch"))
    assert (run.landed_count, run.quarantined_count) == (1, 1)
    assert rows(night, "select text from landing.mentions") == [{"text": "Neu"}]
    assert rows(night, "select row_number from landing.quarantine") == [{"row_number": 6}]


def test_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--preset sprinklr"):
        plan_import([tmp_path / "a.csv"], "tool", preset="sprinklr")
