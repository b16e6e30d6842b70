"""Topics measured: `python -m bench.topics quality|nights|scale`.

quality  a labelled corpus (BBC News) beside BERTopic with its defaults on the same embeddings (--bertopic PYTHON names
         an interpreter that has it; bench/bertopic-requirements.txt)
nights   a real stream night by night with weekly refreshes: how many posts keep their topic
scale    generated embeddings: seconds and memory of the nightly assignment and of the weekly refresh
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from flows.home import Home
from flows.settings.topics import Topics
from flows.topics import assign_topics, refresh_topics
from flows.warehouse import connect
from models.reader import load_reader
from models.topic_clusters import find_clusters
from models.topic_space import fit_space
from models.topic_words import keywords

MODEL = "bench"
END = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
FIRST_DAYS = 14


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.topics", description=__doc__)
    parser.add_argument("what", choices=["quality", "nights", "scale"])
    parser.add_argument("--data", type=Path, help="quality: labelled JSON Lines (gzip); nights: the stream")
    parser.add_argument("--bertopic", type=Path, help="a Python interpreter with BERTopic")
    parser.add_argument("--texts", type=int, default=1_000_000, help="scale: embeddings stored")
    parser.add_argument("--new", type=int, default=50_000, help="scale: new ones of the night")
    options = parser.parse_args()
    if options.what == "quality":
        quality(options.data, options.bertopic)
    elif options.what == "nights":
        nights(options.data)
    else:
        scale(options.texts, options.new)


def quality(data: Path, bertopic: Path | None) -> None:
    rows = _rows(data)
    texts, truth = [row["text"] for row in rows], [row["label"] for row in rows]
    embeddings = load_reader().read(texts).embeddings
    started = time.perf_counter()
    clusters = find_clusters(fit_space(embeddings, ["en"] * len(texts)).project(embeddings))
    seconds = time.perf_counter() - started
    again = find_clusters(fit_space(embeddings, ["en"] * len(texts)).project(embeddings))
    same = clusters.centres.tobytes() == again.centres.tobytes() and (clusters.labels == again.labels).all()
    _say("marktecho", texts, truth, clusters.labels, seconds, f"same bytes again: {bool(same)}")
    if bertopic:
        for run in range(3):
            labels, seconds = _bertopic(bertopic, texts, embeddings)
            _say(f"BERTopic, run {run + 1}", texts, truth, labels, seconds, f"in no topic: {(labels < 0).mean():.3f}")


def _bertopic(python: Path, texts: Sequence[str], embeddings: np.ndarray) -> tuple[np.ndarray, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "e.npy", embeddings)
        (folder / "t.json").write_text(json.dumps(list(texts)), encoding="utf-8")
        code = (
            "import json, time, numpy as np; from bertopic import BERTopic; "
            f"e = np.load('{folder}/e.npy'); t = json.load(open('{folder}/t.json')); s = time.perf_counter(); "
            f"found, _ = BERTopic().fit_transform(t, e); np.save('{folder}/l.npy', found); "
            "print(time.perf_counter() - s)"
        )
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
        return np.load(folder / "l.npy"), float(done.stdout.split()[-1])


def _say(name: str, texts: Sequence[str], truth: Sequence[str], labels: np.ndarray, seconds: float, note: str) -> None:
    words = _topic_words(texts, labels)
    top = [word for found in words for word in found]
    print(
        f"{name}: topics {len(set(labels.tolist()) - {-1})} (truth {len(set(truth))}), "
        f"ARI {adjusted_rand_score(truth, labels):.3f}, NMI {normalized_mutual_info_score(truth, labels):.3f}, "
        f"NPMI {_coherence(texts, words):.3f}, diversity {len(set(top)) / max(len(top), 1):.3f}, "
        f"{seconds:.1f} s; {note}",
        flush=True,
    )


def _topic_words(texts: Sequence[str], labels: np.ndarray) -> list[list[str]]:
    """Ten single words per topic by class-based TF-IDF, the same for all models."""
    groups: dict[str, list[str]] = {}
    for text, topic in zip(texts, labels.tolist(), strict=True):
        if topic >= 0:
            groups.setdefault(str(topic), []).append(text)
    found = keywords(groups, "en", most=200)
    return [[word.term for word in words if " " not in word.term][:10] for words in found.values()]


def _coherence(texts: Sequence[str], topics: Sequence[Sequence[str]]) -> float:
    """Mean normalised pointwise mutual information of the topics' word pairs within documents (Bouma 2009)."""
    wanted = {word for words in topics for word in words}
    documents = [wanted & set(text.split()) for text in texts]
    count = len(documents)
    occurs = {word: np.array([word in document for document in documents]) for word in wanted}
    scores = []
    for words in topics:
        for position, one in enumerate(words):
            for other in words[position + 1 :]:
                both = (occurs[one] & occurs[other]).sum() / count
                if both == 0:
                    scores.append(-1.0)
                elif both < 1:
                    expected = occurs[one].mean() * occurs[other].mean()
                    scores.append(float(np.log(both / expected) / -np.log(both)))
    return float(np.mean(scores))


