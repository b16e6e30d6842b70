"""Read posts: sentiment, intent and embedding of each text and, if asked for, of its clauses."""

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from tokenizers import Encoding

from models.card import Card, load_card
from models.clauses import sentences, split_clauses
from models.encoder import Encoder, Piece, Pooled
from models.errors import ModelError
from models.language import detect
from models.normal_form import has_words, normal_form, normal_text
from models.reading import (
    EMPTY,
    HEAD_LABELS,
    NO_WORDS,
    READ_LANGUAGES,
    SENTIMENTS,
    SPAN_HEAD,
    UNSUPPORTED_LANGUAGE,
    Clause,
    Reading,
)

_MOST_UNKNOWN_SHARE = 0.25
_CHARACTERS_PER_KNOWN_TOKEN = 3.2
_SURE_OF_LANGUAGE = 0.8
_TEXTS_AT_ONCE = 2048
_CLAUSE_HEADS = ("sentiment", SPAN_HEAD)


@dataclass(frozen=True)
class _TextReading:
    """Numbers of one distinct text."""

    reason: str | None
    embedding: np.ndarray
    heads: dict[str, np.ndarray]
    clauses: list[Clause]
    clause_embeddings: np.ndarray
    clause_heads: dict[str, np.ndarray]


def _softmax(logits: np.ndarray, temperature: float) -> np.ndarray:
    scaled = (logits - logits.max(-1, keepdims=True)) / temperature
    powers = np.exp(scaled)
    return powers / powers.sum(-1, keepdims=True)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


