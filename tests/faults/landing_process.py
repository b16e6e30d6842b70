"""What a process does that lands pages and may be killed (SIGKILL) at a chosen place; see test_landing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt.load.load import Load
from dlt.pipeline.pipeline import Pipeline

from flows.landing import chunk
from tests.landing_fixture import land_pages, make_night, post

TEXT = "Beitrag von erika.muster@beispiel.de"
PAGES = [[post(f"{page}-{number}", TEXT) for number in range(10)] for page in range(5)]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_call(method: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def replaced(*args: Any, **kwargs: Any) -> Any:
        if after:
            method(*args, **kwargs)
        die()

    return replaced


def land_and_die(home: Path, place: str) -> None:
    """Land the pages; die before or after a method of dlt (`before-normalize`), before a page (`page-3`)."""
    chunk.ENOUGH = 20
    when, _, name = place.partition("-")
    if when in ("before", "after"):
        owner = Load if hasattr(Load, name) else Pipeline
        setattr(owner, name, die_at_call(getattr(owner, name), after=when == "after"))

    def before_page(number: int) -> None:
        if place == f"page-{number}":
            die()

    land_pages(make_night(home), PAGES, before_page=before_page)
