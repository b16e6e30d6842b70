"""Made-up posts in any number, for measuring: realistic length, language, copy and reach shares; no two runs differ."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from flows.demo.story.details import Details
from flows.demo.story.lines_de import LINES as GERMAN
from flows.demo.story.lines_en import LINES as ENGLISH

COPY_SHARE = 0.08
GERMAN_SHARE = 0.6
BRANDS = ("Velumo", "Pedelo", "Rollwerk")
END = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 365
SYLLABLES = (
    "lie",
    "fer",
    "ung",
    "ver",
    "sand",
    "pa",
    "ket",
    "kun",
    "de",
    "gro",
    "rad",
    "the",
    "ing",
    "ti",
    "on",
    "tur",
)


def write_posts(path: Path, count: int, seed: int = 7) -> None:
    """Write `count` posts as CSV with the columns id, author, created_at, text, likes."""
    rng = Random(seed)
    bodies = {
        language: [line for lines in pool.values() for line in lines]
        for language, pool in (("de", GERMAN), ("en", ENGLISH))
    }
    details = Details(rng)
    recent: list[str] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "author", "created_at", "text", "likes"])
        for number in range(count):
            if recent and rng.random() < COPY_SHARE:
                text = rng.choice(recent)
            else:
                language = "de" if rng.random() < GERMAN_SHARE else "en"
                line = rng.choice(bodies[language])
                words = line.format(brand=rng.choice(BRANDS))
                text = f"{words} {details.for_line(line, language)} {_words(rng)}"
                recent = [*recent[-200:], text]
            moment = END - timedelta(seconds=rng.randint(0, DAYS * 86_400))
            out.writerow(
                [number, f"user{rng.randint(1, count // 4 + 1)}", moment.isoformat(), text, rng.randint(0, 50)]
            )


def _words(rng: Random) -> str:
    """A dozen made-up words: without them, posts from the same few lines would all be near copies of one another."""
    return " ".join("".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(12))
