"""Leak watch: what is found of planted excerpts and terms, what is found in posts that give nothing away, and how fast.

    python -m bench.leaks POSTS.jsonl.gz   (field text)

The confidential documents (bench/leak_documents) are invented. Excerpts are cut at random places and edited: a letter
wrong, too many or missing, a word dropped, two swapped, punctuation or case changed. Writes bench/RESULTS-leaks.md; the
posts stay where they are.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import psutil

from flows.leaks.matching import LeakMatcher
from flows.leaks.watchlist import Entry, Watchlist

FOLDER = Path(__file__).with_name("leak_documents")
RESULTS = Path(__file__).with_name("RESULTS-leaks.md")
KEY = b"bench" * 6
TERMS = (
    "Projekt Nachtigall",
    "Brennstoffzelle Saphir",
    "Lindwurm-Übernahme",
    "Amselruf",
    "Operation Tulip",
    "Zellpaket B7",
)
ABOUT_MUSIC = "streaming-support-en"
LENGTHS = (8, 10, 12, 16, 24, 40)
EDITS = (0, 1, 2, 3)
PLANTED = 500
MOST_POSTS = 15_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONG_DOCUMENT = 100_000


def main(posts_file: Path) -> None:
    documents = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt"))}
    posts = _posts(posts_file)
    everything = LeakMatcher(_watchlist(documents, TERMS))
    rest = {name: text for name, text in documents.items() if name != ABOUT_MUSIC}
    lines = [
        "# Leaks found",
        "",
        f"`python -m bench.leaks POSTS` (posts not in this repository), {datetime.now(UTC):%Y-%m-%d}, "
        f"{psutil.cpu_count()} cores.",
        "",
        f"Recall of planted excerpts, {PLANTED} of each kind, from {len(documents)} invented documents in German and "
        "English, each inside a post of other words:",
        "",
        "| words | " + " | ".join(f"{count} edits" for count in EDITS) + " |",
        "|---:|" + "---:|" * len(EDITS),
    ]
    for length in LENGTHS:
        recalls = [_recall(everything, documents, length, edits) for edits in EDITS]
        lines.append(f"| {length} | " + " | ".join(f"{recall:.3f}" for recall in recalls) + " |")
    mixed, wrong = _mixed(everything, documents)
    lines += [
        "",
        f"Excerpts of 12 to 40 words with one edit in every twelve words: recall {mixed:.3f}; {wrong} of them also "
        "listed under another document.",
        "",
        "| terms, planted | recall |",
        "|---|---:|",
        *(f"| {name} | {_term_recall(everything, spell):.3f} |" for name, spell in SPELLINGS.items()),
        "",
        f"{len(posts):,} real posts to a music service, which give nothing away:",
        "",
        "| watchlist | findings |",
        "|---|---:|",
    ]
    for name, chosen in (
        ("documents and terms about e-bikes", rest),
        ("with a handbook about the same service", documents),
    ):
        matcher = LeakMatcher(_watchlist(chosen, TERMS))
        lines.append(f"| {name} | {sum(bool(matcher.find(post)) for post in posts)} |")
    lines += ["", *_speed(posts, documents)]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _posts(file: Path) -> list[str]:
    with gzip.open(file, "rt", encoding="utf-8") as opened:
        texts = [json.loads(line)["text"] for line in opened]
    return [text for text in texts if text][:MOST_POSTS]


def _watchlist(documents: dict[str, str], terms: Sequence[str]) -> Watchlist:
    now = datetime.now(UTC)
    entries = {name: Entry(name, now).with_document(text, KEY) for name, text in documents.items()}
    for term in terms:
        entries[term] = Entry(term, now).with_term(term, KEY)
    return Watchlist(KEY, entries)


def _recall(matcher: LeakMatcher, documents: dict[str, str], length: int, edits: int) -> float:
    rng = Random(length * 10 + edits)
    return sum(_is_found(matcher, *_planted(documents, length, edits, rng)) for _ in range(PLANTED)) / PLANTED


def _mixed(matcher: LeakMatcher, documents: dict[str, str]) -> tuple[float, int]:
    rng = Random(7)
    found = wrong = 0
    for _ in range(PLANTED * 4):
        length = rng.randint(12, 40)
        name, text = _planted(documents, length, length // 12, rng)
        labels = {hit.label for hit in matcher.find(text)} & set(documents)
        found += name in labels
        wrong += bool(labels - {name})
    return found / (PLANTED * 4), wrong


def _is_found(matcher: LeakMatcher, name: str, text: str) -> bool:
    return any(hit.label == name for hit in matcher.find(text))


def _planted(documents: dict[str, str], length: int, edits: int, rng: Random) -> tuple[str, str]:
    name = rng.choice(list(documents))
    words = documents[name].split()
    start = rng.randrange(len(words) - length)
    excerpt = words[start : start + length]
    for _ in range(edits):
        excerpt = rng.choice(LIGHT_EDITS)(excerpt, rng)
    return name, f"Gerade gelesen: {' '.join(excerpt)} - what do you think?"


def _typo(words: list[str], rng: Random) -> list[str]:
    at = rng.choice([place for place, word in enumerate(words) if len(word) > 3] or [0])
    word = words[at]
    place = rng.randrange(len(word))
    changed = rng.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + rng.choice(LETTERS) + word[place:],
            word[:place] + rng.choice(LETTERS) + word[place + 1 :],
        )
    )
    return [*words[:at], changed, *words[at + 1 :]]


def _swapped(words: list[str], rng: Random) -> list[str]:
    at = rng.randrange(len(words) - 1)
    return [*words[:at], words[at + 1], words[at], *words[at + 2 :]]


def _dropped(words: list[str], rng: Random) -> list[str]:
    at = rng.randrange(len(words))
    return words[:at] + words[at + 1 :]


def _punctuated(words: list[str], rng: Random) -> list[str]:
    at = rng.randrange(len(words))
    return [*words[:at], words[at].strip(".,;:") + rng.choice((",", " -", "!", " ...")), *words[at + 1 :]]


def _cased(words: list[str], rng: Random) -> list[str]:
    change = rng.choice((str.upper, str.lower, str.title))
    return [change(word) for word in words]


LIGHT_EDITS: tuple[Callable[[list[str], Random], list[str]], ...] = (_typo, _swapped, _dropped, _punctuated, _cased)
SPELLINGS: dict[str, Callable[[str, Random], str]] = {
    "as they are": lambda term, rng: term,
    "in capitals": lambda term, rng: term.upper(),
    "hyphen, underscore or nothing for the blank": lambda term, rng: term.replace(" ", rng.choice(("-", "_", ""))),
    "as a hashtag": lambda term, rng: "#" + term.title().replace(" ", "").replace("-", ""),
    "umlauts as two letters": lambda term, rng: term.replace("Ü", "Ue").replace("ü", "ue").replace("ä", "ae"),
    "digits for letters": lambda term, rng: (
        term.replace("o", "0").replace("i", "1").replace("e", "3").replace("a", "4")
    ),
    "one letter wrong, missing, too many": lambda term, rng: _typo([term], rng)[0],
}


def _term_recall(matcher: LeakMatcher, spell: Callable[[str, Random], str]) -> float:
    rng = Random(3)
    found = 0
    for number in range(PLANTED):
        term = TERMS[number % len(TERMS)]
        found += _is_found(matcher, term, f"Weiß jemand, was {spell(term, rng)} bedeuten soll?")
    return found / PLANTED


def _speed(posts: list[str], documents: dict[str, str]) -> list[str]:
    rng = Random(1)
    vocabulary = [word for text in documents.values() for word in text.split()]
    long = " ".join(rng.choices(vocabulary, k=LONG_DOCUMENT))
    lines = ["| watchlist | posts/s | memory of the watchlist (MB) |", "|---|---:|---:|"]
    for name, chosen in (
        (f"{len(documents)} documents of 300 words, {len(TERMS)} terms", documents),
        (f"and one of {LONG_DOCUMENT:,} words", {**documents, "long": long}),
    ):
        before = psutil.Process().memory_info().rss
        matcher = LeakMatcher(_watchlist(chosen, TERMS))
        held = psutil.Process().memory_info().rss - before
        start = time.perf_counter()
        for post in posts:
            matcher.find(post)
        seconds = time.perf_counter() - start
        lines.append(f"| {name} | {len(posts) / seconds:,.0f} | {held / 1e6:.0f} |")
    return lines


if __name__ == "__main__":
    main(Path(sys.argv[1]))
