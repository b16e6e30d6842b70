"""Figures that say how good a classifier is; all take true and predicted class numbers or probabilities."""

import numpy as np


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes]: rows are the true class, columns the predicted one."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def recalls(counts: np.ndarray) -> np.ndarray:
    """Recall per class; NaN for a class that does not occur."""
    totals = counts.sum(1)
    return np.divide(counts.diagonal(), totals, out=np.full(len(counts), np.nan), where=totals > 0)


def precisions(counts: np.ndarray) -> np.ndarray:
    """Precision per class; 0 for a class that was never predicted."""
    totals = counts.sum(0)
    return np.divide(counts.diagonal(), totals, out=np.zeros(len(counts)), where=totals > 0)


def f1_scores(counts: np.ndarray) -> np.ndarray:
    """F1 per class; NaN for a class that neither occurs nor was predicted."""
    totals = counts.sum(0) + counts.sum(1)
    return np.divide(2 * counts.diagonal(), totals, out=np.full(len(counts), np.nan), where=totals > 0)


def macro(values: np.ndarray, counts: np.ndarray) -> float:
    """Mean of a per-class figure over the classes that occur."""
    return float(values[counts.sum(1) > 0].mean())


def reliability(true: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> list[tuple[int, float, float]]:
    """Per bin of equal width that is not empty: number of texts, mean confidence, share that is right."""
    confidence = probabilities.max(1)
    correct = probabilities.argmax(1) == true
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    members = [which == number for number in range(bins)]
    return [(int(one.sum()), float(confidence[one].mean()), float(correct[one].mean())) for one in members if one.any()]


def expected_calibration_error(true: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins of equal width (Naeini, Cooper, Hauskrecht, AAAI 2015)."""
    found = reliability(true, probabilities, bins)
    return sum(count * abs(confidence - correct) for count, confidence, correct in found) / len(true)
