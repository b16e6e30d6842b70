"""How often the sentiment head takes one class for another; feeds the corrected net sentiment of the marts.

The correction itself (adjusted classify and count: solve ``observed = true @ rates``) follows G. Forman,
"Quantifying counts and costs via classification", Data Mining and Knowledge Discovery 17 (2008).
"""

from pathlib import Path

import numpy as np

from models.card import load_card


def load_error_rates(folder: Path | None = None) -> dict[str, np.ndarray]:
    """Error rates measured on sentiment/val.

    Args:
        folder: a weights folder; default the embedded one.

    Returns:
        language ("de", "en", "*" = all others) to a 3x3 matrix in the order of SENTIMENTS: rows are the true class,
        columns the predicted one, each row sums to 1.

    Raises:
        ModelError: the card is missing or unreadable.
    """
    return load_card(folder, check_files=False).error_rates
