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


def rate(reader: Reader, texts: list[str], *, with_clauses: bool = False) -> float:
    """Texts a second in the fastest of some rounds, tokenising and all heads included."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reader.read(texts, with_clauses=with_clauses)
        fastest = min(fastest, time.perf_counter() - started)
    return len(texts) / fastest


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
    print("| what | posts a second |\n|---|---:|")
    print(f"| one thread | {rate(one, texts):,.0f} |")
    ours = rate(all_cores, texts)
    print(f"| {cores} threads | {ours:,.0f} |")
    print(f"| {cores} threads, with clauses | {rate(all_cores, texts, with_clauses=True):,.0f} |")
    unit = 1024 if sys.platform != "darwin" else 1
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    if options.peer:
        peer = peer_figures(options.peer, texts[:PEER_TEXTS])
        ours = max(ours, rate(all_cores, texts))
        print(f"| pipeline of the same encoder, one post at a time | {peer['posts_per_second']:,.0f} |")
        used = ours * options.tokens * peer["operations_per_token"] / 1e9
        best = peer["billion_operations_per_second"] * cores
        print(
            f"\n{ours / peer['posts_per_second']:.1f} times the pipeline. Matrix products of the encoder: {used:,.0f} of"
        )
        print(f"{best:,.0f} billion operations a second ({used / best:.0%} of the peak in whole numbers).")
    else:
        print("\nPipeline and peak left out: name a Python that has torch and onnx with --peer.")
    print(f"Peak memory {peak_mb:,.0f} MB.")


if __name__ == "__main__":
    main()
