"""Tokenizer and ONNX session: pieces of text in normal form in, pooled outputs per span out."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from models.card import ENCODER_FILE, TOKENIZER_FILE, Card
from models.errors import ModelError

_SPECIAL_TOKENS = 2
_TOKENS_PER_TASK = 2048


@dataclass(frozen=True)
class Piece:
    """What the encoder reads at once: token ids with special tokens, and token spans ``(first, last + 1)`` to pool."""

    token_ids: Sequence[int]
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Pooled:
    """Outputs of one piece, one row per span: unit embeddings, and the logits of every head by its name."""

    embeddings: np.ndarray
    logits: dict[str, np.ndarray]


class Encoder:
    """The ONNX encoder with all heads.

    Every piece is its own run: the activations are quantised on the fly with one scale per matrix, so a text that
    shared a batch would get numbers that depend on its batch-mates and their padding. Threads share the pieces out.
    """

    def __init__(self, card: Card, threads: int):
        """Load tokenizer and graph of a card's folder; raises ModelError when one of them cannot be read."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # the extended optimisations join Add and LayerNormalization to an operator that is eight times slower
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        path = card.folder / ENCODER_FILE
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(card.folder / TOKENIZER_FILE))
        except Exception as error:  # both libraries raise their own, unrelated kinds
            raise ModelError(f"{card.folder}: the model cannot be loaded ({error}); restore models/weights") from error
        self._heads = card.heads
        lacking = [name for name in card.heads if name not in {output.name for output in self._session.get_outputs()}]
        if lacking:
            raise ModelError(f"{path}: has no output {', '.join(lacking)}; restore models/weights")
        self.max_tokens = card.max_tokens
        self.unknown_id = self._tokenizer.token_to_id("<unk>")
        self._ends = self._tokenizer.encode("", add_special_tokens=True).ids
        prefix = self._tokenizer.encode(card.prefix, add_special_tokens=False).ids if card.prefix else []
        self._head = [self._ends[0], *prefix]
        self.room = self.max_tokens - len(self._head) - 1
        self._threads = threads

    def tokenise(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokens of texts in normal form, without prefix and special tokens, nothing cut."""
        return self._tokenizer.encode_batch(list(texts), add_special_tokens=False)

    def piece(self, token_ids: Sequence[int], spans: Sequence[tuple[int, int]]) -> Piece:
        """A piece from bare tokens; ``spans`` count from the first bare token. The first span is the whole piece."""
        shift = len(self._head)
        whole = (0, shift + len(token_ids) + 1)
        ids = [*self._head, *token_ids, self._ends[-1]]
        return Piece(ids, [whole, *((first + shift, last + shift) for first, last in spans)])

    def run(self, pieces: Sequence[Piece]) -> list[Pooled]:
        """Read the pieces; one result per piece in the order given."""
        if not pieces:
            return []
        by_length = sorted(range(len(pieces)), key=lambda index: -len(pieces[index].token_ids))
        tasks: list[list[int]] = [[]]
        tokens = 0
        for index in by_length:
            if tokens > _TOKENS_PER_TASK:
                tasks.append([])
                tokens = 0
            tasks[-1].append(index)
            tokens += len(pieces[index].token_ids)
        results: dict[int, Pooled] = {}

        def work(task: list[int]) -> None:
            for index in task:
                results[index] = self._run_one(pieces[index])

        if self._threads == 1 or len(tasks) == 1:
            for task in tasks:
                work(task)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(work, tasks))
        return [results[index] for index in range(len(pieces))]

    def _run_one(self, piece: Piece) -> Pooled:
        ids = np.array([piece.token_ids], np.int64)
        spans = np.zeros((1, len(piece.spans), ids.shape[1]), np.float32)
        for row, (first, last) in enumerate(piece.spans):
            spans[0, row, first:last] = 1 / (last - first)
        embeddings, *logits = self._session.run(["embeddings", *self._heads], {"input_ids": ids, "spans": spans})
        return Pooled(embeddings[0], {name: values[0] for name, values in zip(self._heads, logits, strict=True)})
