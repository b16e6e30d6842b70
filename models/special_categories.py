"""Texts that reveal health, religion, politics, union, sexuality or ethnicity (Article 9 GDPR), by word lists.

A phrase of the first kind counts wherever it stands; a word of the second kind only close to the writer ("ich", "my")
in the same sentence: a pharmacy's customers talk about illnesses all day without saying that they have one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

SPECIAL_CATEGORIES = ("health", "religion", "politics", "union", "sexuality", "ethnicity")
LISTS_VERSION = "special-1"
"""Changes with the lists or the rule, so that known texts are looked at again."""
REACH = 6
"""Words that may stand between the writer and a word of the second kind."""

_OWN = re.compile(
    r"(?<!\w)(?:ich|mich|mir|mein\w{0,2}|wir|uns|unser\w{0,2}|i|i['’](?:m|ve|d|ll)|me|my|myself|we|we['’]re|us|our)(?!\w)"
)
_SENTENCE = re.compile(r"[^.!?\n]+")


def special_categories(texts: Sequence[str]) -> list[list[str]]:
    """For each text the special categories it reveals, in the order of `SPECIAL_CATEGORIES`; [] for most.

    Args:
        texts: plain texts, German or English; in other languages nothing is found.

    Returns:
        One list per text.
    """
    always, own = _lists()
    found = []
    for text in texts:
        folded = text.casefold()
        revealed = {match.lastgroup for match in always.finditer(folded)}
        if own.search(folded) is not None:
            for sentence in _SENTENCE.findall(folded):
                revealed |= _of_the_writer(sentence, own)
        found.append([category for category in SPECIAL_CATEGORIES if category in revealed])
    return found


def _of_the_writer(sentence: str, own: re.Pattern[str]) -> set[str | None]:
    writers = [match.span() for match in _OWN.finditer(sentence)]
    return {
        match.lastgroup
        for match in own.finditer(sentence)
        if any(_words_between(sentence, match.span(), writer) <= REACH for writer in writers)
    }


def _words_between(sentence: str, one: tuple[int, int], other: tuple[int, int]) -> int:
    first, second = sorted((one, other))
    return len(sentence[first[1] : second[0]].split())


@cache
def _lists() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The phrases that always count, and those that count close to the writer, with their category as group."""
    phrases: dict[str, dict[str, set[str]]] = {"always": {}, "own": {}}
    folder = resources.files("models") / "special_words"
    for language in ("de", "en"):
        category = ""
        for line in (folder / f"{language}.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                category = line.strip("[]")
            elif line and not line.startswith("#"):
                kind, _, words = line.partition(": ")
                phrases[kind].setdefault(category, set()).update(word.strip() for word in words.split(","))
    return _pattern(phrases["always"]), _pattern(phrases["own"])


def _pattern(phrases: dict[str, set[str]]) -> re.Pattern[str]:
    groups = []
    for category in SPECIAL_CATEGORIES:
        longest_first = sorted((word.casefold() for word in phrases[category]), key=lambda word: (-len(word), word))
        words = "|".join(re.escape(word).replace(r"\*", r"\w*").replace("'", "['’]") for word in longest_first)
        groups.append(rf"(?P<{category}>{words})")
    return re.compile(rf"(?<!\w)(?:{'|'.join(groups)})(?!\w)")
