"""The places that keep something about posts: the modules of `flows/erasure/places`."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from flows.erasure import places
from flows.erasure.journal import Gone
from flows.home import Home


@dataclass(frozen=True)
class Place:
    """A place: its name, what it keeps in a sentence, and how it lets go.

    `erase(home, gone)` removes what it keeps about the posts in `gone` and returns how many pieces (rows, files) that
    were. The caller holds the warehouse. It is called again after a crash, so a second call must do no harm.
    """

    name: str
    keeps: str
    erase: Callable[[Home, Gone], int]


@cache
def all_places() -> tuple[Place, ...]:
    """All places, by name. Raises AttributeError for a module without `erase`."""
    found = []
    for module in sorted(pkgutil.iter_modules(places.__path__), key=lambda each: each.name):
        loaded = import_module(f"{places.__name__}.{module.name}")
        found.append(Place(module.name, (loaded.__doc__ or "").partition("\n")[0], loaded.erase))
    return tuple(found)
