"""Find the posts that queries match, a batch at a time."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
import polars as pl

from flows.queries.index import Index
from flows.queries.spans import Spans, followed_by, near, union
from flows.queries.syntax import And, Compound, Field, Near, Node, Not, Or, Phrase, Query, Term

BATCH_CHARACTERS = 8_000_000
LEAST_CHARACTERS = 400
"""A short post counts as that long, so that a batch has at most 20,000 posts."""
UNDETERMINED = "und"
"""`lang:und` means posts whose language is unknown (ISO 639-2 "undetermined")."""
Mask = np.ndarray
"""bool [posts]"""
AuthorKeys = Callable[[str], Collection[str]]


def match(queries: Mapping[str, Query], posts: pl.DataFrame, author_keys: AuthorKeys) -> pl.DataFrame:
    """Match posts against queries.

    Parameters
    ----------
    queries: queries by key (an entity id, a rule id).
    posts: columns mention_id, text, language, source, author_key.
    author_keys: all author keys that a handle may have; `author:` compares with these.

    Returns
    -------
    Columns mention_id and key, one row per hit, by key and in the order of the posts. Works on `BATCH_CHARACTERS` of
    text at a time, so that memory does not grow with the number of posts beyond the result itself.
    """
    hits = [
        pl.DataFrame({"mention_id": batch["mention_id"].filter(pl.Series(mask))}).with_columns(key=pl.lit(key))
        for batch in _batches(posts)
        for key, mask in _masks(queries, batch, author_keys)
    ]
    empty = pl.DataFrame(schema={"mention_id": posts.schema["mention_id"], "key": pl.String})
    order = {key: number for number, key in enumerate(queries)}
    return pl.concat([empty, *hits]).sort(pl.col("key").replace_strict(order, default=None), maintain_order=True)


def _batches(posts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut the posts where the next batch of characters begins."""
    lengths = posts["text"].str.len_chars().fill_null(0).to_numpy().astype(np.int64)
    numbers = (np.cumsum(np.maximum(lengths, LEAST_CHARACTERS)) - 1) // BATCH_CHARACTERS
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1), posts.height]
    for start, end in itertools.pairwise(starts):
        yield posts.slice(start, end - start)


def _masks(queries: Mapping[str, Query], batch: pl.DataFrame, author_keys: AuthorKeys) -> Iterator[tuple[str, Mask]]:
    evaluation = _Evaluation(batch, author_keys)
    for key, query in queries.items():
        yield key, evaluation.mask(query.root)


class _Evaluation:
    """Evaluates trees on one batch; a part that several queries share is worked out once."""

    def __init__(self, batch: pl.DataFrame, author_keys: AuthorKeys) -> None:
        self._batch = batch
        self._author_keys = author_keys
        self._index = Index(batch["text"])
        self._known_masks: dict[Node, Mask] = {}
        self._known_spans: dict[Node, Spans] = {}

    def mask(self, node: Node) -> Mask:
        """Which posts a part of a query matches."""
        if node not in self._known_masks:
            self._known_masks[node] = self._find_mask(node)
        return self._known_masks[node]

    def _find_mask(self, node: Node) -> Mask:
        match node:
            case And(items):
                return np.logical_and.reduce([self.mask(item) for item in items])
            case Or(items):
                return np.logical_or.reduce([self.mask(item) for item in items])
            case Not(item):
                return ~self.mask(item)
            case Field():
                return self._field(node)
            case _:
                return self._index.rows(self.spans(node).starts)

    def spans(self, node: Node) -> Spans:
        """Where a part of a query matches."""
        if node not in self._known_spans:
            self._known_spans[node] = self._find_spans(node)
        return self._known_spans[node]

    def _find_spans(self, node: Node) -> Spans:
        match node:
            case Term():
                return self._index.spans(node)
            case Compound(_, parts, joined):
                open_spelling = self._in_a_row(parts)
                return union([open_spelling, self.spans(joined)]) if joined else open_spelling
            case Phrase(items):
                return self._in_a_row(items)
            case Near(items, distances):
                spans = self.spans(items[0])
                for item, distance in zip(items[1:], distances, strict=True):
                    spans = near(spans, self.spans(item), distance)
                return spans
            case Or(items):
                return union([self.spans(item) for item in items])
            case _:
                raise TypeError(
                    f"{type(node).__name__} has no place in a text; the grammar lets none stand beside NEAR"
                )

    def _in_a_row(self, items: tuple[Term | Compound, ...]) -> Spans:
        spans = self.spans(items[0])
        for item in items[1:]:
            spans = followed_by(spans, self.spans(item))
        return spans

    def _field(self, field: Field) -> Mask:
        match field.name:
            case "lang" if field.value == UNDETERMINED:
                mask = self._batch["language"].is_null()
            case "lang":
                mask = self._batch["language"] == field.value
            case "source":
                pattern = re.escape(field.value).replace(r"\*", ".*")
                mask = self._batch["source"].str.contains(f"^{pattern}$")
            case "author":
                mask = self._batch["author_key"].is_in(list(self._author_keys(field.value)))
            case _:
                return self._index.link_rows(field.value)
        return mask.fill_null(False).to_numpy()
