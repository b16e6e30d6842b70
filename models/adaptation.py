"""Fit an adapted head to labelled texts, and say how it does on texts it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from models.adapted_head import AdaptedHead, Evidence, Ngrams
from models.calibration import temperature

FOLDS = 5
PRIORS = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
"""Precisions of the Gaussian prior that are tried, tightest first."""
_FEWEST_TEXTS = 2
_OPTIONS = {"maxiter": 200, "ftol": 1e-5}


@dataclass(frozen=True)
class Fit:
    """A fitted head, the prior that cross-validation chose, and its out-of-fold probabilities [n, classes]."""

    head: AdaptedHead
    prior: float
    unseen: np.ndarray


def fit_head(evidence: Evidence, classes: np.ndarray, folds: np.ndarray) -> Fit:
    """Fit a head.

    The temperature is fitted to out-of-fold probabilities, and the prior is the one whose log loss is then the
    smallest (C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).

    Args:
        evidence: of the n labelled texts.
        classes: class numbers [n].
        folds: number of the fold [n] of each text, 0 to FOLDS - 1; equal texts belong into one.
    """
    unseen = np.zeros((len(PRIORS), *evidence.own.shape))
    for fold in range(FOLDS):
        inside = folds != fold
        outside = evidence.rows(~inside)
        for number, head in enumerate(_path(evidence.rows(inside), classes[inside])):
            unseen[number, ~inside] = head.probabilities(outside)
    scales = [temperature(classes, one) for one in unseen]
    cooled = [_cooled(one, scale) for one, scale in zip(unseen, scales, strict=True)]
    losses = [-np.log(np.maximum(one[np.arange(len(classes)), classes], 1e-12)).mean() for one in cooled]
    best = int(np.argmin(losses))
    *_, raw = _path(evidence, classes, PRIORS[: best + 1])
    head = AdaptedHead(raw.vector_weights, raw.ngrams, raw.ngram_weights, raw.bias, scales[best])
    return Fit(head, PRIORS[best], cooled[best])


def _cooled(probabilities: np.ndarray, scale: float) -> np.ndarray:
    powers = probabilities ** (1 / scale)
    return powers / powers.sum(1, keepdims=True)


def _path(evidence: Evidence, classes: np.ndarray, priors: tuple[float, ...] = PRIORS) -> Iterator[AdaptedHead]:
    """Heads for priors from tight to loose, each fit begun where the one before ended."""
    ngrams = Ngrams.seen_in(evidence.counts, fewest_texts=_FEWEST_TEXTS)
    dense, sparse, start = evidence.dense, ngrams.inputs(evidence.counts), evidence.start
    transposed = csr_array(sparse.T)
    split, count = dense.shape[1], start.shape[1]
    width = split + sparse.shape[1]
    true = np.eye(count)[classes]
    values = np.zeros((width + 1) * count)
    for prior in priors:

        def loss(values: np.ndarray, prior: float = prior) -> tuple[float, np.ndarray]:
            weights, bias = values[:-count].reshape(width, count), values[-count:]
            logits = start + dense @ weights[:split] + sparse @ weights[split:] + bias
            logits -= logits.max(1, keepdims=True)
            powers = np.exp(logits)
            totals = powers.sum(1, keepdims=True)
            wrong = powers / totals - true
            value = float((np.log(totals[:, 0]) - (logits * true).sum(1)).sum() + prior / 2 * (weights**2).sum())
            slope = np.concatenate([dense.T @ wrong, transposed @ wrong]) + prior * weights
            return value, np.concatenate([slope.ravel(), wrong.sum(0)])

        values = minimize(loss, values, jac=True, method="L-BFGS-B", options=_OPTIONS).x
        weights = values[:-count].reshape(width, count)
        yield AdaptedHead(weights[:split], ngrams, weights[split:], values[-count:], 1.0)
