"""How many examples a property test tries: few in the usual run, many when `HYPOTHESIS_PROFILE=explore` asks for it."""

from __future__ import annotations

import os

from hypothesis import settings

EXPLORES = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
TIMES_AS_MANY = 20


def examples(count: int) -> settings:
    """Settings for so many examples, twenty times as many when exploring."""
    return settings(max_examples=count * TIMES_AS_MANY if EXPLORES else count)
