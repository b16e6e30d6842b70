"""How the business index weighs its components."""

from __future__ import annotations

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from flows.settings.fields import Part


class Index(Part):
    """Weights of the index's components. Only their proportions matter; 0 leaves a component out."""

    reach: float = Field(default=15, ge=0, description="Weight of how many people were reached.")
    voice: float = Field(default=25, ge=0, description="Weight of the share of voice.")
    sentiment: float = Field(default=30, ge=0, description="Weight of net sentiment.")
    responsiveness: float = Field(default=20, ge=0, description="Weight of answers to customers.")
    activity: float = Field(default=10, ge=0, description="Weight of own posts.")

    @model_validator(mode="after")
    def _weighs_something(self) -> Index:
        if not any(self.model_dump().values()):
            raise PydanticCustomError("no_weight", "all weights are 0")
        return self
