"""Apple App Store: customer reviews of apps, country by country, from Apple's feeds. See docs/sources/appstore.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from flows.http import PoliteClient
from flows.sources.base import Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import field_names, read_record, records_in

LAST_PAGE = 10
"""The feed ends there: 500 reviews per country."""
PATHS = (
    "/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/json",
    "/{country}/rss/customerreviews/id={app}/page={page}/sortby=mostrecent/json",
)
"""The same feed at two addresses: now and then one of them is empty."""


class AppStoreSettings(DepthSettings):
    """Apps and countries in listening.yaml."""

    type: Literal["appstore"] = "appstore"
    apps: tuple[int, ...] = Field(min_length=1, description="Numbers of apps, as in the address of the app's page.")
    countries: tuple[str, ...] = Field(default=("de", "at", "ch"), min_length=1, description="Stores, by country code.")
    lookback_days: float = Field(default=3_650, gt=0, description="How far back the first run reads.")
    base_url: str = Field(
        default="https://itunes.apple.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the feeds."
    )


class Entry(BaseModel):
    """What is read of a review; the feed's `label` objects are taken apart before."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(min_length=1)
    content: str
    app: int
    country: str
    title: str | None = None
    updated: AwareDatetime | None = None
    author: str | None = None
    votes: int | None = Field(default=None, alias="im:voteSum")


class AppStore(NewestFirst):
    """Reads the feed of each app and country newest first (flows/sources/newest_first.py)."""

    settings_type = AppStoreSettings
    required_fields = field_names(Entry, required=True)
    optional_fields = field_names(Entry, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("author", "name")
    settings: AppStoreSettings

    def client(self) -> PoliteClient:
        """Open the client of the feeds."""
        return self.open_client(self.settings.base_url, self.settings)

    def listings(self, client: PoliteClient) -> list[Listing]:
        """One per app and country."""
        return [
            Listing(f"{country}/{app}", partial(_page, client, app, country.lower()), _time)
            for app in self.settings.apps
            for country in self.settings.countries
        ]

    def to_mention(self, record: Record) -> RawMention:
        """Map a review; the feed has one time, that of the last change, and no `reach`. Raises BrokenRecord."""
        entry = read_record(Entry, record)
        return RawMention(
            native_id=entry.id,
            text="\n\n".join(filter(None, (entry.title, entry.content))),
            url=f"https://apps.apple.com/{entry.country}/app/id{entry.app}?see-all=reviews",
            author=entry.author,
            published_at=entry.updated,
            thread=entry.id,
            like_count=None if entry.votes is None else max(0, entry.votes),
        )


def _page(client: PoliteClient, app: int, country: str, position: Position) -> Slice:
    number = position if isinstance(position, int) else 1
    entries: list[Record] = []
    for path in PATHS:
        body, _ = client.get_json(path.format(app=app, country=country, page=number), accept=(400, 404))
        feed = body.get("feed") if isinstance(body, dict) else None
        if body is not None and not isinstance(feed, dict):
            raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{country}/{app}: an object with `feed` was expected")
        found = feed.get("entry", []) if feed else []
        entries = records_in([found] if isinstance(found, dict) else found, f"{country}/{app}")
        if entries:
            break
    # the first entry of older feeds is the app itself
    reviews = [_plain(entry, app, country) for entry in entries if "im:name" not in entry]
    return Slice(reviews, number + 1 if entries and number < LAST_PAGE else None)


def _plain(entry: Record, app: int, country: str) -> Record:
    """An entry with its labels in place of the objects that hold them; the author by number where there is one."""
    plain = {name: _label(value) for name, value in entry.items() if name not in ("author", "link")}
    author = entry.get("author")
    name, address = (_label(author.get(key)) for key in ("name", "uri")) if isinstance(author, dict) else (None, None)
    number = str(address or "").rpartition("/id")[2]
    return {**plain, "app": app, "country": country, "author": number if number.isdigit() else name}


def _label(value: Any) -> Any:
    return value.get("label") if isinstance(value, Mapping) else value


def _time(record: Record) -> datetime | None:
    return time_in(record.get("updated"))
