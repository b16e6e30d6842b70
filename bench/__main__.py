"""Measure the night over growing imports: `python -m bench [--posts 20000 200000]`."""

from __future__ import annotations

import argparse
import platform
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.posts import write_posts
from bench.process import Measured, measure

CONFIG = """
company: {id: velumo, name: Velumo, query: velumo}
competitors: [{id: pedelo, name: Pedelo, query: pedelo}, {id: rollwerk, name: Rollwerk, query: rollwerk}]
industry: {id: mobility, name: Mobility}
"""
AS_OF = "2026-11-01T02:30"
RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--posts", type=int, nargs="+", default=[20_000, 200_000], help="how many posts to import")
    parser.add_argument("--score", action="store_true", help="also measure `marktecho score` over the same file")
    options = parser.parse_args()
    results: dict[int, dict[str, Measured]] = {}
    for size in options.posts:
        results[size] = _night_over(size, with_score=options.score)
        RESULTS.write_text(_report(results), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _night_over(size: int, *, with_score: bool) -> dict[str, Measured]:
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as name:
        folder = Path(name)
        config, posts, home = folder / "listening.yaml", folder / "posts.csv", folder / "home"
        config.write_text(CONFIG, encoding="utf-8")
        write_posts(posts, size)
        where = ("--config", config, "--home", home)
        mapping = [
            word
            for field in ("native_id=id", "author=author", "published_at=created_at", "text=text", "like_count=likes")
            for word in ("--map", field)
        ]
        measured = {
            "import": measure("import", posts, "--source", "bench", *mapping, *where),
            "first night": measure("nightly", "--as-of", AS_OF, *where),
            "the same night again": measure("nightly", "--as-of", AS_OF, *where),
        }
        if with_score:
            measured["score the file"] = measure("score", posts, "--output", folder / "scored.csv", "--config", config)
        return measured


def _report(results: dict[int, dict[str, Measured]]) -> str:
    lines = [
        "# Measured speed and memory",
        "",
        f"`python -m bench --posts {' '.join(map(str, results))}` (`make bench`), {datetime.now(UTC):%Y-%m-%d}, "
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB, "
        f"Python {platform.python_version()}, duckdb {version('duckdb')}, onnxruntime {version('onnxruntime')}.",
        "",
        "Made-up posts of two sentences, most of them about listened companies, 8% of them copies. Wall time of the",
        "whole process and peak resident memory of it and its children (the temporary Prefect server included).",
        "",
        "| posts | step | seconds | posts/s | peak memory (MB) |",
        "|---:|---|---:|---:|---:|",
    ]
    for size, measured in results.items():
        lines += [
            f"| {size:,} | {step} | {one.seconds:.0f} | {size / one.seconds:,.0f} | {one.peak_mb:,.0f} |"
            for step, one in measured.items()
        ]
    if len(results) > 1:
        smallest, largest = min(results), max(results)
        lines += ["", f"From {smallest:,} to {largest:,} posts ({largest / smallest:.0f} times as many):", ""]
        for step in results[smallest]:
            small, large = results[smallest][step], results[largest][step]
            longer, larger = large.seconds / small.seconds, large.peak_mb / small.peak_mb
            lines.append(f"- {step}: {longer:.1f} times the time, {larger:.2f} times the memory")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
