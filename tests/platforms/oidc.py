"""A local OpenID Connect provider: discovery, authorisation code flow with PKCE and nonce, signed identity tokens.

Follows OpenID Connect Core 1.0 and RFC 7636; tokens are signed with RS256.

with OidcProvider("page", "secret of the client") as provider:
    provider.claims = {"email": "anna@example.com"}  # whoever signs in is Anna
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer


class OidcProvider(PlatformServer):
    """Knows one client. Everybody who is sent here is who `claims` say."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {}
        self._client_id = client_id
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._key = RSAKey.generate_key(2048, {"kid": "1", "alg": "RS256", "use": "sig"})
        self._asked: dict[str, Request] = {}

    def answer(self, request: Request) -> Answer:
        match request.path:
            case "/.well-known/openid-configuration":
                return json_answer(self._metadata())
            case "/jwks":
                return json_answer({"keys": [self._key.as_dict(private=False)]})
            case "/authorize":
                return self._authorize(request)
            case "/token":
                return self._token(request)
        return Answer(404)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _authorize(self, request: Request) -> Answer:
        if request.value("client_id") != self._client_id or request.value("code_challenge_method") != "S256":
            return Answer(400)
        code = secrets.token_urlsafe(16)
        self._asked[code] = request
        back = urlencode({"code": code, "state": request.value("state")})
        return Answer(302, {"Location": f"{request.value('redirect_uri')}?{back}"})

    def _token(self, request: Request) -> Answer:
        asked = self._asked.pop(request.form.get("code", ""), None)
        digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or request.headers.get("authorization") != f"Basic {self._basic}"
            or asked.value("redirect_uri") != request.form.get("redirect_uri")
            or asked.value("code_challenge") != challenge
        ):
            return json_answer({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": self._client_id, "sub": "1", "iat": now, "exp": now + 300}
        claims |= {"nonce": asked.value("nonce")} | self.claims
        token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self._key)
        return json_answer({"access_token": "unused", "token_type": "Bearer", "expires_in": 300, "id_token": token})
