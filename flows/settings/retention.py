"""How long things are kept: days per source, and within a source per kind of table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveInt
from pydantic_core import PydanticKnownError

from flows.settings.fields import Part

Kept = Literal["mentions", "quarantine", "reports"]


class Days(Part):
    """Days to keep what came from a source; what is not said is kept as long as its mentions."""

    mentions: PositiveInt | None = Field(default=None, description="Posts with all that is derived from them.")
    quarantine: PositiveInt | None = Field(default=None, description="Broken records, in tables and exports.")
    reports: PositiveInt | None = Field(
        default=None, description="Summaries, briefs and Data Docs, of all sources together: only under `default`."
    )

    def of(self, kept: Kept) -> int | None:
        """Days to keep one kind of thing; None: for ever."""
        return getattr(self, kept) or (self.mentions if kept != "reports" else None)


def _one_number(value: Any) -> Any:
    """A number alone is meant for everything."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    if value <= 0:
        raise PydanticKnownError("greater_than", {"gt": 0})
    return {"mentions": value}


DaysField = Annotated[Days, BeforeValidator(_one_number)]
