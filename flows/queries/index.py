"""An index of a batch of posts: which words stand where, looked up only for the terms that queries use."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np
import polars as pl

from flows.queries import folding
from flows.queries.spans import Spans, expand, make_spans
from flows.queries.syntax import Exactness, Kind, Term
from flows.queries.tokens import LINK, analyse, are_emoji, cut, emoji_forms

GAP = 101
"""Positions left free between two posts: more than the widest NEAR."""
_SIMPLE = r"^[^\W_]+$"
_FOLDS = {
    Exactness.FOLDED: (folding.plain, folding.spelled_out),
    Exactness.SPELLED: (folding.lower,),
    Exactness.AS_WRITTEN: (folding.as_written,),
}


class Index:
    """Token positions of a batch of texts.

    Attributes
    ----------
    post_count: number of texts.
    """

    def __init__(self, texts: pl.Series) -> None:
        tokens = cut(texts.fill_null(""))
        lengths = tokens.list.len().to_numpy().astype(np.int64)
        self.post_count = len(texts)
        encoded = tokens.explode().drop_nulls().to_arrow().dictionary_encode()
        self._codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        vocabulary = pl.Series(encoded.dictionary, dtype=pl.String)
        self._forms, widths = _forms(vocabulary)
        rows = np.repeat(np.arange(self.post_count), lengths)
        token_widths = widths[self._codes]
        self._positions = np.cumsum(token_widths) - token_widths + rows * GAP
        is_first = np.concatenate(([True], np.diff(rows) != 0)) if len(rows) else np.empty(0, bool)
        self._first_positions = self._positions[is_first]
        self._rows_with_tokens = rows[is_first]

    def rows(self, positions: np.ndarray) -> np.ndarray:
        """Mask [posts] of the posts in which the positions lie."""
        mask = np.zeros(self.post_count, bool)
        mask[self._rows_with_tokens[np.searchsorted(self._first_positions, positions, "right") - 1]] = True
        return mask

    def spans(self, term: Term) -> Spans:
        """Where a term stands."""
        return self._occurrences(self._lookup[term.kind].find(term))

    def link_rows(self, address: str) -> np.ndarray:
        """Mask [posts] of the posts with a link to this host or a host below it, and to this path or below it."""
        pattern = rf"^(?:[^/]*\.)?{re.escape(address)}(?:[/?#:].*)?$"
        return self.rows(self._occurrences(self._lookup[LINK].find_pattern(pattern)).starts)

    def _occurrences(self, forms: pl.DataFrame) -> Spans:
        order, bounds = self._postings
        codes, offsets, widths = (forms[name].to_numpy() for name in ("code", "offset", "width"))
        owners, places = expand(bounds[codes], bounds[codes + 1])
        starts = self._positions[order[places]] + offsets[owners]
        return make_spans(starts, starts + widths[owners] - 1)

    @cached_property
    def _postings(self) -> tuple[np.ndarray, np.ndarray]:
        """Token numbers ordered by code, and where each code begins among them."""
        bounds = np.concatenate(([0], np.cumsum(np.bincount(self._codes))))
        return np.argsort(self._codes, kind="stable"), bounds

    @cached_property
    def _lookup(self) -> dict[str, _Lookup]:
        return {kind: _Lookup(self._forms.filter(pl.col("kind") == kind)) for kind in (*Kind, LINK)}


class _Lookup:
    """Forms of one kind, folded in the ways that terms ask for."""

    def __init__(self, forms: pl.DataFrame) -> None:
        self._forms = forms
        self._folded: dict[str, pl.Series] = {}

    def find(self, term: Term) -> pl.DataFrame:
        """Rows of the forms that the term stands for."""
        if term.kind is Kind.EMOJI:
            return self._forms.filter(pl.col("text") == term.text)
        mask = pl.Series([False]).new_from_index(0, self._forms.height)
        for fold in _FOLDS[term.exactness]:
            column = self._column(fold)
            wanted = fold(term.text)
            mask |= _like(column, wanted) if term.is_pattern else column == wanted
        return self._forms.filter(mask)

    def find_pattern(self, pattern: str) -> pl.DataFrame:
        """Rows of the forms that match a regular expression."""
        return self._forms.filter(pl.col("text").str.contains(pattern))

    def _column(self, fold: folding.Fold) -> pl.Series:
        if fold.__name__ not in self._folded:
            folded = fold("\n".join(self._forms["text"])).split("\n") if self._forms.height else []
            self._folded[fold.__name__] = pl.Series(folded, dtype=pl.String)
        return self._folded[fold.__name__]


def _like(column: pl.Series, pattern: str) -> pl.Series:
    """Mask of the texts that a pattern with `*` and `?` stands for."""
    if "?" not in pattern and pattern.count("*") == 1:
        if pattern.endswith("*"):
            return column.str.starts_with(pattern[:-1])
        if pattern.startswith("*"):
            return column.str.ends_with(pattern[1:])
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return column.str.contains(f"^(?s:{expression})$")


def _forms(vocabulary: pl.Series) -> tuple[pl.DataFrame, np.ndarray]:
    """Forms of every raw token, and the number of positions that each takes."""
    widths = np.ones(len(vocabulary), np.int64)
    is_word = vocabulary.str.contains(_SIMPLE)
    is_emoji = are_emoji(vocabulary)
    codes = pl.int_range(len(vocabulary), eager=True, dtype=pl.Int64)
    words = _whole(codes.filter(is_word), vocabulary.filter(is_word), Kind.WORD)
    emoji = _whole(codes.filter(is_emoji), emoji_forms(vocabulary.filter(is_emoji)), Kind.EMOJI)
    is_other = ~(is_word | is_emoji)
    others: list[tuple[int, str, str, int, int]] = []
    for code, raw in zip(codes.filter(is_other), vocabulary.filter(is_other), strict=True):
        token = analyse(raw)
        widths[code] = token.width
        others += [(code, str(form.kind), form.text, form.offset, form.width) for form in token.forms]
    return pl.concat([words, emoji, pl.DataFrame(others, schema=words.schema, orient="row")]), widths


def _whole(codes: pl.Series, texts: pl.Series, kind: Kind) -> pl.DataFrame:
    """Forms that are the raw token itself, over its one position."""
    frame = pl.DataFrame({"code": codes, "text": texts}, schema_overrides={"text": pl.String})
    position = {"offset": pl.lit(0, pl.Int64), "width": pl.lit(1, pl.Int64)}
    return frame.select("code", pl.lit(str(kind)).alias("kind"), "text", **position)
