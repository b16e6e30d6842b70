"""What the student learns from: texts as token ids with the labels, spans and teacher embeddings known for them."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from models.clauses import split_clauses
from models.reading import SENTIMENTS
from models.training import data
from models.training.data import Example

MAX_TOKENS = 96
_MARKS = re.compile(r"\s*(?:@user|\bhttp\b)(?:\s*…)?")


@dataclass(frozen=True)
class Item:
    """One training text.

    Attributes:
        text: in normal form.
        span: characters to pool, or None for the whole text.
        sentiment, intent: class number, or -1 where unknown.
        group: number of the group of texts whose label frequencies are taken as prior.
        target: row of the teacher embeddings, or -1.
    """

    text: str
    span: tuple[int, int] | None = None
    sentiment: int = -1
    intent: int = -1
    group: int = 0
    target: int = -1


def varied(item: Item, chance: random.Random) -> Item:
    """Sometimes drop handles and links, hashtag signs, capitals or the last mark, lest the look of a source counts."""
    if item.span is not None:
        return item
    text = item.text
    if chance.random() < 0.3:
        text = _MARKS.sub("", text).strip() or text
    if chance.random() < 0.1:
        text = text.replace("#", "")
    if chance.random() < 0.1:
        text = text.lower()
    if chance.random() < 0.1:
        text = text.rstrip(".!") or text
    return Item(text, None, item.sentiment, item.intent, item.group, item.target)


def sentiment_items(examples: Sequence[Example], rows: Mapping[str, int]) -> tuple[list[Item], np.ndarray]:
    """Items of labelled posts, and the log prior [groups, 3] of each (language, source) group."""
    groups = sorted({(example.language, example.source) for example in examples})
    counts = np.ones((len(groups), len(SENTIMENTS)))
    items = []
    for example in examples:
        group = groups.index((example.language, example.source))
        counts[group, example.label] += 1
        items.append(Item(example.text, None, example.label, -1, group, rows.get(example.text, -1)))
    return items, np.log(counts / counts.sum(1, keepdims=True))


def intent_items(examples: Sequence[Example], rows: Mapping[str, int]) -> list[Item]:
    """Items of our own intent examples."""
    return [Item(example.text, intent=example.label, target=rows.get(example.text, -1)) for example in examples]


def clause_items(texts: Iterable[str], rows: Mapping[str, int]) -> list[Item]:
    """Clauses in their context, whose embedding shall be that of the clause alone."""
    items = []
    for text in texts:
        clauses = split_clauses(text)
        if len(clauses) > 1:
            for clause in clauses:
                row = rows.get(text[clause.start : clause.end], -1)
                if row >= 0:
                    items.append(Item(text, (clause.start, clause.end), target=row))
    return items


def term_items(path: Path, group: int) -> list[Item]:
    """Clauses of reviews around a labelled term, where all terms of the clause have the same polarity."""
    items = []
    for row in data.rows(path):
        text = row["text"]
        terms = [
            (int(aspect["from"]), int(aspect["to"]), aspect["polarity"])
            for aspect in row["aspects"]
            if "from" in aspect
        ]
        for clause in split_clauses(text):
            found = {polarity for first, last, polarity in terms if clause.start <= first and last <= clause.end}
            if len(found) == 1 and (polarity := found.pop()) in SENTIMENTS:
                items.append(Item(text, (clause.start, clause.end), SENTIMENTS.index(polarity), group=group))
    return items


@dataclass(frozen=True)
class Encoded:
    """An item as token ids with special tokens, and the tokens to pool."""

    token_ids: list[int]
    first: int
    last: int
    item: Item


def encoded(items: Sequence[Item], tokenizer: Tokenizer) -> list[Encoded]:
    """Tokenise items; texts are cut after 96 tokens, and items whose span lies behind that are left out."""
    result = []
    for item, encoding in zip(items, tokenizer.encode_batch([item.text for item in items]), strict=True):
        ids = encoding.ids if len(encoding.ids) <= MAX_TOKENS else [*encoding.ids[: MAX_TOKENS - 1], encoding.ids[-1]]
        first, last = 0, len(ids)
        if item.span is not None:
            inside = [
                number
                for number, (left, right) in enumerate(encoding.offsets[: len(ids) - 1])
                if right > left and item.span[0] < right <= item.span[1]
            ]
            if not inside:
                continue
            first, last = inside[0], inside[-1] + 1
        result.append(Encoded(ids, first, last, item))
    return result


def batches(items: Sequence[Encoded], tokens_per_batch: int, chance: random.Random) -> list[list[Encoded]]:
    """Shuffled batches of texts of similar length with at most ``tokens_per_batch`` tokens, padding included."""
    order = sorted(items, key=lambda item: len(item.token_ids) + chance.uniform(-3, 3))
    result: list[list[Encoded]] = [[]]
    for item in order:
        longest = max(len(item.token_ids), *(len(other.token_ids) for other in result[-1]), 0)
        if (len(result[-1]) + 1) * longest > tokens_per_batch:
            result.append([])
        result[-1].append(item)
    chance.shuffle(result)
    return result
