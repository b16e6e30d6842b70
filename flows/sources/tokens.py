"""Secrets of connectors: a missing one is lost access to that source, not a wrong setting that stops the night."""

from __future__ import annotations

from flows.settings.secrets import SecretFromEnv
from flows.sources.base import Outcome, SourceFailed


def revealed(secret: SecretFromEnv | None, field: str) -> str:
    """The secret that a setting names, "" without a setting. Raises SourceFailed when its variable is not set."""
    if secret is None:
        return ""
    if not secret.is_set:
        raise SourceFailed(Outcome.ACCESS_LOST, f"The environment variable {secret.variable} ({field}) is not set.")
    return secret.reveal()
