"""How topics are named."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from flows.settings.fields import Label, Part
from flows.settings.secrets import SecretFromEnv


class LabelEndpoint(Part):
    """A language model that names topics, behind an OpenAI-compatible address of your own."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    url: str = Field(pattern=r"^https?://\S+$", description="Address up to /v1, such as http://localhost:11434/v1.")
    model: Label = Field(description="Name of the model there.")
    key_variable: SecretFromEnv | None = Field(
        default=None, description="Name of the environment variable that holds the key; without it none is sent."
    )
    timeout_seconds: float = Field(default=60.0, gt=0, description="Longest time one answer may take.")


class Topics(Part):
    """How topics are named: from their posts, without a network, unless an endpoint is given."""

    label_endpoint: LabelEndpoint | None = Field(
        default=None, description="Ask this language model for names of new topics."
    )
