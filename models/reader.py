"""Read posts: sentiment, intent and embedding of each text and, if asked for, of its clauses."""

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from tokenizers import Encoding

from models.card import Card, load_card
from models.clauses import sentences, split_clauses
from models.encoder import Encoder, Piece, Pooled
from models.language import detect
from models.normal_form import has_words, normal_form, normal_text
from models.reading import (
    EMPTY,
    INTENTS,
    NO_WORDS,
    READ_LANGUAGES,
    SENTIMENTS,
    UNSUPPORTED_LANGUAGE,
    Clause,
    Reading,
)

_MOST_UNKNOWN_SHARE = 0.25
_CHARACTERS_PER_KNOWN_TOKEN = 3.2
_SURE_OF_LANGUAGE = 0.8
_TEXTS_AT_ONCE = 2048


@dataclass(frozen=True)
class _TextReading:
    """Numbers of one distinct text."""

    reason: str | None
    embedding: np.ndarray
    sentiment: np.ndarray
    intent: np.ndarray
    clauses: list[Clause]
    clause_embeddings: np.ndarray
    clause_sentiment: np.ndarray


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
    """

    def __init__(self, card: Card, encoder: Encoder):
        """Put a card and its encoder together."""
        self.version = card.version
        self.dimension = card.dimension
        self.aspect_settings = card.aspects
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
        return Reading(
            embeddings=self._stacked([row.embedding for row in rows], self.dimension),
            sentiment=self._stacked([row.sentiment for row in rows], len(SENTIMENTS)),
            intent=self._stacked([row.intent for row in rows], len(INTENTS)),
            not_scored=[row.reason for row in rows],
            clauses=[row.clauses for row in rows],
            clause_embeddings=[row.clause_embeddings for row in rows],
            clause_sentiment=[row.clause_sentiment for row in rows],
        )

    @staticmethod
    def _stacked(rows: list[np.ndarray], width: int) -> np.ndarray:
        return np.stack(rows).astype(np.float32) if rows else np.empty((0, width), np.float32)

    def _read_distinct(self, texts: list[str], with_clauses: bool) -> list[_TextReading]:
        tokenised = self._encoder.tokenise([normal_text(text) for text in texts])
        reasons = [self._reason(text, tokens) for text, tokens in zip(texts, tokenised, strict=True)]
        pieces: list[Piece] = []
        plans: list[tuple[int, int, list[Clause], list[list[int]]]] = []
        for text, tokens, reason in zip(texts, tokenised, reasons, strict=True):
            clauses = split_clauses(text) if with_clauses and reason is None else []
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
        starts = [form.origin(left) for left, _ in tokens.offsets] if form else []
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
        sentiment = _softmax(np.concatenate([part.sentiment for part in pooled]), self._temperatures["sentiment"])
        intent = _softmax(np.concatenate([part.intent for part in pooled]), self._temperatures["intent"])
        wholes = list(np.cumsum([0, *(len(piece.spans) for piece in pieces[:-1])]))

        def mean(values: np.ndarray, rows: list[int]) -> np.ndarray:
            if not rows:  # a clause that the normal form left without a token of its own
                rows = wholes
            return np.average(values[rows], axis=0, weights=lengths[rows])

        return _TextReading(
            reason=None,
            embedding=_unit(mean(embeddings, wholes)),
            sentiment=mean(sentiment, wholes),
            intent=mean(intent, wholes),
            clauses=clauses,
            clause_embeddings=self._stacked([_unit(mean(embeddings, rows)) for rows in members], self.dimension),
            clause_sentiment=self._stacked([mean(sentiment, rows) for rows in members], len(SENTIMENTS)),
        )

    def _nothing(self, reason: str) -> _TextReading:
        return _TextReading(
            reason=reason,
            embedding=np.zeros(self.dimension),
            sentiment=np.full(len(SENTIMENTS), np.nan),
            intent=np.full(len(INTENTS), np.nan),
            clauses=[],
            clause_embeddings=self._stacked([], self.dimension),
            clause_sentiment=self._stacked([], len(SENTIMENTS)),
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
