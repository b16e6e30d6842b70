"""The words that set a topic's posts apart: class-based TF-IDF over words and pairs of words, per language.

Method: c-TF-IDF (Grootendorst 2022): a term weighs its frequency in the topic times log(1 + A / f), f being its
frequency in all topics and A the mean number of terms a topic has. Counted are posts, not occurrences, so that one post
that repeats a word does not make it a keyword.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.normal_form import normal_text

LEAST_POSTS = 2
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_BREAK = re.compile(r"[.!?:;,()\[\]\"„“”»«/|\n…]")
_SENTENCE_END = re.compile(r"[.!?:…\n][^\w]*$")
_LEFT_OUT = re.compile(r"(?<!\w)http\b|@user\b|\[\w+\]")


@dataclass(frozen=True)
class Keyword:
    """A term of a topic.

    Attributes:
        term: lower-case; one word or two with a space between.
        shown: as people write it inside a sentence.
        score: c-TF-IDF, 0 or more.
        share: of the topic's posts in the language that hold it, 0 to 1.
    """

    term: str
    shown: str
    score: float
    share: float


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words of German (`de`) or English (`en`) that say nothing about a subject; empty for others."""
    path = Path(__file__).with_name("stop_words") / f"{language}.txt"
    return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()


def keywords(
    texts: Mapping[str, Sequence[str]], language: str, *, excluded: Collection[str] = (), most: int = 20
) -> dict[str, list[Keyword]]:
    """The keywords of each topic, best first.

    Args:
        texts: posts of each topic, all in one language.
        language: whose stop words are left out; those of English always are.
        excluded: lower-case words that are no keywords, such as the names of companies.
        most: keywords per topic at most.
    """
    stops = stop_words(language) | stop_words("en") | frozenset(excluded)
    counts: dict[str, Counter[str]] = {}
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for topic, posts in texts.items():
        counts[topic] = Counter()
        for post in posts:
            counts[topic].update(_terms(post, stops, forms))
    everywhere: Counter[str] = Counter()
    for counted in counts.values():
        everywhere.update(counted)
    mean = sum(everywhere.values()) / max(len(counts), 1)
    return {
        topic: _best(counted, len(texts[topic]), everywhere, mean, forms, most) for topic, counted in counts.items()
    }


def _best(
    counted: Counter[str],
    post_count: int,
    everywhere: Counter[str],
    mean: float,
    forms: dict[str, Counter[str]],
    most: int,
) -> list[Keyword]:
    total = max(sum(counted.values()), 1)
    scored = [
        Keyword(
            term, _shown(forms[term]), count / total * math.log(1 + mean / everywhere[term]), count / max(post_count, 1)
        )
        for term, count in counted.items()
        if count >= LEAST_POSTS
    ]
    return sorted(scored, key=lambda word: (-word.score, word.term))[:most]


def _terms(text: str, stops: frozenset[str], forms: dict[str, Counter[str]]) -> set[str]:
    """The distinct terms of a post; notes how they were written."""
    plain = _LEFT_OUT.sub(" ", normal_text(text))
    found: set[str] = set()
    before: tuple[str, str] | None = None
    end = 0
    for match in _WORD.finditer(plain):
        word = match.group()
        gap = plain[end : match.start()]
        is_first = end == 0 or _SENTENCE_END.search(gap) is not None
        end = match.end()
        lower = word.lower()
        if len(word) < 3 or lower in stops or lower.split("'")[0].split("’")[0] in stops:
            before = None
            continue
        found.add(lower)
        forms[lower][word] += 1 if is_first or word.isupper() else 1_000
        if before is not None and not _BREAK.search(gap):
            pair = f"{before[0]} {lower}"
            found.add(pair)
            forms[pair][f"{before[1]} {word}"] += 1
        before = (lower, word)
    return found


def _shown(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))