def nights(data: Path) -> None:
    """The first night sees `FIRST_DAYS` days, 30 more follow, a refresh each seventh; days hold equally many."""
    texts = list(dict.fromkeys(row["text"] for row in _rows(data) if row["text"]))
    reading = load_reader().read(texts)
    kept = [number for number, reason in enumerate(reading.not_scored) if reason is None]
    days = np.array_split(np.array(kept), FIRST_DAYS + 30)
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as name:
        home = Home.locate(name)
        _start(home)
        for day, numbers in enumerate(days):
            at = END + timedelta(days=day)
            _write(home, [texts[n] for n in numbers], reading.embeddings[numbers], at - timedelta(hours=12))
            if day < FIRST_DAYS - 1:
                continue
            before = _topics(home)
            counts = assign_topics(_night(home, at, f"n{day:03d}"))
            after = _topics(home)
            silent = sum(after.get(text) != topic for text, topic in before.items())
            share = counts.unassigned_count / max(counts.assigned_count + counts.unassigned_count, 1)
            print(f"night {day}: {counts.topic_count} topics, in none {share:.3f}, changed {silent}", flush=True)
            if (day - FIRST_DAYS + 1) % 7 == 0 and day >= FIRST_DAYS:
                _refresh_week(home, at, day)


def _refresh_week(home: Home, at: datetime, day: int) -> None:
    before = _topics(home)
    counts = refresh_topics(_night(home, at, f"r{day:03d}"))
    after = _topics(home)
    with connect(home) as warehouse:
        alive = {
            row[0] for row in warehouse.execute("select topic_id from core.topics where retired_at is null").fetchall()
        }
    surviving = {text: topic for text, topic in before.items() if topic in alive}
    same = sum(after.get(text) == topic for text, topic in surviving.items()) / max(len(surviving), 1)
    share = counts.unassigned_count / (counts.assigned_count + counts.unassigned_count)
    print(
        f"  refresh: {len(set(before.values()))} topics before, {counts.topic_count} after; "
        f"{same:.4f} of the posts of surviving topics kept theirs; in none {share:.3f}; {counts.events}",
        flush=True,
    )


def scale(count: int, new: int) -> None:
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as name:
        home = Home.locate(name)
        _start(home)
        for start, embeddings in _generated(count, 0):
            _write(home, [f"post {start + n}" for n in range(len(embeddings))], embeddings, END - timedelta(days=3))
        print(f"{count:,} embeddings written", flush=True)
        for what, step in (
            ("first night (fit and assign all)", "assign"),
            (f"night with {new:,} new", "assign"),
            ("weekly refresh", "refresh"),
        ):
            if "new" in what:
                for start, embeddings in _generated(new, 7):
                    texts = [f"new {start + n}" for n in range(len(embeddings))]
                    _write(home, texts, embeddings, END - timedelta(hours=12))
            done = subprocess.run(
                [sys.executable, "-c", f"from bench.topics import one_step; one_step({name!r}, {step!r})"],
                check=True,
                capture_output=True,
                text=True,
            )
            print(f"{what}: {done.stdout.strip()}", flush=True)


def one_step(root: str, step: str) -> None:
    """One step in a process of its own, with its seconds and its peak resident memory."""
    home = Home.locate(root)
    started = time.perf_counter()
    night = _night(home, END, f"{step}-{time.time_ns()}")
    counts: Any = assign_topics(night) if step == "assign" else refresh_topics(night)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{seconds:.1f} s, {peak:,.0f} MB; {counts}")


def _generated(count: int, seed: int, subjects: int = 40, dimension: int = 384) -> Iterator[tuple[int, np.ndarray]]:
    """Unit embeddings around `subjects` directions of very different frequency, 50,000 at a time."""
    centres = np.random.default_rng(1).standard_normal((subjects, dimension)).astype(np.float32)
    weights = 1 / np.arange(1, subjects + 1)
    for start in range(0, count, 50_000):
        rng = np.random.default_rng([seed, start])
        size = min(50_000, count - start)
        rows = centres[rng.choice(subjects, size, p=weights / weights.sum())]
        rows = rows + 1.2 * rng.standard_normal((size, dimension)).astype(np.float32)
        yield start, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _start(home: Home) -> None:
    with connect(home) as warehouse:
        warehouse.execute("insert into core.active_versions values (?, ?)", [MODEL, MODEL])


def _write(home: Home, texts: Sequence[str], embeddings: np.ndarray, at: datetime) -> None:
    hashes = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    table = pa.table(
        {
            "text": list(texts),
            "text_hash": hashes,
            "embedding": pa.FixedSizeListArray.from_arrays(
                pa.array(embeddings.astype(np.float32).ravel()), embeddings.shape[1]
            ),
        }
    )
    with connect(home) as warehouse:
        warehouse.register("made", table)
        warehouse.execute(
            """
            insert into core.mentions by name
            select text_hash as mention_id, 'bench' as source, text_hash as native_id, 'person' as author_kind, text,
                text_hash, 'en' as language, $1::timestamptz as published_at, $1::timestamptz as collected_at,
                'c' as content_hash, now() as changed_at
            from made
            """,
            [at],
        )
        warehouse.execute("insert into core.mention_entities select text_hash, 'acme' from made")
        warehouse.execute(
            f"""
            insert into core.enrichments by name
            select text_hash, '{MODEL}' as model_version, embedding, now() as scored_at from made
            """
        )


def _night(home: Home, at: datetime, run_id: str) -> Any:
    return SimpleNamespace(
        run_id=run_id,
        as_of=at,
        home=home,
        settings=SimpleNamespace(entities=[], topics=Topics()),
        report=lambda *_: None,
    )


def _topics(home: Home) -> dict[str, str]:
    with connect(home) as warehouse:
        return dict(
            warehouse.execute("select text_hash, topic_id from core.text_topics where topic_id is not null").fetchall()
        )


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
