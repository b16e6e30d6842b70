"""Keep the tokens that German and English posts use, and those French, Spanish, Italian and Portuguese add cheaply.

Of e5's 250,037 tokens a German or English post uses few: the rest is most of the model's size and none of its
quality. Tokens are ranked by how often they occur in the training texts and in word-frequency lists (wordfreq, which
covers what a few thousand posts miss); single characters of Latin script, digits, punctuation and emoji always stay,
so that any word of these languages can still be spelled.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from wordfreq import iter_wordlist, word_frequency

WORD_WEIGHTS = {"de": 1.0, "en": 1.0, "fr": 0.2, "es": 0.2, "it": 0.2, "pt": 0.2}
_WORDS_PER_LANGUAGE = 150_000
_TEXT_SHARE = 0.5
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_PREFIX = ("▁query", ":")
_ALWAYS_KEPT_CATEGORIES = ("N", "P", "S")


def _word_counts(tokenizer: Tokenizer) -> np.ndarray:
    counts = np.zeros(tokenizer.get_vocab_size(), np.float64)
    for language, weight in WORD_WEIGHTS.items():
        words = [word for word, _ in zip(iter_wordlist(language, "best"), range(_WORDS_PER_LANGUAGE), strict=False)]
        capital_share = 0.4 if language == "de" else 0.15
        for variant, share in (("lower", 1 - capital_share), ("capital", capital_share)):
            forms = [word if variant == "lower" else word.capitalize() for word in words]
            for word, encoding in zip(words, tokenizer.encode_batch(forms, add_special_tokens=False), strict=True):
                frequency = weight * share * word_frequency(word, language)
                counts[encoding.ids] += frequency
    return counts / counts.sum()


def _text_counts(tokenizer: Tokenizer, texts: Iterable[str]) -> np.ndarray:
    counts = np.zeros(tokenizer.get_vocab_size(), np.float64)
    tally: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        tally.update(encoding.ids)
    counts[list(tally)] = list(tally.values())
    return counts / counts.sum()


def _is_always_kept(token: str) -> bool:
    bare = token.removeprefix("▁")
    if len(bare) > 1:
        return False
    if not bare:
        return True
    name = unicodedata.name(bare, "")
    if "CJK" in name or "HANGUL" in name or "ARABIC" in name or "DEVANAGARI" in name:
        return False
    return name.startswith("LATIN") or unicodedata.category(bare)[0] in _ALWAYS_KEPT_CATEGORIES


def trim_vocabulary(tokenizer_file: Path, texts: Iterable[str], size: int) -> tuple[dict[str, Any], list[int]]:
    """Choose ``size`` tokens of a Unigram tokenizer.

    Returns:
        the trimmed tokenizer as the content of a tokenizer.json, and the kept ids in their new order: row i of the
        new embedding matrix is row ``ids[i]`` of the old one.
    """
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    content = json.loads(tokenizer_file.read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    weights = (1 - _TEXT_SHARE) * _word_counts(tokenizer) + _TEXT_SHARE * _text_counts(tokenizer, texts)
    specials = [index for index, (token, _) in enumerate(vocabulary) if token in _SPECIAL]
    characters = [index for index, (token, _) in enumerate(vocabulary) if token in _PREFIX or _is_always_kept(token)]
    chosen = dict.fromkeys([*specials, *characters])
    for index in np.argsort(-weights):
        if len(chosen) >= size or weights[index] == 0:
            break
        if index < len(vocabulary):
            chosen[int(index)] = None
    kept = specials + sorted(set(chosen) - set(specials))
    content["model"]["vocab"] = [vocabulary[index] for index in kept]
    content["model"]["unk_id"] = kept.index(content["model"]["unk_id"])
    new_ids = {old: new for new, old in enumerate(kept)}
    content["added_tokens"] = [
        {**token, "id": new_ids[token["id"]]} for token in content["added_tokens"] if token["id"] in new_ids
    ]
    post = content["post_processor"]["special_tokens"]
    for special in post.values():
        special["ids"] = [new_ids[index] for index in special["ids"]]
    return content, kept
