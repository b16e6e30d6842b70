"""Speed and memory of matching: 50 queries (words, phrases, NEAR, wildcards, fields) against posts, on one core.

    python -m bench.queries [POSTS]

Posts are made up: words drawn from a vocabulary of 60,000 with Zipf's frequencies, 4 to 60 words each,
with hashtags, handles, links, hyphenated words and emoji among them. Prints one line.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import random
import resource
import sys
import time

import polars as pl

from flows.queries import match, parse

SYLLABLES = (
    *(
        "lie",
        "fer",
        "ung",
        "ver",
        "sand",
        "pa",
        "ket",
        "kun",
        "de",
        "dienst",
        "gro",
        "ße",
        "rück",
        "gabe",
        "schuh",
        "lauf",
    ),
    *("rad", "preis", "qua", "li", "tät", "the", "ing", "tion", "re", "turn"),
)
BRANDS = [
    "Nordlauf",
    "H&M",
    "E-Bike",
    "McDonald's",
    "#NordlaufRun",
    "@nordlauf",
    "größe",
    "delivery",
    "Lieferung",
    "zu spät",
]


def vocabulary(rng: random.Random, size: int) -> list[str]:
    words = {"".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(size * 2)}
    return sorted(words)[:size] + BRANDS


def posts(count: int, seed: int = 1) -> pl.DataFrame:
    rng = random.Random(seed)
    words = vocabulary(rng, 60_000)
    rng.shuffle(words)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    extras = ["https://example.com/a?b=1", "#BlackFriday2026", "@user", "🙂", "👍🏽", "E-Bike-Akku", "[email]"]
    pool = rng.choices(words, weights, k=2_000_000)
    texts = []
    for number in range(count):
        start = rng.randrange(len(pool) - 60)
        text = pool[start : start + rng.randint(4, 60)]
        texts.append(" ".join([*text, rng.choice(extras), str(number)]))
    return pl.DataFrame(
        {
            "mention_id": [f"{number:032x}" for number in range(count)],
            "text": texts,
            "language": rng.choices(["de", "en", None], k=count),
            "source": rng.choices(["mastodon", "rss-news", "hackernews"], k=count),
            "author_key": [f"{rng.randrange(1000):032x}" for _ in range(count)],
        }
    )


def queries() -> dict[str, str]:
    mixed = [
        'nordlauf OR "nord lauf" OR #nordlaufrun OR @nordlauf',
        '(liefer* OR versand*) NEAR/5 (spät OR "zu spät" OR "nicht da") lang:de',
        '"{a} {b}" NEAR/3 {c} -gewinnspiel',
        "({a} OR {b} OR {c}) AND ({d} OR {e}) NOT #werbung",
        "*ung NEAR/2 {a}",
        "{a}* AND lang:en AND NOT source:rss-*",
        'e-bike* OR "h&m" OR mcdonald\'s',
        "l*ng OR ={a} OR =={b}",
        "{a} NEAR/10 {b} NEAR/10 {c}",
        'link:example.com ("{d} {e}" OR {a}) 🙂',
    ]
    rng = random.Random(2)
    words = [word for word in vocabulary(random.Random(1), 60_000) if word.isalpha() and len(word) > 3]
    return {
        f"q{number}": mixed[number % 10].format(**{letter: rng.choice(words) for letter in "abcde"})
        for number in range(50)
    }


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    frame = posts(count)
    parsed = {key: parse(text) for key, text in queries().items()}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.process_time()
    hits = match(parsed, frame, lambda handle: ())
    seconds = time.process_time() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} posts x {len(parsed)} queries: {seconds:.1f} s processor time, {hits.height:,} hits, "
        f"memory {before:,.0f} MiB with the posts, {after:,.0f} MiB at the peak"
    )


if __name__ == "__main__":
    main()
