"""Kinds of values that several parts of listening.yaml share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from flows.queries import Query, QueryError, parse

Language = Literal["de", "en"]
Sentiment = Literal["negative", "neutral", "positive"]


class Part(BaseModel):
    """Base of every group of settings: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, str_strip_whitespace=True
    )


def _parse_query(value: Any) -> Query:
    if isinstance(value, Query):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    try:
        return parse(value)
    except QueryError as error:
        raise PydanticCustomError("query", "{message}", {"message": str(error), "error": error}) from None


Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
"""An id that stands in tables: lower-case letters, digits, - and _."""
Text = Annotated[str, Field(min_length=1, max_length=1000)]
"""A sentence or two."""
Label = Annotated[str, Field(min_length=1, max_length=200)]
"""A name as people read it."""
QueryField = Annotated[Query, BeforeValidator(_parse_query), Field(json_schema_extra={"type": "string"})]


def in_language(value: Any, language: str) -> Any:
    """Choose from a text given as `{de: ..., en: ...}`; anything else comes back as it is."""
    if isinstance(value, dict) and value and set(value) <= {"de", "en"}:
        return value.get(language) or next(iter(value.values()))
    return value
