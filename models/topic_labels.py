"""Names for topics: a few keywords that say different things, as people write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from models.topic_words import Keyword

PARTS = 3
LANGUAGES = ("de", "en")
LEAST_POSTS = 5
"""Posts in a language from which a topic gets a name of its own in it."""
_SAME_START = 5
_ALIKE = 0.85


def label(words: Sequence[Keyword], *, is_german: bool) -> str:
    """A name from keywords, best first: up to three, none of which repeats another; empty without keywords.

    A pair of words is taken for its better-known half when most posts that hold that half hold the pair. In German,
    nouns (written with a capital inside sentences) go before other words.
    """
    ranked = sorted(words, key=lambda word: not word.shown[:1].isupper()) if is_german else list(words)
    chosen: list[Keyword] = []
    for word in [*ranked, *words]:
        if len(chosen) == PARTS:
            break
        pair = _pair_for(word, words)
        if not any(_repeats(pair.term, other.term) for other in chosen):
            chosen.append(pair)
    shown = ", ".join(word.shown for word in chosen)
    return shown[:1].upper() + shown[1:]


def labels(
    words: Mapping[str, Mapping[str, Sequence[Keyword]]], counts: Mapping[str, Mapping[str, int]], topics: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Names of topics in German and English.

    A topic with fewer than ``LEAST_POSTS`` posts in a language takes the name it has in the other one: its own
    words are better than a guess.

    Args:
        words: keywords by language and topic.
        counts: posts by language and topic.
        topics: those to name.
    """
    named: dict[str, dict[str, str]] = {}
    for topic in topics:
        own = {
            language: label(words.get(language, {}).get(topic, ()), is_german=language == "de")
            for language in LANGUAGES
        }
        frequent = {language: counts.get(language, {}).get(topic, 0) >= LEAST_POSTS for language in LANGUAGES}
        fallback = own["de"] or own["en"] or _any(words, topic) or topic
        named[topic] = {}
        for language, other in (("de", "en"), ("en", "de")):
            if own[language] and (frequent[language] or not (own[other] and frequent[other])):
                named[topic][language] = own[language]
            else:
                named[topic][language] = own[other] or fallback
    return named


def twins(names: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """For each topic id the ids of topics with nearly the same name in one of the languages, sorted."""
    ids = sorted(names)
    alike: dict[str, list[str]] = {topic: [] for topic in ids}
    for position, one in enumerate(ids):
        for other in ids[position + 1 :]:
            if any(_same_name(a, b) for a, b in zip(names[one], names[other], strict=True)):
                alike[one].append(other)
                alike[other].append(one)
    return alike


def _same_name(one: str, other: str) -> bool:
    first, second = (" ".join(sorted(name.lower().replace(",", " ").split())) for name in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE


def _pair_for(word: Keyword, words: Sequence[Keyword]) -> Keyword:
    if " " in word.term:
        return word
    for other in words:
        if " " in other.term and word.term in other.term.split() and other.share >= 0.6 * word.share:
            return other
    return word


def _repeats(one: str, other: str) -> bool:
    return any(
        a == b or a[:_SAME_START] == b[:_SAME_START] or (min(len(a), len(b)) >= 4 and (a in b or b in a))
        for a in one.split()
        for b in other.split()
    )


def _any(words: Mapping[str, Mapping[str, Sequence[Keyword]]], topic: str) -> str:
    return next((name for found in words.values() if (name := label(found.get(topic, ()), is_german=False))), "")
