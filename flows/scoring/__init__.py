"""`marktecho score`: any file, row for row, with what the model says about each text."""

from flows.scoring.score import RowError, ScoreSummary, score

__all__ = ["RowError", "ScoreSummary", "score"]
