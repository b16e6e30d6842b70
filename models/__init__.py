"""Text in, numbers out: the embedded model, its runtime, training and evaluation."""

from models.errors import ModelError
from models.reader import Reader, load_reader
from models.reading import INTENTS, SENTIMENTS, Clause, Reading, TextReader

__all__ = ["INTENTS", "SENTIMENTS", "Clause", "ModelError", "Reader", "Reading", "TextReader", "load_reader"]
