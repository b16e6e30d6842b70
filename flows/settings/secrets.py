"""Secrets stay out of listening.yaml: a setting names the environment variable that holds one."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from flows.errors import UsageError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_WRITTEN_OUT = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|\b(?:ghp_|github_pat_|glpat-|xox[abp]-|AKIA|AIza|sk-)\w{8,}"
    r"|hooks\.slack\.com/services/\w|\bBearer \w{8,}"
)
_SECRET_NAMES = re.compile(r"token|secret|password|passwort|passwd|credential|api_?key", re.IGNORECASE)


class SecretFromEnv:
    """A secret, named by its environment variable.

    Connectors declare a field of this type; the file says `token_variable: MASTODON_TOKEN`.
    The secret is read when it is used and is never part of the settings, of their text form or of a message.
    """

    def __init__(self, variable: str) -> None:
        self.variable = variable

    @property
    def is_set(self) -> bool:
        """Whether the environment variable holds something."""
        return bool(os.environ.get(self.variable))

    def reveal(self) -> str:
        """Read the secret. Raises UsageError when the environment variable is not set."""
        value = os.environ.get(self.variable)
        if not value:
            raise UsageError(
                f"The environment variable {self.variable} is not set. Set it to the secret that the settings ask for, "
                f"for example: export {self.variable}=..."
            )
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretFromEnv) and other.variable == self.variable

    def __hash__(self) -> int:
        return hash(self.variable)

    def __repr__(self) -> str:
        return f"SecretFromEnv({self.variable!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.variable),
        )

    @classmethod
    def _validate(cls, value: object) -> SecretFromEnv:
        if isinstance(value, SecretFromEnv):
            return value
        if isinstance(value, str) and _VARIABLE.fullmatch(value):
            return cls(value)
        raise PydanticCustomError(
            "not_a_variable", "this is not the name of an environment variable; a secret must not stand in this file."
        )


def holds_secret(text: str) -> bool:
    """Whether a text looks like a password in a link or a well-known kind of token."""
    return bool(_WRITTEN_OUT.search(text))


def names_secret(key: str) -> bool:
    """Whether a setting of that name would hold a secret."""
    return bool(_SECRET_NAMES.search(key))
