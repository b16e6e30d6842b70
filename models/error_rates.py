"""How often a sentiment classifier takes one class for another; feeds the corrected net sentiment of the marts.

The correction itself is in ``models.quantification``.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.metrics import confusion
from models.reading import SENTIMENTS

ALL_OTHERS = "*"
FEWEST_TEXTS = 50
_SMOOTHING = 0.5
_POOLED_TEXTS = 10


def measured(true: np.ndarray, predicted: np.ndarray, languages: Sequence[str]) -> dict[str, np.ndarray]:
    """Error rates on labelled texts that the classifier has not learnt from.

    Args:
        true: true class numbers [n], in the order of SENTIMENTS.
        predicted: predicted ones [n].
        languages: ISO 639-1 codes [n].

    Returns:
        language to a 3x3 matrix: rows are the true class, columns the predicted one, each row sums to 1. "*", all
        languages together (half a count added to every cell), stands for all that have fewer than FEWEST_TEXTS; each
        row of the others counts 10 texts of "*" beside its own.
    """
    pooled = _shares(confusion(true, predicted, len(SENTIMENTS)) + _SMOOTHING)
    spoken = np.array(languages, str)
    rates = {ALL_OTHERS: pooled}
    for language, count in Counter(languages).items():
        if language and count >= FEWEST_TEXTS:
            own = spoken == language
            counts = confusion(true[own], predicted[own], len(SENTIMENTS))
            rates[language] = _shares(counts + _POOLED_TEXTS * pooled)
    return rates


def _shares(counts: np.ndarray) -> np.ndarray:
    shares: np.ndarray = counts / counts.sum(1, keepdims=True)
    return shares
