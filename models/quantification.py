"""How many mentions are positive, when the classifier errs in a known way.

Counting predictions over- or understates a class whenever the classifier takes one class for another more often than
the reverse. With M[predicted, true] = P(predicted | true), measured on labelled data, the predicted shares are q = M p,
so the true shares are p = M^-1 q. Net sentiment is linear in p, so the correction is one weight per predicted class:
(-1, 0, 1) . p = ((-1, 0, 1) . M^-1) . q.

Sources: W. J. Rogan and B. Gladen, "Estimating prevalence from the results of a screening test", American Journal of
Epidemiology 107 (1978); G. Forman, "Quantifying counts and costs via classification", Data Mining and Knowledge
Discovery 17 (2008), "adjusted count".
"""

import numpy as np

RAW_WEIGHTS = (-1.0, 0.0, 1.0)
"""What a predicted negative, neutral and positive mention counts in the uncorrected net sentiment."""

SMALLEST_DETERMINANT = 0.05


def corrected_weights(error_rates: np.ndarray) -> tuple[float, float, float]:
    """What a predicted negative, neutral and positive mention counts in the corrected net sentiment.

    Args:
        error_rates: 3x3, rows are the true class, columns the predicted one, each row sums to 1.

    Returns:
        Three weights. The raw ones when the classes are confused so much that the inverse would amplify chance
        (determinant of the matrix below SMALLEST_DETERMINANT).
    """
    confusion = np.asarray(error_rates, dtype=np.float64).T
    if np.linalg.det(confusion) < SMALLEST_DETERMINANT:
        return RAW_WEIGHTS
    negative, neutral, positive = np.array(RAW_WEIGHTS) @ np.linalg.inv(confusion)
    return float(negative), float(neutral), float(positive)