class Reader:
    """The embedded model: texts in, numbers out. Make one with ``load_reader``.

    The numbers of a text depend on that text alone: neither its neighbours nor their order nor the number of threads
    change them. A text longer than the model's window is split at sentence ends, its parts are read one by one and
    averaged by length (probabilities, and embeddings before normalising).

    Attributes:
        version: names the weights and everything that changes the numbers; the key of stored enrichments.
        dimension: length of an embedding.
        error_rates: of the sentiment head by language, measured on sentiment/val.
    """

    def __init__(self, card: Card, encoder: Encoder):
        """Put a card and its encoder together."""
        self.version = card.version
        self.dimension = card.dimension
        self.aspect_settings: Mapping[str, float] = card.aspects
        self.error_rates: Mapping[str, np.ndarray] = card.error_rates
        self._heads = card.heads
        self._temperatures = card.temperatures
        self._encoder = encoder

    def read(self, texts: Sequence[str], *, with_clauses: bool = False) -> Reading:
        """Read texts as they are (links, handles and entities are brought to normal form here).

        Args:
            texts: any strings; equal ones are read once.
            with_clauses: also split every text into clauses and give their embeddings and sentiment.

        Returns:
            a Reading, row i for text i. Memory grows with the results only: 2,048 distinct texts are in work at once.
        """
        distinct = list(dict.fromkeys(texts))
        known: dict[str, _TextReading] = {}
        for start in range(0, len(distinct), _TEXTS_AT_ONCE):
            chunk = distinct[start : start + _TEXTS_AT_ONCE]
            known.update(zip(chunk, self._read_distinct(chunk, with_clauses), strict=True))
        rows = [known[text] for text in texts]
        heads = {
            name: self._stacked([row.heads[name] for row in rows], len(HEAD_LABELS[name]))
            for name in self._heads
            if name != SPAN_HEAD
        }
        return Reading(
            embeddings=self._stacked([row.embedding for row in rows], self.dimension),
            not_scored=[row.reason for row in rows],
            clauses=[row.clauses for row in rows],
            clause_embeddings=[row.clause_embeddings for row in rows],
            clause_sentiment=[row.clause_heads["sentiment"] for row in rows],
            clause_target=[row.clause_heads[SPAN_HEAD] for row in rows] if SPAN_HEAD in self._heads else None,
            **heads,
        )

    def read_targets(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> np.ndarray:
        """Sentiment toward what a span of a text names: a company, a product, an aspect.

        Args:
            texts: as they are; the same text may come with several spans.
            spans: per text ``(start, end)``, characters ``text[start:end]``.

        Returns:
            float32 [n, 3], probabilities in the order of SENTIMENTS; NaN where a text cannot be scored.

        Raises:
            ModelError: the model has no head for targets.
            ValueError: a span is empty or outside its text.
        """
        if SPAN_HEAD not in self._heads:
            raise ModelError(f"model {self.version} has no head {SPAN_HEAD!r}")
        found = []
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            chunk = texts[start : start + _TEXTS_AT_ONCE]
            parts = [_around(*pair) for pair in zip(chunk, spans[start : start + _TEXTS_AT_ONCE], strict=True)]
            for row, (_, at) in zip(self._read_parts(chunk, [one for one, _ in parts]), parts, strict=True):
                empty = np.full(len(SENTIMENTS), np.nan)
                found.append(row.clause_heads[SPAN_HEAD][at] if row.reason is None else empty)
        return self._stacked(found, len(SENTIMENTS))

    @staticmethod
    def _stacked(rows: list[np.ndarray], width: int) -> np.ndarray:
        return np.stack(rows).astype(np.float32) if rows else np.empty((0, width), np.float32)

    def _read_distinct(self, texts: list[str], with_clauses: bool) -> list[_TextReading]:
        return self._read_parts(texts, [split_clauses(text) if with_clauses else [] for text in texts])

    def _read_parts(self, texts: Sequence[str], parts: list[list[Clause]]) -> list[_TextReading]:
        tokenised = self._encoder.tokenise([normal_text(text) for text in texts])
        reasons = [self._reason(text, tokens) for text, tokens in zip(texts, tokenised, strict=True)]
        pieces: list[Piece] = []
        plans: list[tuple[int, int, list[Clause], list[list[int]]]] = []
        for text, tokens, reason, part in zip(texts, tokenised, reasons, parts, strict=True):
            clauses = part if reason is None else []
            members: list[list[int]] = []
            first_piece = len(pieces)
            if reason is None:
                bounds, members = self._plan(text, tokens, clauses)
                pieces += [self._encoder.piece(tokens.ids[left:right], spans) for left, right, spans in bounds]
            plans.append((first_piece, len(pieces), clauses, members))
        pooled = self._encoder.run(pieces)
        return [
            self._nothing(reason)
            if reason is not None
            else self._combined(pieces[first:last], pooled[first:last], clauses, members)
            for reason, (first, last, clauses, members) in zip(reasons, plans, strict=True)
        ]

    def _reason(self, text: str, tokens: Encoding) -> str | None:
        if not text.strip():
            return EMPTY
        if not has_words(text):
            return NO_WORDS
        lengths = [(token_id, right - left) for token_id, (left, right) in zip(tokens.ids, tokens.offsets, strict=True)]
        unknown = sum(length for token_id, length in lengths if token_id == self._encoder.unknown_id)
        known = sum(length for token_id, length in lengths if token_id != self._encoder.unknown_id)
        if unknown > _MOST_UNKNOWN_SHARE * (unknown + known):
            return UNSUPPORTED_LANGUAGE
        return UNSUPPORTED_LANGUAGE if _is_foreign(text, known / max(len(lengths), 1)) else None

    def _plan(
        self, text: str, tokens: Encoding, clauses: list[Clause]
    ) -> tuple[list[tuple[int, int, list[tuple[int, int]]]], list[list[int]]]:
        """Pieces as (first token, last + 1, clause spans within), and per clause which (flat) spans belong to it."""
        count, room = len(tokens.ids), self._encoder.room
        form = normal_form(text) if clauses or count > room else None
        starts = [form.origin(_first_letter(form.text, *offsets)) for offsets in tokens.offsets] if form else []
        cuts = [0]
        if count > room:
            ends = _first_tokens(starts, sentences(text))
            names = tokens.tokens
            while count - cuts[-1] > room:
                last = ends[bisect_right(ends, cuts[-1] + room) - 1]
                cuts.append(last if last > cuts[-1] else _word_start(names, cuts[-1] + room))
        cuts.append(count)
        firsts = [*_first_tokens(starts, clauses), count]
        members: list[list[int]] = [[] for _ in clauses]
        bounds = []
        span_index = 0
        for left, right in pairwise(cuts):
            spans = []
            span_index += 1  # the span of the whole piece
            for number in range(len(clauses)):
                first, last = max(firsts[number], left), min(firsts[number + 1], right)
                if first < last:
                    spans.append((first - left, last - left))
                    members[number].append(span_index)
                    span_index += 1
            bounds.append((left, right, spans))
        return bounds, members

    def _combined(
        self, pieces: list[Piece], pooled: list[Pooled], clauses: list[Clause], members: list[list[int]]
    ) -> _TextReading:
        spans = [span for piece in pieces for span in piece.spans]
        lengths = np.array([last - first for first, last in spans], np.float64)
        embeddings = np.concatenate([part.embeddings for part in pooled]).astype(np.float64)
        heads = {
            name: _softmax(np.concatenate([part.logits[name] for part in pooled]), self._temperatures[name])
            for name in self._heads
        }
        wholes = list(np.cumsum([0, *(len(piece.spans) for piece in pieces[:-1])]))

        def mean(values: np.ndarray, rows: list[int]) -> np.ndarray:
            if not rows:  # a clause that the normal form left without a token of its own
                rows = wholes
            return np.average(values[rows], axis=0, weights=lengths[rows])

        return _TextReading(
            reason=None,
            embedding=_unit(mean(embeddings, wholes)),
            heads={name: mean(values, wholes) for name, values in heads.items()},
            clauses=clauses,
            clause_embeddings=self._stacked([_unit(mean(embeddings, rows)) for rows in members], self.dimension),
            clause_heads={
                name: self._stacked([mean(heads[name], rows) for rows in members], len(SENTIMENTS))
                for name in _CLAUSE_HEADS
                if name in heads
            },
        )

    def _nothing(self, reason: str) -> _TextReading:
        return _TextReading(
            reason=reason,
            embedding=np.zeros(self.dimension),
            heads={name: np.full(len(HEAD_LABELS[name]), np.nan) for name in self._heads},
            clauses=[],
            clause_embeddings=self._stacked([], self.dimension),
            clause_heads={name: self._stacked([], len(SENTIMENTS)) for name in _CLAUSE_HEADS},
        )


def _is_foreign(text: str, characters_per_token: float) -> bool:
    """Whether a text is surely in a language that the model does not read.

    The vocabulary has few whole words of other languages; where tokens are as long as in German there is no need to
    ask the language detector, which takes longer than the tokenizer.
    """
    if characters_per_token >= _CHARACTERS_PER_KNOWN_TOKEN:
        return False
    languages, scores = detect([text])
    return languages[0] not in (None, *READ_LANGUAGES) and float(scores[0]) >= _SURE_OF_LANGUAGE


def _first_tokens(starts: list[int], spans: list[Clause]) -> list[int]:
    """For each span the index of the first token at or behind its start; the first span takes all before it."""
    return [0 if number == 0 else int(np.searchsorted(starts, span.start)) for number, span in enumerate(spans)]


def _first_letter(text: str, left: int, right: int) -> int:
    """Where a token's word begins: a token holds the space before it, too."""
    while left + 1 < right and text[left].isspace():
        left += 1
    return left


def _around(text: str, span: tuple[int, int]) -> tuple[list[Clause], int]:
    """A text cut into what comes before a span, the span and what comes behind it, and the number of the span."""
    start, end = span
    if not 0 <= start < end <= len(text):
        raise ValueError(f"span {start} to {end} is empty or outside a text of {len(text)} characters")
    parts = [Clause(*one) for one in ((0, start), span, (end, len(text))) if one[0] < one[1]]
    return parts, int(start > 0)


def _word_start(tokens: list[str], at: int) -> int:
    """The last token at or before ``at`` that begins a word, or ``at`` when one word fills the whole piece."""
    for position in range(at, max(at - 32, 1), -1):
        if tokens[position].startswith("▁"):
            return position
    return at


def load_reader(folder: Path | None = None, *, threads: int | None = None) -> Reader:
    """Load the embedded model.

    Args:
        folder: a weights folder (encoder.onnx, tokenizer.json, card.json); default ``models/weights``.
        threads: how many texts are read at the same time; default: the processors this process may use.

    Raises:
        ModelError: a file is missing, damaged (its SHA-256 differs from the card's) or does not fit this program.
    """
    card = load_card(folder)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Reader(card, Encoder(card, threads or usable))
