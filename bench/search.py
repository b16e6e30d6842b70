"""Measure search: what it finds on a judged set, and what it costs on many mentions: `python -m bench.search`.

`--mentions 20000 1000000` adds size and times over made-up mentions (their embeddings are drawn at random around 200
points: times do not depend on what they say). Writes bench/SEARCH.md.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import yaml

from bench.posts import write_posts
from flows.model import load_model
from flows.published import attach_marts
from flows.search import query as searching
from flows.search.index import write_index
from flows.search.query import Mode, search
from models.language import detect
from models.rank_fusion import SMOOTHING

JUDGED = Path(__file__).with_name("data") / "search.yaml"
RESULTS = Path(__file__).with_name("SEARCH.md")
FOUND = 10
QUERIES = ("Lieferung verspätet sich", "battery refuses to charge", "Pedelo", "ich und die Werkstatt")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--mentions", type=int, nargs="*", default=[], help="also measure size and time over so many")
    options = parser.parse_args()
    lines = ["# Measured: search", "", *_quality()]
    for count in options.mentions:
        lines += _cost(count)
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def judged_posts() -> tuple[list[str], list[dict[str, Any]]]:
    """The posts of the judged set, and its queries: query, kind, relevant (a set of posts)."""
    entries = yaml.safe_load(JUDGED.read_text(encoding="utf-8"))
    posts = [post for entry in entries for post in (*entry["relevant"], *entry["misleading"])]
    queries = [
        {"query": entry["query"], "kind": entry["kind"], "relevant": {*entry["relevant"], *entry.get("also", [])}}
        for entry in entries
    ]
    assert all(query["relevant"] <= set(posts) for query in queries)
    return posts, queries


@contextmanager
def published(
    posts: Sequence[str], languages: Sequence[str | None], embeddings: np.ndarray, version: str
) -> Iterator[Any]:
    """A published file with these posts, their ids being their hashes; also the seconds and bytes of its index."""
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as name:
        folder = Path(name)
        ids = [
            hashlib.blake2b(f"{number} {post}".encode(), digest_size=16).hexdigest()
            for number, post in enumerate(posts)
        ]
        table = pa.table(
            {
                "mention_id": ids,
                "language": pa.array(languages, pa.string()),
                "text": list(posts),
                "embedding": pa.FixedSizeListArray.from_arrays(pa.array(embeddings.ravel()), embeddings.shape[1]),
            }
        )
        file = folder / "marts.duckdb"
        with duckdb.connect(str(file)) as marts:
            marts.register("posts", table)
            marts.execute("create table mentions as select mention_id, language, text from posts")
        bytes_before = file.stat().st_size
        with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
            warehouse.register("posts", table)
            warehouse.execute("create schema marts")
            warehouse.execute("create schema core")
            warehouse.execute("create table marts.mentions as select mention_id, language from posts")
            warehouse.execute("create table core.mentions as select mention_id, mention_id as text_hash from posts")
            warehouse.execute(f"create table core.active_versions as select '{version}' as model_version")
            warehouse.execute(
                f"""
                create table core.enrichments as
                select mention_id as text_hash, '{version}' as model_version, embedding::float[] as embedding from posts
                """
            )
            warehouse.unregister("posts")
            warehouse.execute("checkpoint")
            warehouse.execute("set memory_limit = '1GB'")
            night = SimpleNamespace(home=SimpleNamespace(work=folder), report=lambda step, done, total: None)
            began = time.perf_counter()
            write_index(night, warehouse, file)  # type: ignore[arg-type]
            seconds = time.perf_counter() - began
        with attach_marts(file) as marts:
            yield SimpleNamespace(
                marts=marts, texts=dict(zip(ids, posts, strict=True)), seconds=seconds,
                bytes_before=bytes_before, bytes=file.stat().st_size,
            )  # fmt: skip


def _quality() -> list[str]:
    posts, queries = judged_posts()
    reader = load_model()
    languages, _ = detect(posts)
    with published(posts, languages, reader.read(posts).embeddings, reader.version) as file:

        def recalls(mode: Mode) -> np.ndarray:
            return np.array(
                [
                    len({file.texts[hit.mention_id] for hit in found} & query["relevant"]) / len(query["relevant"])
                    for query in queries
                    if (found := search(file.marts, query["query"], reader, mode=mode, most=FOUND)) is not None
                ]
            )

        found = {mode: recalls(mode) for mode in Mode}
        others = {}
        for share in (0.0, 0.2, 0.3, 0.4, 0.5):
            with _set(searching, "COVERED_SHARE", share):
                others[share] = recalls(Mode.BOTH)
    kinds = np.array([query["kind"] for query in queries])
    halves = np.arange(len(queries)) % 2
    groups: list[tuple[str, np.ndarray]] = [
        ("all", np.full(len(queries), True)),
        ("about a matter", kinds == "matter"),
        ("for a name", kinds == "name"),
        ("first half (even)", halves == 0),
        ("second half (odd)", halves == 1),
    ]

    def row(label: str, recall: np.ndarray) -> str:
        return f"| {label} | " + " | ".join(f"{recall[chosen].mean():.3f}" for _, chosen in groups) + " |"

    header = [
        "| | " + " | ".join(f"{name} ({chosen.sum()})" for name, chosen in groups) + " |",
        "|---|" + "---:|" * len(groups),
    ]
    return [
        f"`python -m bench.search`: {len(queries)} queries over {len(posts)} German and English posts (invented,",
        f"bench/data/search.yaml). Recall@{FOUND}: the share of the relevant posts that are among the first {FOUND}.",
        "",
        *header,
        row("BM25 (`--text-only`)", found[Mode.WORDS]),
        row("cosine (`--by-meaning`)", found[Mode.MEANING]),
        row("fused (default)", found[Mode.BOTH]),
        "",
        f"Fused: reciprocal rank fusion, k = {SMOOTHING}, equal weights. Chosen on this set was one thing: the least",
        "share of the query's weight that a post's words must cover to take part. The choice holds in both halves:",
        "",
        *header,
        *(row(f"least share {share}", recall) for share, recall in others.items()),
        "",
    ]


def _cost(count: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as name:
        write_posts(Path(name) / "posts.csv", count)
        with duckdb.connect() as reading:
            posts = [row[0] for row in reading.execute(f"select text from read_csv('{name}/posts.csv')").fetchall()]
    reader = load_model()
    rng = np.random.default_rng(7)
    centres = rng.standard_normal((200, reader.dimension), np.float32)
    embeddings = centres[rng.integers(0, 200, count)] + rng.standard_normal((count, reader.dimension), np.float32)
    languages = ["de" if number % 5 < 3 else "en" for number in range(count)]
    with published(posts, languages, embeddings, reader.version) as file:
        times = {
            mode: [_seconds(lambda m=mode, q=text: search(file.marts, q, reader, mode=m)) for text in QUERIES * 3]
            for mode in Mode
        }
        return [
            f"## {count:,} mentions",
            "",
            f"Writing the index takes {file.seconds:.0f} s and adds {(file.bytes - file.bytes_before) / 1e6:,.0f} MB "
            f"({(file.bytes - file.bytes_before) / count:,.0f} bytes a mention).",
            "",
            "| search | median (ms) | slowest (ms) |",
            "|---|---:|---:|",
            *(f"| {mode} | {1000 * np.median(t):.0f} | {1000 * np.max(t):.0f} |" for mode, t in times.items()),
            "",
        ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _set(module: Any, name: str, value: float) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


if __name__ == "__main__":
    main()
