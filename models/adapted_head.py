"""A head adapted to a company's own labels: the model's own probabilities, moved by what its labels have taught.

The logits are those of the model plus a linear function of what the model read (the embedding, the other heads) and
of the text's character n-grams, which know the company's own vocabulary. The linear part is fitted as multinomial
logistic regression with a Gaussian prior around zero, that is around the model as it was, so that few labels move it
little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from models.normal_form import normal_text

NGRAM_COLUMNS = 2**18
_NGRAM_SIZES = (2, 5)
_DENSE_SCALE = 4.0
_OTHER_SCALE = 0.3
_LEAST = 1e-9


@dataclass(frozen=True)
class Evidence:
    """What a head reads of n texts (or clauses).

    Attributes:
        texts: as given to the model.
        own: probabilities [n, classes] of the head that is adapted.
        others: probabilities [n, any] of further heads.
        vectors: embeddings [n, dimension] of unit length.
    """

    texts: Sequence[str]
    own: np.ndarray
    others: np.ndarray
    vectors: np.ndarray

    @cached_property
    def start(self) -> np.ndarray:
        """Log probabilities [n, classes] of the model's own head."""
        return np.log(np.maximum(self.own.astype(np.float64), _LEAST))

    @cached_property
    def dense(self) -> np.ndarray:
        """Inputs [n, any] from the model, scaled so that one prior suits all."""
        others = np.log(np.maximum(self.others.astype(np.float64), _LEAST))
        return np.hstack([self.vectors.astype(np.float64) * _DENSE_SCALE, others * _OTHER_SCALE])

    @cached_property
    def counts(self) -> csr_array:
        """Dampened counts [n, NGRAM_COLUMNS] of the character n-grams within words."""
        from sklearn.feature_extraction.text import HashingVectorizer

        hashing = HashingVectorizer(
            analyzer="char_wb", ngram_range=_NGRAM_SIZES, n_features=NGRAM_COLUMNS, alternate_sign=False, norm=None
        )
        counts = csr_array(hashing.transform([normal_text(text) for text in self.texts]))
        counts.data = 1 + np.log(counts.data)
        return counts

    @classmethod
    def joined(cls, parts: Sequence["Evidence"]) -> "Evidence":
        """The evidence of all texts of several parts, in order."""
        arrays = (np.concatenate([getattr(part, name) for part in parts]) for name in ("own", "others", "vectors"))
        return cls([text for part in parts for text in part.texts], *arrays)

    def rows(self, chosen: np.ndarray) -> "Evidence":
        """The evidence of some of the texts, by number or mask."""
        numbers = np.arange(len(self.texts))[chosen]
        part = Evidence(
            [self.texts[k] for k in numbers], self.own[numbers], self.others[numbers], self.vectors[numbers]
        )
        part.__dict__["counts"] = self.counts[numbers]
        return part


@dataclass(frozen=True)
class Ngrams:
    """The n-grams a head knows: their hashed columns, rising, and inverse document frequencies."""

    columns: np.ndarray
    rarity: np.ndarray

    @classmethod
    def seen_in(cls, counts: csr_array, *, fewest_texts: int) -> "Ngrams":
        """The n-grams that occur in so many texts or more."""
        texts = np.bincount(counts.indices, minlength=NGRAM_COLUMNS)
        columns = np.flatnonzero(texts >= fewest_texts)
        rarity = np.log((1 + counts.shape[0]) / (1 + texts[columns])) + 1
        return cls(columns.astype(np.int32), rarity.astype(np.float32))

    def inputs(self, counts: csr_array) -> csr_array:
        """Weighted n-grams [n, columns], each text of the same length."""
        chosen = csr_array(counts[:, self.columns])
        chosen.data = chosen.data * self.rarity[chosen.indices]
        lengths = np.sqrt(np.asarray(chosen.multiply(chosen).sum(1)).ravel())
        chosen.data = chosen.data * np.repeat(_DENSE_SCALE / np.maximum(lengths, _LEAST), np.diff(chosen.indptr))
        return chosen


@dataclass(frozen=True)
class AdaptedHead:
    """Weights of an adapted head.

    Attributes:
        vector_weights: [dense inputs, classes].
        ngrams: the n-grams it knows.
        ngram_weights: [n-grams, classes].
        bias: [classes].
        temperature: what logits are divided by.
    """

    vector_weights: np.ndarray
    ngrams: Ngrams
    ngram_weights: np.ndarray
    bias: np.ndarray
    temperature: float

    def probabilities(self, evidence: Evidence) -> np.ndarray:
        """Calibrated probabilities [n, classes]; raises ValueError when the model gives other vectors than it did."""
        if evidence.dense.shape[1] != len(self.vector_weights):
            raise ValueError(
                f"the model gives {evidence.dense.shape[1]} inputs, the head reads {len(self.vector_weights)}"
            )
        moved = evidence.dense @ self.vector_weights + self.ngrams.inputs(evidence.counts) @ self.ngram_weights
        scaled = (evidence.start + moved + self.bias) / self.temperature
        powers = np.exp(scaled - scaled.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def tensors(self) -> dict[str, np.ndarray]:
        """The weights by name, as they are stored."""
        return {
            "vector_weights": self.vector_weights.astype(np.float32),
            "ngram_columns": self.ngrams.columns,
            "ngram_rarity": self.ngrams.rarity,
            "ngram_weights": self.ngram_weights.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "temperature": np.array([self.temperature], np.float32),
        }

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, np.ndarray]) -> "AdaptedHead":
        """The head of stored weights; raises KeyError when one is missing."""
        return cls(
            tensors["vector_weights"],
            Ngrams(tensors["ngram_columns"], tensors["ngram_rarity"]),
            tensors["ngram_weights"],
            tensors["bias"],
            float(tensors["temperature"][0]),
        )
