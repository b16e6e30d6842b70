"""Google Play: reviews of your own apps, through the official API. See docs/sources/googleplay.md."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from flows.http import PoliteClient
from flows.settings.secrets import SecretFromEnv
from flows.sources.base import BrokenRecord, Outcome, RawMention, Record, SourceFailed
from flows.sources.newest_first import DepthSettings, Listing, NewestFirst, Position, Slice, time_in
from flows.sources.records import UtcTime, read_record, records_in
from flows.sources.tokens import revealed

PAGE_SIZE = 100
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY_FIELDS = ("client_email", "private_key", "token_uri")


class GooglePlaySettings(DepthSettings):
    """Your own apps on Google Play in listening.yaml."""

    type: Literal["googleplay"] = "googleplay"
    packages: tuple[str, ...] = Field(min_length=1, description="Package names of your apps, such as com.velumo.app.")
    key_variable: SecretFromEnv = Field(
        description="Environment variable with the content of a service account's JSON key."
    )
    base_url: str = Field(
        default="https://androidpublisher.googleapis.com",
        pattern=r"^https?://[^/?#@\s]+$",
        description="Address of the API.",
    )


class Camel(BaseModel):
    """Google's interfaces write names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class Stamp(BaseModel):
    """A time as Google writes it: Unix seconds as text."""

    seconds: UtcTime


class UserComment(Camel):
    """What is read of what the user wrote."""

    text: str
    last_modified: Stamp
    reviewer_language: str | None = None
    thumbs_up_count: int | None = None
    original_text: str | None = None


class Review(Camel):
    """What is read of a review."""

    review_id: str = Field(min_length=1)
    package: str


class GooglePlay(NewestFirst):
    """Reads the reviews of each app, the last changed first (flows/sources/newest_first.py).

    Google shows those of the last week that have a text, so the source has to be read every week at least.
    """

    settings_type = GooglePlaySettings
    required_fields = ("reviewId", "comments", "package")
    author_fields: ClassVar[tuple[str, ...]] = ("authorName",)
    settings: GooglePlaySettings

    def client(self) -> PoliteClient:
        """Sign in as the service account and open the client. Raises SourceFailed."""
        return self.open_client(self.settings.base_url, self.settings, token=self._token())

    def listings(self, client: PoliteClient) -> list[Listing]:
        """One per app."""
        return [Listing(name, partial(_page, client, name), _time) for name in self.settings.packages]

    def to_mention(self, record: Record) -> RawMention:
        """Map a review; `reply_count` is 1 when the developer has answered. Raises BrokenRecord."""
        review = read_record(Review, record)
        written = _part(record, "userComment")
        if written is None:
            raise BrokenRecord("comments", "no userComment in it")
        comment = read_record(UserComment, written)
        text = comment.original_text or comment.text
        return RawMention(
            native_id=review.review_id,
            text="\n\n".join(filter(None, (part.strip() for part in text.split("\t")))),  # the title, a tab, the rest
            url=f"https://play.google.com/store/apps/details?id={review.package}&reviewId={review.review_id}",
            author_kind="person",
            language_hint=comment.reviewer_language,
            published_at=comment.last_modified.seconds,
            thread=review.review_id,
            like_count=comment.thumbs_up_count,
            reply_count=int(_part(record, "developerComment") is not None),
        )

    def native_id(self, record: Record) -> str | None:
        """The review's id, also of a broken one."""
        value = record.get("reviewId")
        return value if isinstance(value, str) and value else None

    def _token(self) -> str:
        """Get an access token for a signed statement (RFC 7523)."""
        key = self._key()
        address = urlsplit(key["token_uri"])
        with self.open_client(f"{address.scheme}://{address.netloc}", self.settings) as client:
            form = {"grant_type": GRANT, "assertion": _statement(key, self.clock())}
            answer, response = client.post_json(address.path, form=form, accept=(400,))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if response.status != 200 or not isinstance(token, str):
            raise SourceFailed(
                Outcome.ACCESS_LOST, "Google does not take the service account's key. Is it still valid?"
            )
        return token

    def _key(self) -> dict[str, str]:
        variable = self.settings.key_variable.variable
        try:
            key = json.loads(revealed(self.settings.key_variable, "key_variable"))
        except ValueError:
            key = None
        if not isinstance(key, dict) or not all(isinstance(key.get(name), str) for name in KEY_FIELDS):
            raise SourceFailed(
                Outcome.ACCESS_LOST,
                f"{variable} does not hold the JSON key of a service account (with {', '.join(KEY_FIELDS)}).",
            ) from None
        return key


def _statement(key: dict[str, str], now: datetime) -> str:
    """A JSON Web Token, signed with RS256 (RFC 7515, RFC 7519), that is good for an hour."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    issued = int(now.timestamp())
    claims = {"iss": key["client_email"], "scope": SCOPE, "aud": key["token_uri"], "iat": issued}
    expires = int((now + timedelta(hours=1)).timestamp())
    content = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims | {'exp': expires})}"
    try:
        private = load_pem_private_key(key["private_key"].encode(), password=None)
    except ValueError:
        private = None
    if not isinstance(private, RSAPrivateKey):
        raise SourceFailed(Outcome.ACCESS_LOST, "The service account's private_key is no RSA key in PEM form.")
    return f"{content}.{_base64(private.sign(content.encode(), PKCS1v15(), SHA256()))}"


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _page(client: PoliteClient, package: str, position: Position) -> Slice:
    token = [("token", position)] if isinstance(position, str) else []
    path = f"/androidpublisher/v3/applications/{package}/reviews"
    body, _ = client.get_json(path, [("maxResults", str(PAGE_SIZE)), *token])
    if not isinstance(body, dict):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{package}: an object was expected")
    paging = body.get("tokenPagination")
    below = paging.get("nextPageToken") if isinstance(paging, dict) else None
    # an app without reviews has no list of them
    records: list[Record] = [{**review, "package": package} for review in records_in(body.get("reviews", []), package)]
    return Slice(records, below if isinstance(below, str) and below else None)


def _part(record: Record, name: str) -> Record | None:
    """What the user or the developer wrote."""
    comments = record.get("comments")
    parts = [each.get(name) for each in comments if isinstance(each, dict)] if isinstance(comments, list) else []
    return next((part for part in parts if isinstance(part, dict)), None)


def _time(record: Record) -> datetime | None:
    stamp = (_part(record, "userComment") or {}).get("lastModified")
    seconds = str(stamp.get("seconds")) if isinstance(stamp, dict) else ""
    return time_in(int(seconds)) if seconds.isdecimal() else None
