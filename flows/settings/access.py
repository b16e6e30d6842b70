"""Who may see what on the page: how readers sign in, and what they do."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from flows.settings.fields import Label, Part, Slug
from flows.settings.secrets import SecretFromEnv

_NO_SIGN_IN: Final = "names people, but nobody can sign in. Add `sign_in:` with metadata_url, client_id and page_url."
_NOBODY: Final = "lets nobody in. Add `managers:` or `departments:` with e-mail addresses."


def is_own_host(host: str) -> bool:
    """Whether a host name or address means this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _secure(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and not is_own_host(parts.hostname or ""):
        raise ValueError("must begin with https://: over http others on the way can read along and sign in.")
    return value


WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$"), AfterValidator(_secure)]
Email = Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$", max_length=200)]


class SignIn(Part):
    """The OpenID Connect provider at which readers sign in."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    metadata_url: WebAddress = Field(description="Its discovery document; ends in /.well-known/openid-configuration.")
    client_id: Label = Field(description="The id under which the page is registered there.")
    client_secret_variable: SecretFromEnv = Field(
        description="Name of the environment variable that holds the client's secret."
    )
    page_url: WebAddress = Field(
        description="Where readers find the page; register this address with /oauth2callback behind it there."
    )

    @property
    def page_host(self) -> str:
        """The host under which browsers find the page."""
        return urlsplit(self.page_url).hostname or ""


class Access(Part):
    """Who may see the page and what of it. Without `sign_in` it is served on this machine only and shows everything."""

    sign_in: SignIn | None = Field(default=None, description="Where readers sign in.")
    managers: tuple[Email, ...] = Field(
        default=(), description="E-mail addresses of those who may see everything, leaks and settings included."
    )
    departments: dict[Slug, tuple[Email, ...]] = Field(
        default={}, description="Per department, e-mail addresses of those who see its queue and the overview."
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        people = bool(self.managers) or any(self.departments.values())
        if people and self.sign_in is None:
            raise ValueError(_NO_SIGN_IN)
        if self.sign_in is not None and not people:
            raise ValueError(_NOBODY)
        return self

    def is_manager(self, email: str) -> bool:
        """Whether a signed-in address may see everything."""
        return email.lower() in {one.lower() for one in self.managers}

    def departments_of(self, email: str) -> frozenset[str]:
        """The departments whose queues a signed-in address may see."""
        return frozenset(
            name for name, people in self.departments.items() if email.lower() in {one.lower() for one in people}
        )
