"""Small files that become large when they are unpacked: read in bounded memory, or refused in words."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from flows.files.lines import LONGEST_LINE
from flows.files.reading import batches, inspect
from flows.files.rows import UnreadableRow
from flows.landing.clean import as_landed

GOOD = {
    "posts.csv.gz": (b"id,text\n1,Hallo\n", b"2,Tag\n"),
    "posts.jsonl.gz": (b'{"id": "1", "text": "Hallo"}\n', b'{"id": "2", "text": "Tag"}\n'),
}


@pytest.mark.parametrize(("name", "quote"), [("posts.csv.gz", b""), ("posts.csv.gz", b'"'), ("posts.jsonl.gz", b'"')])
def test_an_endless_line_costs_itself_only(tmp_path: Path, name: str, quote: bytes) -> None:
    before, after = GOOD[name]
    path = tmp_path / name
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(before + b"9," + quote)
        for _ in range(6):
            file.write(b"x" * LONGEST_LINE)
        file.write(b"\n" + after)
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    rows = [row for batch, _ in batches(inspect(path), 100) for row in batch]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * LONGEST_LINE
    assert [row["text"] for row in rows if isinstance(row, dict)] == ["Hallo", "Tag"]
    (broken,) = [row for row in rows if isinstance(row, UnreadableRow)]
    assert "longer than 4,194,304 characters" in broken.reason


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("piece", "count"),
    [
        ("<div>", 100_000), ("<", 200_000), ("<!--", 100_000), ("<b><i>", 50_000), ("&#x110000;", 50_000),
        ("@a", 50_000), ("a@b.", 50_000), ("1 ", 10_000), ("1.", 20_000), ("+49 ", 30_000), ("DE89 3704 ", 20_000),
        ("http://", 50_000), ("Musterstraße 1, ", 3_000), ("a\u0301", 50_000), ("\u200b", 100_000), (" \n", 100_000),
        ("12345 A", 20_000),
    ],
)  # fmt: skip
def test_no_text_is_expensive_to_clean(piece: str, count: int) -> None:
    """Each took minutes, or would, if a pattern read on from every place of the text to its end."""
    for is_html in (True, False):
        assert len(as_landed(piece * count, is_html=is_html)) <= 4 * len(piece) * count
