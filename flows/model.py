"""The model as the steps use it: the one in use of this installation, and with the aspects of the settings."""

from __future__ import annotations

from collections.abc import Iterable

from flows import model_versions
from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.settings import Aspect
from models.aspects import AspectDefinition, AspectMatcher
from models.errors import ModelError
from models.reader import load_reader
from models.reading import TextReader


def load_model(home: Home | None = None, *, name: str | None = None) -> TextReader:
    """Load a model: that of `name`, else the one in use in the state folder, else the embedded one.

    Raises MarktechoError with file and remedy when the embedded weights are missing or damaged, UsageError when an
    adapted model is, or was adapted from other weights.
    """
    try:
        embedded = load_reader()
    except ModelError as error:
        raise MarktechoError(str(error)) from error
    if home is None:
        return embedded
    try:
        return model_versions.load_version(home, name or model_versions.name_in_use(home), embedded)
    except ModelError as error:
        raise UsageError(str(error)) from error


def aspect_matcher(reader: TextReader, aspects: Iterable[Aspect]) -> AspectMatcher:
    """Make the matcher for aspects as the settings define them."""
    return AspectMatcher(reader, [AspectDefinition(a.id, a.name, a.description, tuple(a.examples)) for a in aspects])
