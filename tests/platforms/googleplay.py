"""A local Google Play Developer API: tokens for signed statements, reviews by page token."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

TOKEN = "gp-token"


@cache
def private_key() -> RSAPrivateKey:
    """The service account's key, made anew in each run of the tests."""
    return generate_private_key(public_exponent=65_537, key_size=2_048)


def review(number: int, changed: datetime, **fields: Any) -> dict[str, Any]:
    """A review; `fields` replace those of what the user wrote."""
    written = {
        "text": "Absturz\tDie App stürzt ab.",
        "lastModified": {"seconds": str(int(changed.timestamp())), "nanos": 5_000_000},
        "starRating": 1,
        "reviewerLanguage": "de",
        "device": "oriole",
        "androidOsVersion": 34,
        "thumbsUpCount": 2,
        "thumbsDownCount": 0,
        "deviceMetadata": {"productName": "oriole"},
    } | fields
    return {"reviewId": f"gp-{number}", "authorName": "Anna B.", "comments": [{"userComment": written}]}


class GooglePlayServer(PlatformServer):
    """Serves the reviews of com.velumo.app, the last changed first, to holders of the key."""

    def __init__(self, reviews: list[dict[str, Any]]) -> None:
        super().__init__()
        self.reviews = reviews

    @property
    def key(self) -> str:
        """The JSON key of the service account."""
        pem = private_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = "listener@velumo.iam.gserviceaccount.example"
        return json.dumps({"client_email": account, "private_key": pem, "token_uri": f"{self.url}/token"})

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        if request.path == "/token":
            return self._token(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        if request.path != "/androidpublisher/v3/applications/com.velumo.app/reviews":
            return json_answer({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
        start, size = int(request.value("token", "0")), int(request.value("maxResults", "10"))
        newest = sorted(self.reviews, key=lambda each: str(each["comments"][0]["userComment"]["lastModified"]))[::-1]
        page = {"reviews": newest[start : start + size]} if newest else {}
        more = {"tokenPagination": {"nextPageToken": str(start + size)}} if start + size < len(newest) else {}
        return json_answer(page | more)

    def _token(self, request: Request) -> Answer:
        head, claims, signature = request.form["assertion"].split(".")
        try:
            private_key().public_key().verify(_decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return json_answer({"error": "invalid_grant"}, 400)
        stated = json.loads(_decoded(claims))
        if stated["aud"] != f"{self.url}/token" or not stated["scope"].endswith("/auth/androidpublisher"):
            return json_answer({"error": "invalid_scope"}, 400)
        return json_answer({"access_token": TOKEN, "expires_in": 3_599, "token_type": "Bearer"})


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
