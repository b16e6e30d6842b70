"""The embedded model as the steps use it: loaded, and with the aspects of the settings."""

from __future__ import annotations

from collections.abc import Iterable

from flows.errors import MarktechoError
from flows.settings import Aspect
from models.aspects import AspectDefinition, AspectMatcher
from models.errors import ModelError
from models.reader import Reader, load_reader


def load_model() -> Reader:
    """Load the model. Raises MarktechoError with the file and the remedy when its weights are missing or damaged."""
    try:
        return load_reader()
    except ModelError as error:
        raise MarktechoError(str(error)) from error


def aspect_matcher(reader: Reader, aspects: Iterable[Aspect]) -> AspectMatcher:
    """Make the matcher for aspects as the settings define them."""
    return AspectMatcher(reader, [AspectDefinition(a.id, a.name, a.description, tuple(a.examples)) for a in aspects])
