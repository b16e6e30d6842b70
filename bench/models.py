"""Speed and memory of the embedded model, beside a `transformers.pipeline` of the same encoder in the same run.

    python -m bench.models [--texts 2000] [--tokens 30] [--peer PYTHON]

Posts are made up and cut to one length in tokens, special tokens included. Ours: all heads, on one thread and on all
processors. `--peer` names a Python that has this project's dependencies and torch and onnx besides: it reads some of
the posts one at a time through the pipeline in float32, on all processors, and measures the machine's best product of
bytes in ONNX Runtime. Without, both are left out. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tokenizers import Tokenizer

from bench.posts import write_posts
from models import Reader, load_reader
from models.card import TOKENIZER_FILE, WEIGHTS_FOLDER
from models.normal_form import normal_text

ROOT = Path(__file__).parents[1]
ROUNDS = 3
PEER_TEXTS = 200
SPECIAL_TOKENS = 2


def posts_of_length(count: int, tokens: int) -> list[str]:
    """Different posts that all have so many tokens."""
    tokenizer = Tokenizer.from_file(str(WEIGHTS_FOLDER / TOKENIZER_FILE))
    with TemporaryDirectory(prefix="marktecho-bench-") as folder:
        path = Path(folder) / "posts.csv"
        write_posts(path, 4 * count)
        with path.open(encoding="utf-8", newline="") as file:
            texts = list(dict.fromkeys(normal_text(row["text"]) for row in csv.DictReader(file)))
    cut: dict[str, None] = {}
    for text in texts:
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        if len(offsets) >= tokens - SPECIAL_TOKENS:
            short = text[: offsets[tokens - SPECIAL_TOKENS - 1][1]]
            if len(tokenizer.encode(short).ids) == tokens:
                cut[short] = None
    return list(cut)[:count]


@dataclass(frozen=True)
class Rate:
    """Posts a second by the clock, and posts per second of processor time, which other jobs disturb less."""

    by_clock: float
    by_processor: float


def rate(reader: Reader, texts: list[str], *, with_clauses: bool = False) -> Rate:
    """Of the best of some rounds, tokenising and all heads included."""
    seconds, work = [], []
    for _ in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        reader.read(texts, with_clauses=with_clauses)
        seconds.append(time.perf_counter() - started)
        work.append(time.process_time() - worked)
    return Rate(len(texts) / min(seconds), len(texts) / min(work))


def peer_figures(python: str, texts: list[str]) -> dict[str, Any]:
    """What bench/model_peer.py measures."""
    done = subprocess.run(
        [python, "-m", "bench.model_peer"],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.models", description=__doc__)
    parser.add_argument("--texts", type=int, default=2000, help="how many posts")
    parser.add_argument("--tokens", type=int, default=30, help="tokens of each post")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python with torch and onnx")
    options = parser.parse_args()
    texts = posts_of_length(options.texts, options.tokens)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    one, all_cores = load_reader(threads=1), load_reader()
    print(f"{len(texts)} posts of {options.tokens} tokens, {all_cores.version}, {cores} cores, {platform.machine()}\n")
    print("| what | posts a second | posts per processor second |\n|---|---:|---:|")
    print(_row("one thread", rate(one, texts)))
    ours = rate(all_cores, texts)
    print(_row(f"{cores} threads", ours))
    print(_row(f"{cores} threads, with clauses", rate(all_cores, texts, with_clauses=True)))
    unit = 1024 if sys.platform != "darwin" else 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    if options.peer:
        found = peer_figures(options.peer, texts[:PEER_TEXTS])
        peer = Rate(found["posts_per_second"], found["posts_per_processor_second"])
        print(_row("pipeline of the same encoder, one post at a time", peer))
        used = ours.by_processor * options.tokens * found["operations_per_token"] / 1e9
        best = found["billion_operations_per_second"]
        print(f"\n{ours.by_clock / peer.by_clock:.1f} times the pipeline by the clock,", end=" ")
        print(f"{ours.by_processor / peer.by_processor:.1f} times by processor time. Matrix products of the encoder:")
        print(
            f"{used:,.0f} billion operations per processor second, {used / best:.0%} of the {best:,.0f} measured alone."
        )
    else:
        print("\nPipeline and peak left out: name a Python that has torch and onnx with --peer.")
    print(f"Peak memory {peak_mb:,.0f} MB.")


def _row(name: str, found: Rate) -> str:
    return f"| {name} | {found.by_clock:,.0f} | {found.by_processor:,.0f} |"


if __name__ == "__main__":
    main()
