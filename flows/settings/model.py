"""The settings of an installation: what `listening.yaml` says, typed."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    SerializeAsAny,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from flows.queries import MEANING, Query
from flows.settings import aspects as default_aspects
from flows.settings import departments as default_departments
from flows.settings.access import Access
from flows.settings.alerts import Alerts
from flows.settings.aspects import Aspect
from flows.settings.departments import DepartmentRule
from flows.settings.entities import Company, Competitor, Entity, Industry, Product
from flows.settings.fields import Language, Part, QueryField, Sentiment, Slug
from flows.settings.index import Index
from flows.settings.retention import Days, DaysField, Kept
from flows.settings.sources import validate_source
from flows.settings.topics import Topics
from flows.sources.base import SourceSettings

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class SentimentRule(Part):
    """Posts whose sentiment is known better than the model can tell ("War Zone" is the name of a product)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: Slug
    query: QueryField = Field(description="Which posts (docs/reference/queries.md).")
    sentiment: Sentiment = Field(description="What they get: negative, neutral or positive.")


class Watchlist(Part):
    """What must not be public, for whoever has no other place for it: better is `marktecho watchlist add`.

    Terms are masked in every text form of the settings; fingerprints are made of them each night and not stored.
    """

    terms: tuple[SecretStr, ...] = Field(default=(), description="Confidential words, such as names of projects.")
    documents: tuple[Path, ...] = Field(default=(), description="Confidential documents, by path.")


class Settings(Part):
    """Everything that listening.yaml says, with defaults filled in."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    company: Company = Field(description="The company that listens.")
    competitors: tuple[Competitor, ...] = Field(default=(), description="Companies it is compared with.")
    products: tuple[Product, ...] = Field(default=(), description="Its products and brands.")
    industry: Industry = Field(default=Industry(), description="The market it is in.")
    sources: tuple[SerializeAsAny[Annotated[SourceSettings, BeforeValidator(validate_source)]], ...] = Field(
        default=(), description="Where to listen: entries of any type in docs/sources."
    )
    aspects: tuple[Aspect, ...] = Field(description="What customers talk about; without it the industry's defaults.")
    departments: tuple[DepartmentRule, ...] = Field(description="Who should see which post; without it the defaults.")
    rules: tuple[SentimentRule, ...] = Field(default=(), description="Phrases whose sentiment is known.")
    watchlist: Watchlist = Field(default=Watchlist(), description="What must not be public.")
    retention: dict[str, DaysField] = Field(
        default={}, description="Days to keep posts, per source; `default` is for all others. Without it for ever."
    )
    topics: Topics = Field(default=Topics(), description="How topics are named.")
    index: Index = Field(default=Index(), description="How the business index weighs its components.")
    alerts: Alerts = Field(default=Alerts(), description="When to raise an alert, and whom to tell.")
    access: Access = Field(default=Access(), description="Who may see what on the page.")
    schedule: str = Field(default="04:00", description="When the night starts: HH:MM, or a cron expression.")
    time_zone: str = Field(default="Europe/Berlin", description="Days are days of this zone.")
    language: Language = Field(default="de", description="Language of summaries, aspects and reasons: de or en.")

    @model_validator(mode="before")
    @classmethod
    def _fill_in_defaults(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        language = "en" if data.get("language") == "en" else "de"
        industry = data.get("industry")
        industry_id = industry.get("id") if isinstance(industry, dict) else getattr(industry, "id", None)
        chosen = default_aspects.choose(data.get("aspects"), industry_id, language)
        departments = default_departments.choose(data.get("departments"), default_aspects.ids_of(chosen), language)
        return data | {"aspects": chosen, "departments": departments}

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise PydanticCustomError("time_zone", "{name} is not a time zone", {"name": value}) from None
        return value

    @field_validator("schedule")
    @classmethod
    def _is_schedule(cls, value: str) -> str:
        if not _CLOCK.fullmatch(value) and not (len(value.split()) == 5 and croniter.is_valid(value)):
            raise PydanticCustomError("schedule", "{value} is neither a time nor a cron expression", {"value": value})
        return value

    @property
    def entities(self) -> list[Entity]:
        """All that is listened for: company, competitors, products, and the market when it has a query."""
        market = self.industry.market
        return [self.company, *self.competitors, *self.products, *([market] if market else [])]

    @property
    def accounts(self) -> list[tuple[str, str, str]]:
        """The own accounts of the company and its competitors: entity_id, type of source, handle."""
        return [
            (business.entity_id, platform, handle)
            for business in (self.company, *self.competitors)
            for platform, handles in business.accounts.items()
            for handle in handles
        ]

    @property
    def listened_handles(self) -> frozenset[str]:
        """Handles named in queries, lower-case, with and without server: redaction keeps these."""
        return frozenset(handle for query in self._queries for handle in query.handles)

    @property
    def cron(self) -> str:
        """The schedule as a cron expression in `time_zone`."""
        clock = _CLOCK.fullmatch(self.schedule)
        return f"{int(clock[2])} {int(clock[1])} * * *" if clock else self.schedule

    def retention_days(self, source: str, kept: Kept = "mentions") -> int | None:
        """Days to keep posts of a source, or what else is kept of it; None: for ever."""
        default = self.retention.get("default", Days())
        return self.retention.get(source, default).of(kept) or default.of(kept)

    @property
    def fingerprint(self) -> str:
        """32 hex digits that change when posts must be matched again: with a query, a rule or an id.

        Whom `author:` means depends on the platforms that are listened to, so with such a query sources count as well.
        """
        routes = [[rule.id, str(rule.query)] for rule in self.departments if rule.query is not None]
        names_author = any(query.asks_for("author") for query in self._queries)
        said = {
            "meaning": MEANING,
            "entities": [[entity.entity_id, entity.kind, str(entity.query)] for entity in self.entities],
            "rules": [[rule.id, str(rule.query), rule.sentiment] for rule in self.rules],
            "sources": [source.model_dump_json() for source in self.sources] if names_author else [],
        } | ({"routes": routes} if routes else {})
        return hashlib.blake2b(json.dumps(said, ensure_ascii=False).encode(), digest_size=16).hexdigest()

    @property
    def _queries(self) -> list[Query]:
        routes = [rule.query for rule in self.departments if rule.query is not None]
        return [*(entity.query for entity in self.entities), *(rule.query for rule in self.rules), *routes]
