"""What the page's server has to know to let readers sign in, in the form that Streamlit reads."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import httpx

from flows.errors import MarktechoError
from flows.home import Home
from flows.key_files import open_key
from flows.settings import SignIn

SECONDS_TO_ANSWER: Final = 20
NEEDED: Final = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
"""What a page needs of a provider's discovery document."""
_LOSS: Final = "everybody has to sign in again"


def write_sign_in(home: Home, sign_in: SignIn) -> Path:
    """Write the file that `streamlit run --secrets.files` reads, readable by its owner only. Returns its path.

    The key that signs the readers' cookies is made at the first time and kept: removing its file signs everybody out.
    Raises UsageError when the environment variable of the client's secret is not set, KeyFileError when the key is
    damaged.
    """
    values = {
        "redirect_uri": f"{sign_in.page_url.rstrip('/')}/oauth2callback",
        "cookie_secret": open_key(home.secrets / "page-cookie.key", "key of the page's cookies", _LOSS).hex(),
        "client_id": sign_in.client_id,
        "client_secret": sign_in.client_secret_variable.reveal(),
        "server_metadata_url": sign_in.metadata_url,
    }
    lines = ["[auth]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    file = home.secrets / "page-sign-in.toml"
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as opened:
        opened.write("\n".join(lines) + "\n")
    return file


def check_provider(sign_in: SignIn) -> str:
    """Ask the provider for its discovery document, and see whether the secret is set. Returns what was found.

    Raises UsageError when the secret is not set, MarktechoError when the provider does not answer as one.
    """
    sign_in.client_secret_variable.reveal()
    try:
        answer = httpx.get(sign_in.metadata_url, timeout=SECONDS_TO_ANSWER, follow_redirects=True).raise_for_status()
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise MarktechoError(f"{sign_in.metadata_url}: {error}. Check access.sign_in.metadata_url.") from None
    missing = [name for name in NEEDED if not isinstance(said, dict) or not said.get(name)]
    if missing:
        raise MarktechoError(
            f"{sign_in.metadata_url}: no discovery document of OpenID Connect ({', '.join(missing)} missing). "
            "Its address ends in /.well-known/openid-configuration."
        )
    return f"{said['issuer']} answers"
