"""Alerts: when to raise one, whom to tell, and when to leave people alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from flows.settings.fields import Part, Slug
from flows.settings.secrets import SecretFromEnv

Kind = Literal[
    "crisis",
    "surge",
    "sentiment_shift",
    "emerging_topic",
    "competitor_move",
    "source_down",
    "volume_anomaly",
    "audit_refused",
    "night_failed",
    "leak",
]
Severity = Literal["info", "warning", "critical"]
ABOUT_POSTS: tuple[Kind, ...] = ("crisis", "surge", "sentiment_shift", "emerging_topic", "competitor_move")
ABOUT_OPERATION: tuple[Kind, ...] = ("source_down", "volume_anomaly", "audit_refused", "night_failed")
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


def _is_span(value: str) -> str:
    if not _SPAN.fullmatch(value):
        raise PydanticCustomError("quiet_hours", "{value} is not a span of hours", {"value": value})
    return value


def _named_by_variable(value: Any) -> Any:
    """Take a bare name of a variable for a channel of that name."""
    return {"url_variable": value} if isinstance(value, str | SecretFromEnv) else value


class Channel(Part):
    """A place where messages go: an e-mail address, a chat room, a webhook; its apprise address is a secret."""

    name: Slug = Field(default="", description="What the summary calls it; without it, the variable's name.")
    url_variable: SecretFromEnv = Field(description="Name of the environment variable that holds an apprise address.")
    kinds: tuple[Kind, ...] = Field(
        default=ABOUT_POSTS + ABOUT_OPERATION, description="Kinds of alerts it gets; leaks only where they are named."
    )
    min_severity: Severity = Field(default="warning", description="What is less severe is not sent.")
    resolved: bool = Field(default=True, description="Whether it is told when an alert is over.")
    brief: Literal[True, False, "day", "week"] = Field(
        default=False, description="Whether it gets the morning brief: true (both), day or week."
    )

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name") and "url_variable" in data:
            variable = data["url_variable"]
            name = variable.variable if isinstance(variable, SecretFromEnv) else variable
            return data | {"name": name.lower() if isinstance(name, str) and name.isupper() else "unnamed"}
        return data

    def wants_brief(self, period: Literal["day", "week"]) -> bool:
        """Whether the brief of a period goes there."""
        return self.brief is True or self.brief == period


class Alerts(Part):
    """When to raise an alert, and whom to tell."""

    crisis_negative_share: float = Field(default=0.5, ge=0, le=1, description="Share of negative posts in a day.")
    crisis_min_mentions: PositiveInt = Field(default=30, description="Posts in a day below which there is no crisis.")
    surge_factor: float = Field(default=3.0, gt=1, description="Posts in a day, as a multiple of what was expected.")
    source_down_hours: PositiveInt = Field(default=36, description="Hours without a successful run of a source.")
    cool_down_hours: NonNegativeInt = Field(
        default=12, description="Hours in which the same cause is not told again to a channel, unless it gets worse."
    )
    quiet_hours: Annotated[str, AfterValidator(_is_span)] | None = Field(
        default=None, description="Hours (20:00-07:00, in time_zone) in which only critical alerts are sent."
    )
    channels: tuple[Annotated[Channel, BeforeValidator(_named_by_variable)], ...] = Field(
        default=(), description="Who is told: names of environment variables that hold an apprise address, or groups."
    )

    def is_quiet(self, clock: time) -> bool:
        """Whether a local time of day lies in the quiet hours, which may span midnight."""
        span = _SPAN.fullmatch(self.quiet_hours or "")
        if span is None:
            return False
        begin, end = time(int(span[1]), int(span[2])), time(int(span[3]), int(span[4]))
        return begin <= clock < end if begin <= end else clock >= begin or clock < end

    @model_validator(mode="after")
    def _unique_names(self) -> Alerts:
        repeated = _repeated(channel.name for channel in self.channels)
        if repeated:
            raise ValueError(f"two channels are called '{repeated}'. Give one of them another name: `name: ...`")
        return self


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
