"""Trustpilot: reviews of companies through the paid API. See docs/sources/trustpilot.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from flows.http import PoliteClient
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Checked, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, field_names, read_record, records_in
from flows.sources.tokens import revealed

PAGE_SIZE = 100


class TrustpilotSettings(DepthSettings):
    """Companies on Trustpilot in listening.yaml."""

    type: Literal["trustpilot"] = "trustpilot"
    domains: tuple[str, ...] = Field(min_length=1, description="Web addresses of companies, such as velumo.de.")
    key_variable: SecretFromEnv = Field(description="Environment variable with the API key.")
    lookback_days: float = Field(default=90, gt=0, description="How far back the first run reads.")
    base_url: str = Field(
        default="https://api.trustpilot.com", pattern=r"^https?://[^/?#@\s]+$", description="Address of the API."
    )


class Consumer(BaseModel):
    """What is read of an author."""

    id: str | None = None


class Review(BaseModel):
    """What is read of a review."""

    model_config = ConfigDict(alias_generator=to_camel)

    id: str = Field(min_length=1)
    created_at: UtcTime
    text: str | None = None
    title: str | None = None
    language: str | None = None
    updated_at: UtcTime | None = None
    number_of_likes: int | None = None
    company_reply: dict[str, Any] | None = None
    consumer: Consumer | None = None


class Trustpilot(NewestFirst):
    """Reads the reviews of each company newest first (flows/sources/newest_first.py)."""

    settings_type = TrustpilotSettings
    required_fields = field_names(Review, required=True)
    optional_fields = field_names(Review, required=False)
    author_fields: ClassVar[tuple[str, ...]] = ("consumer", "companyReply", "location")
    settings: TrustpilotSettings

    def client(self) -> PoliteClient:
        """Open the client with the API key."""
        key = revealed(self.settings.key_variable, "key_variable")
        return self.open_client(self.settings.base_url, self.settings, secret_headers={"apikey": key})

    def listings(self, client: PoliteClient) -> list[Listing]:
        """One per company, whose number on Trustpilot is asked for first."""
        return [Listing(name, partial(_page, client, _number(client, name)), _time) for name in self.settings.domains]

    def to_mention(self, record: Record) -> RawMention:
        """Map a review; `reply_count` is 1 when the company has answered. Raises BrokenRecord."""
        review = read_record(Review, record)
        if review.text is None and review.title is None:
            raise BrokenRecord("text", "is missing, and there is no title either")
        return RawMention(
            native_id=review.id,
            text="\n\n".join(filter(None, (review.title, review.text))),
            url=f"https://www.trustpilot.com/reviews/{review.id}",
            author=review.consumer.id if review.consumer else None,
            author_kind="person",
            language_hint=review.language,
            published_at=review.created_at,
            edited_at=review.updated_at,
            thread=review.id,
            like_count=review.number_of_likes,
            reply_count=int(bool(review.company_reply)),
        )

    def recheck(self, native_ids: Iterable[str]) -> Iterator[Checked]:
        """Ask for each review: those that are gone are not found, those taken down are not active."""
        with self.client() as client:
            for native_id in native_ids:
                review, _ = client.get_json(f"/v1/reviews/{quote(native_id, safe='')}", accept=(404, 410))
                if not isinstance(review, dict):
                    yield Checked(native_id, gone="deleted")
                elif str(review.get("status") or "active").lower() != "active":
                    yield Checked(native_id, gone="taken down")
                else:
                    yield Checked(native_id, record=review)


def _number(client: PoliteClient, domain: str) -> str:
    unit, response = client.get_json("/v1/business-units/find", [("name", domain)], accept=(404,))
    if response.status == 404:
        raise SourceFailed(Outcome.DOWN, f"Trustpilot knows no company at {domain}. Check `domains` in listening.yaml.")
    number = unit.get("id") if isinstance(unit, dict) else None
    if not isinstance(number, str) or not number.isascii():
        raise SourceFailed(Outcome.SCHEMA_DRIFT, "/v1/business-units/find: an object with `id` was expected")
    return number


def _page(client: PoliteClient, unit: str, position: Position) -> Slice:
    number = position if isinstance(position, int) else 1
    params = [("perPage", str(PAGE_SIZE)), ("page", str(number)), ("orderBy", "createdat.desc")]
    body, _ = client.get_json(f"/v1/business-units/{quote(unit, safe='')}/reviews", params)
    records = records_in(body.get("reviews") if isinstance(body, dict) else body, "reviews")
    return Slice(records, number + 1 if records else None)


def _time(record: Record) -> datetime | None:
    return time_in(record.get("createdAt"))
